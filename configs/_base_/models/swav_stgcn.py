# SwAV on the ST-GCN and projector of AIR, with as many prototypes as AIR's
# finest scale. A config that uses it sets the layout of the graph.
_base_ = 'stgcn.py'
model = dict(
    _delete_=True,
    type='mmair.SwAV',
    backbone=_base_.model.backbone,
    neck=dict(type='mmair.ProjectionNeck', in_channels=64, hid_channels=256),
    head=dict(
        type='mmair.DiscreteLabelHead',
        in_channels=128,
        num_labels=(32, ),
        hard=False))
