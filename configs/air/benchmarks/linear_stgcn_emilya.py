# Linear probe: the encoder stays as air_stgcn_emilya pre-trained it. Built
# and stepped on generated data in the format of the real set; not trained on
# the real set.
_base_ = [
    '../../_base_/recognition/air_emilya.py',
    '../../_base_/schedules/linear.py',
    '../../_base_/default_runtime.py'
]
