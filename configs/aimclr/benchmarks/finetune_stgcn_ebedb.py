# Fine-tune the backbone that aimclr_stgcn_ebedb pre-trained.
_base_ = '../../skeletonclr/benchmarks/finetune_stgcn_ebedb.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='work_dirs/aimclr_stgcn_ebedb/backbone.pth')))
