# As pretrain_body.py, with the limbs beside the body, and the view as it was
# before it was turned and disturbed, whose segments are labelled.
_base_ = 'pretrain_body.py'
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='mmair.SampleWindows', clip_len=64, num_clips=2),
        dict(type='mmair.RandomMirror'),
        dict(type='mmair.KeepUndisturbed'),
        dict(type='mmair.RandomYaw', degrees=30),
        dict(type='mmair.RandomBodySize', scale=0.1),
        dict(type='mmair.SensorNoise', std=0.002),
        dict(type='mmair.DropJoints', prob=0.05),
        dict(type='mmair.AppendagePartition'),
        dict(type='mmair.AppendMotion'),
        dict(type='mmair.PackSkeletonInputs')
    ]))
