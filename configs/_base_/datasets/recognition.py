# Four windows a recording, scored as one, in training as in testing: 64 frames
# at 15 Hz, position and motion. A config that uses it sets type, source, split
# and classes.
prepare = [
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.NormalizeSkeleton')
]
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(type='mmair.SampleWindows', clip_len=64, num_clips=4),
            dict(type='mmair.RandomYaw', degrees=30),
            dict(type='mmair.RandomMirror'),
            dict(type='mmair.RandomBodySize', scale=0.1),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')
        ]))
val_dataloader = dict(
    batch_size=32,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(type='mmair.SampleWindows', clip_len=64, num_clips=4,
                 test_mode=True),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')
        ],
        test_mode=True))
test_dataloader = val_dataloader
data_preprocessor = dict(type='mmair.SkeletonDataPreprocessor')
