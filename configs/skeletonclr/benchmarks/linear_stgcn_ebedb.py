# Linear probe: the backbone stays as skeletonclr_stgcn_ebedb pre-trained it.
_base_ = [
    '../../_base_/recognition/ebedb.py', '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/skeletonclr_stgcn_ebedb/backbone.pth')),
    cls_head=dict(layout='ebedb'))
