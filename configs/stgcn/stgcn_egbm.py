# Supervised from scratch on EGBM. Built and stepped on generated data in the
# format of the real set; not trained on the real set.
_base_ = [
    '../_base_/recognition/egbm.py', '../_base_/schedules/supervised.py',
    '../_base_/default_runtime.py'
]
