# Fine-tune the backbone that air_stgcn_kdae pre-trained. Built and stepped on
# generated data in the format of the real set; not trained on the real set.
_base_ = '../../stgcn/stgcn_kdae.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_kdae/backbone.pth')))
