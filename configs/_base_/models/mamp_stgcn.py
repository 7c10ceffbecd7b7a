# Masked motion prediction on the ST-GCN of AIR. A config that uses it sets the
# layout, of the model and of the graph.
_base_ = 'stgcn.py'
model = dict(
    _delete_=True,
    type='mmair.MAMP',
    backbone=_base_.model.backbone,
    head=dict(type='mmair.MaskedMotionHead', in_channels=64))
