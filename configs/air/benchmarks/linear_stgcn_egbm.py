# Linear probe: the backbone stays as air_stgcn_egbm pre-trained it. Built and
# stepped on generated data in the format of the real set; not trained on the
# real set.
_base_ = [
    '../../_base_/recognition/egbm.py', '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_egbm/backbone.pth')))
