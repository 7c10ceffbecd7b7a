# Linear probe of what air_stgcn_ebedb_cpu_motion pre-trained.
_base_ = [
    '../../_base_/recognition/ebedb.py', '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
motion = [
    dict(type='mmair.ToMotion'),
    dict(type='mmair.PackSkeletonInputs')
]
train_dataloader = dict(
    dataset=dict(
        pipeline=[*_base_.train_dataloader.dataset.pipeline[:-2], *motion]))
val_dataloader = dict(
    dataset=dict(
        pipeline=[*_base_.val_dataloader.dataset.pipeline[:-2], *motion]))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(
        in_channels=3,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_ebedb_cpu_motion/backbone.pth')))
