# Fine-tune the backbone that skeletonclr_stgcn_ebedb pre-trained.
_base_ = '../../air/benchmarks/finetune_stgcn_ebedb.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='work_dirs/skeletonclr_stgcn_ebedb/backbone.pth')))
