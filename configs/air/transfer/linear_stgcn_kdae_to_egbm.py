# Linear probe across skeletons: EGBM is mapped to the layout of KDAE, in
# which air_stgcn_kdae pre-trained the encoder. Built and stepped on
# generated data in the format of the real sets; not trained on them.
_base_ = '../benchmarks/linear_stgcn_egbm.py'
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
        init_cfg=dict(checkpoint='work_dirs/air_stgcn_kdae/encoder.pth')),
    cls_head=dict(layout='kdae'))
