# stgcn_ebedb_cpu on bones and their motion, to be fused with it.
_base_ = 'stgcn_ebedb_cpu.py'
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
