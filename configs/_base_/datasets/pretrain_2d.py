# Two views of 2-D recordings: x, y and score, and the motion of x and y. As in
# 3-D, but short gaps are filled and nothing is turned.
_base_ = 'pretrain.py'
prepare = [
    dict(type='mmair.FillGaps', seconds=0.2),
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.NormalizeSkeleton')
]
train_dataloader = dict(
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(type='mmair.SampleWindows', clip_len=64, num_clips=2),
            dict(type='mmair.RandomMirror'),
            dict(type='mmair.KeepUndisturbed'),
            dict(type='mmair.RandomBodySize', scale=0.1),
            dict(type='mmair.SensorNoise', std=0.002),
            dict(type='mmair.DropJoints', prob=0.05),
            dict(type='mmair.AppendagePartition'),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')
        ]))
val_dataloader = dict(dataset=dict(prepare=prepare))
