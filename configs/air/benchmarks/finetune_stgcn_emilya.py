# Fine-tune the backbone that air_stgcn_emilya pre-trained. Built and stepped
# on generated data in the format of the real set; not trained on the real set.
_base_ = '../../stgcn/stgcn_emilya.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_emilya/backbone.pth')))
