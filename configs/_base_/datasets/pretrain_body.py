# Two views of every recording, labelled or not: 64 frames at 15 Hz, position
# and motion. A config that uses it sets the type and source of both datasets.
prepare = [
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.NormalizeSkeleton')
]
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(type='mmair.SampleWindows', clip_len=64, num_clips=2),
            dict(type='mmair.RandomYaw', degrees=30),
            dict(type='mmair.RandomMirror'),
            dict(type='mmair.RandomBodySize', scale=0.1),
            dict(type='mmair.SensorNoise', std=0.002),
            dict(type='mmair.DropJoints', prob=0.05),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')
        ]))
# kNN within the same recordings, while pre-training goes on.
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
val_evaluator = dict(type='mmair.KNNMetric')
data_preprocessor = dict(type='mmair.SkeletonDataPreprocessor')
