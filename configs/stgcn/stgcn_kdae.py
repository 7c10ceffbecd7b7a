# Supervised from scratch on KDAE. Built and stepped on generated data in the
# format of the real set; not trained on the real set.
_base_ = [
    '../_base_/recognition/kdae.py', '../_base_/schedules/supervised.py',
    '../_base_/default_runtime.py'
]
