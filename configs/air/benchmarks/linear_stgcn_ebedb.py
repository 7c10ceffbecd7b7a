# Linear probe: the encoder stays as air_stgcn_ebedb pre-trained it.
_base_ = [
    '../../_base_/recognition/air_ebedb.py',
    '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
