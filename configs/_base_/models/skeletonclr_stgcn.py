# SkeletonCLR (MoCo v2) on the ST-GCN, projector and momentum of AIR. A config
# that uses it sets the layout of the graph.
_base_ = 'stgcn.py'
model = dict(
    _delete_=True,
    type='mmair.SkeletonCLR',
    backbone=_base_.model.backbone,
    neck=dict(type='mmair.ProjectionNeck', in_channels=64, hid_channels=256),
    head=dict(type='mmair.ContrastiveHead', in_channels=128))
