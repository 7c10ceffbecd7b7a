# air_stgcn_ebedb_cpu on the motion of joints alone; the limbs are as there.
_base_ = 'air_stgcn_ebedb_cpu.py'
# The codebook is one of positions: that stream has it.
model = dict(
    backbone=dict(in_channels=3), codebook=None, segment_head=None)
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
