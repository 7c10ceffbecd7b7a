# Fine-tune the backbone that air_stgcn_ntu60_3d pre-trained. Built and stepped
# on small files of MMAction2's format; not trained on the real file.
_base_ = '../../stgcn/stgcn_ntu60_3d.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_ntu60_3d/backbone.pth')))
