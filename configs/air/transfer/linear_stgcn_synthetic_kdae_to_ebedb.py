# Linear probe across skeletons: EBEDB is mapped to the layout of KDAE, in
# which air_stgcn_synthetic_kdae pre-trained the backbone.
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
        graph_cfg=dict(layout='kdae'),
        init_cfg=dict(
            checkpoint='work_dirs/air_stgcn_synthetic_kdae/backbone.pth')))
