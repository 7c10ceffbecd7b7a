# Linear probe across skeletons: KDAE is mapped to the layout of Emilya, in
# which air_stgcn_emilya pre-trained the encoder. Built and stepped on
# generated data in the format of the real sets; not trained on them.
_base_ = '../benchmarks/linear_stgcn_kdae.py'
prepare = [
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.MapLayout', to='emilya'),
    dict(type='mmair.NormalizeSkeleton')
]
train_dataloader = dict(dataset=dict(prepare=prepare))
val_dataloader = dict(dataset=dict(prepare=prepare))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(
        gcn=dict(graph_cfg=dict(layout='emilya')),
        codebook=dict(layout='emilya'),
        init_cfg=dict(checkpoint='work_dirs/air_stgcn_emilya/encoder.pth')),
    cls_head=dict(layout='emilya'))
