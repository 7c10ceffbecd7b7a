# Linear probe across skeletons: EBEDB is mapped to the layout of KDAE, in
# which air_stgcn_synthetic_kdae pre-trained the encoder.
_base_ = '../benchmarks/linear_stgcn_ebedb.py'
prepare = [
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.MapLayout', to='kdae'),
    dict(type='mmair.NormalizeSkeleton')
]
train_dataloader = dict(dataset=dict(prepare=prepare))
val_dataloader = dict(dataset=dict(prepare=prepare))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(
        gcn=dict(graph_cfg=dict(layout='kdae')),
        codebook=dict(layout='kdae'),
        init_cfg=dict(
            checkpoint='work_dirs/air_stgcn_synthetic_kdae/encoder.pth')),
    cls_head=dict(layout='kdae'))
