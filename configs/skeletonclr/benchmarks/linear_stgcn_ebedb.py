# Linear probe: the backbone stays as skeletonclr_stgcn_ebedb pre-trained it.
_base_ = '../../air/benchmarks/linear_stgcn_ebedb.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='work_dirs/skeletonclr_stgcn_ebedb/backbone.pth')))
