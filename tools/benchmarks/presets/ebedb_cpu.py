# EBEDB within reach of two CPU cores over all folds and three seeds: ST-GCN of
# base width 16, 64 frames at 15 Hz. About two hours of one core: 20 minutes a
# seed of AIR, 2 a fold from scratch. Settings were fixed beforehand.
_base_ = '_ebedb.py'
title = 'EBEDB, width 16, 15 epochs'
protocols = ['xseq', 'xrec', 'xsub', 'xsub_fixed']
C = [0.1]
C_statistics = [0.03]
C_svm = [1.]

_config = 'configs/air/air_stgcn_ebedb_cpu.py'
rows = {
    'AIR': dict(kind='pretrained', config=_config),
    'Random encoder': dict(kind='random', config=_config),
    'From scratch': dict(kind='supervised', config=_config, seeds=[0]),
    'Movement statistics': dict(kind='statistics')
}
recogniser = dict(config='configs/stgcn/stgcn_ebedb_cpu.py', steps=200)
percentages = []
