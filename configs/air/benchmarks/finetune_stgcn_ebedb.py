# Fine-tune the backbone that air_stgcn_ebedb pre-trained.
_base_ = '../../stgcn/stgcn_ebedb.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_ebedb/backbone.pth')))
