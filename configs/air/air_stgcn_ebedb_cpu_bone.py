# air_stgcn_ebedb_cpu on bones and their motion; the limbs are as there.
_base_ = 'air_stgcn_ebedb_cpu.py'
# The codebook is one of positions: that stream has it.
model = dict(codebook=None, segment_head=None)
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
