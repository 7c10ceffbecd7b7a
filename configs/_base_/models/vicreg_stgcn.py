# VICReg on the ST-GCN of AIR; the projections are wider than AIR's, because
# decorrelated dimensions are what it learns. A config that uses it sets the
# layout of the graph.
_base_ = 'stgcn.py'
model = dict(
    _delete_=True,
    type='mmair.VICReg',
    backbone=_base_.model.backbone,
    neck=dict(
        type='mmair.ProjectionNeck',
        in_channels=64,
        hid_channels=256,
        out_channels=256))
