# Linear probe of what air_stgcn_ebedb_cpu_bone pre-trained.
_base_ = 'linear_stgcn_ebedb.py'
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
