# Linear probe: the backbone stays as mamp_stgcn_ebedb pre-trained it.
_base_ = '../../skeletonclr/benchmarks/linear_stgcn_ebedb.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='work_dirs/mamp_stgcn_ebedb/backbone.pth')))
