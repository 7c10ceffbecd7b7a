# Linear probe of EGBM on the encoder that air_stgcn_ntu60_3d pre-trained:
# both are of Kinect v2. Built and stepped on generated data in the format of
# the real sets; not trained on them.
_base_ = '../benchmarks/linear_stgcn_egbm.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='work_dirs/air_stgcn_ntu60_3d/encoder.pth')))
