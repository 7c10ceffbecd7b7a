# Fine-tune the backbone that skeletonclr_stgcn_ebedb pre-trained.
_base_ = [
    '../../_base_/recognition/ebedb.py', '../../_base_/schedules/finetune.py',
    '../../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/skeletonclr_stgcn_ebedb/backbone.pth')),
    cls_head=dict(layout='ebedb'))
