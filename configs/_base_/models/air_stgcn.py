# AIR on ST-GCN of base width 16 (the width of AimCLR's pretext task). A
# config that uses it sets the layout, of the model and of the graph.
model = dict(
    type='mmair.AIR',
    backbone=dict(
        type='STGCN',
        in_channels=6,
        base_channels=16,
        num_person=1,
        graph_cfg=dict(mode='stgcn_spatial')),
    neck=dict(type='mmair.ProjectionNeck', in_channels=64, hid_channels=256),
    # Limbs: half the width and fewer stages on a chain of three joints,
    # whose positions and velocities are the six channels.
    appendage=dict(
        type='mmair.AppendageEncoder',
        backbone=dict(
            type='STGCN',
            in_channels=6,
            base_channels=8,
            num_stages=6,
            inflate_stages=[3, 5],
            down_stages=[2, 4],
            num_person=1,
            graph_cfg=dict(
                layout=dict(num_node=3, inward=[(1, 0), (2, 1)], center=0),
                mode='stgcn_spatial')),
        neck=dict(
            type='mmair.ProjectionNeck', in_channels=32, hid_channels=256)),
    head=dict(
        type='mmair.DiscreteLabelHead',
        in_channels=128,
        num_labels=(8, 16, 32)),
    # Half seconds of limbs and pairs of limbs: a codebook labels them.
    codebook=dict(type='mmair.AppendageCodebook'),
    segment_head=dict(type='mmair.SegmentLabelHead'),
    refiner=dict(type='mmair.AppendageLabelRefiner', num_neighbors=20),
    alignment=dict(type='mmair.MultiGranularityAlignmentLoss'))
