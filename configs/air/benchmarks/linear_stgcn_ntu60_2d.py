# Linear probe: the encoder stays as air_stgcn_ntu60_2d pre-trained it. Built
# and stepped on small files of MMAction2's format; not trained on the real
# file.
_base_ = [
    '../../_base_/recognition/air_ntu60_2d.py',
    '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
