# stgcn_ebedb_cpu on the motion of joints alone, to be fused with it.
_base_ = 'stgcn_ebedb_cpu.py'
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
model = dict(backbone=dict(in_channels=3))
test_dataloader = val_dataloader
