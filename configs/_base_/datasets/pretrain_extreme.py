# As pretrain_body.py, with a third view that is augmented beyond recognition
# of the emotion (AimCLR). Crop, mirror and noise are the other views', too.
_base_ = 'pretrain_body.py'
pipeline = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='mmair.SampleWindows', clip_len=64, num_clips=3),
        *pipeline[1:-2],
        dict(
            type='mmair.ExtremeView',
            transforms=[
                dict(type='mmair.RandomShear'),
                dict(type='mmair.RandomTilt'),
                dict(type='mmair.SensorNoise', std=0.01),
                dict(type='mmair.BlurMotion'),
                dict(type='mmair.FlattenAxis'),
                dict(type='mmair.ReverseTime')
            ]),
        *pipeline[-2:]
    ]))
