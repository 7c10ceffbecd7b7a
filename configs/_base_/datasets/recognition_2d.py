# Windows of 2-D recordings: x, y and score, and the motion of x and y. As in
# 3-D, but short gaps are filled and nothing is turned.
_base_ = 'recognition.py'
prepare = [
    dict(type='mmair.FillGaps', seconds=0.2),
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.NormalizeSkeleton')
]
train_dataloader = dict(
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(type='mmair.SampleWindows', clip_len=64, num_clips=4),
            dict(type='mmair.RandomMirror'),
            dict(type='mmair.RandomBodySize', scale=0.1),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')
        ]))
val_dataloader = dict(dataset=dict(prepare=prepare))
test_dataloader = val_dataloader
