# Supervised from scratch on EBEDB: the seven classes that KDAE has, too.
_base_ = [
    '../_base_/recognition/ebedb.py', '../_base_/schedules/supervised.py',
    '../_base_/default_runtime.py'
]
