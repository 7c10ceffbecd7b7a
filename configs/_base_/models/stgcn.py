# A stock recogniser on ST-GCN of base width 16; recordings are scored over
# their windows. A config that uses it sets the layout and the classes.
model = dict(
    type='RecognizerGCN',
    backbone=dict(
        type='STGCN',
        in_channels=6,
        base_channels=16,
        num_person=1,
        graph_cfg=dict(mode='stgcn_spatial')),
    cls_head=dict(type='mmair.RecordingHead', in_channels=64))
