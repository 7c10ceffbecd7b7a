# EBEDB within reach of two CPU cores over all folds: ST-GCN of base width 16,
# 64 frames at 15 Hz, 15 epochs. Some five to eight hours of one core.
_base_ = '_ebedb.py'
title = 'EBEDB, width 16, 15 epochs'
protocols = ['xseq', 'xrec', 'xsub', 'xsub_fixed']
svm = True
seeds = [0, 1]

_config = 'configs/air/air_stgcn_ebedb_cpu.py'
_once = dict(kind='pretrained', seeds=[0])
rows = {
    'AIR': dict(kind='pretrained', config=_config),
    # The codebook, and a GCN with random weights beside it.
    'AIR untrained': dict(
        kind='pretrained', config=_config, options=_base_._untrained),
    'SkeletonCLR': dict(
        kind='pretrained',
        config='configs/skeletonclr/skeletonclr_stgcn_ebedb_cpu.py'),
    'AimCLR': dict(
        kind='pretrained', config='configs/aimclr/aimclr_stgcn_ebedb_cpu.py'),
    'VICReg': dict(_once, config='configs/vicreg/vicreg_stgcn_ebedb_cpu.py'),
    'SwAV': dict(_once, config='configs/swav/swav_stgcn_ebedb_cpu.py'),
    'MAMP': dict(
        kind='pretrained', config='configs/mamp/mamp_stgcn_ebedb_cpu.py'),
    'Random encoder': dict(kind='random', config=_config),
    'Wide random encoder': dict(
        kind='random', config=_config, seeds=[0],
        options={'model.backbone.base_channels': 48}),
    'Movement statistics': dict(kind='statistics')
}
