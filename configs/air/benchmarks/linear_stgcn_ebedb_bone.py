# Linear probe of what air_stgcn_ebedb_cpu_bone pre-trained.
_base_ = [
    '../../_base_/recognition/ebedb.py', '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
bone = [
    dict(type='mmair.ToBone'),
    dict(type='mmair.AppendMotion'),
    dict(type='mmair.PackSkeletonInputs')
]
train_dataloader = dict(
    dataset=dict(
        pipeline=[*_base_.train_dataloader.dataset.pipeline[:-2], *bone]))
val_dataloader = dict(
    dataset=dict(
        pipeline=[*_base_.val_dataloader.dataset.pipeline[:-2], *bone]))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_ebedb_cpu_bone/backbone.pth')))
