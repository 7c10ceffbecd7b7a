# Supervised from scratch on NTU RGB+D. Built and stepped on small files of
# MMAction2's format; not trained on the real file.
_base_ = [
    '../_base_/recognition/ntu60_2d.py', '../_base_/schedules/supervised.py',
    '../_base_/default_runtime.py'
]
