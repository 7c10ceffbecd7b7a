# EBEDB within reach of two CPU cores: ST-GCN of base width 8, 64 frames at 15
# Hz, one seed, one fixed fold of each split; AIR and two peers, blind (the
# adapted track has pre-trainings of its own).
_base_ = '_ebedb.py'
title = 'EBEDB, small: width 8, 15 epochs, one fold a split'
seeds = [0]
tracks = ['blind']
protocols = ['xseq_fixed', 'xrec_fixed', 'xsub_fixed']

options = {'model.backbone.base_channels': 8}
_neck = {'model.neck.in_channels': 32}
_air = {
    **_neck, 'model.appendage.backbone.base_channels': 4,
    'model.appendage.neck.in_channels': 16
}
rows = {
    'AIR': dict(
        kind='pretrained', config='configs/air/air_stgcn_ebedb_cpu.py',
        options=_air),
    'SkeletonCLR': dict(
        kind='pretrained',
        config='configs/skeletonclr/skeletonclr_stgcn_ebedb_cpu.py',
        options=_neck),
    'VICReg': dict(
        kind='pretrained',
        config='configs/vicreg/vicreg_stgcn_ebedb_cpu.py', options=_neck),
    'Random encoder': dict(
        kind='random', config='configs/air/air_stgcn_ebedb_cpu.py'),
    'Wide random encoder': dict(
        kind='random', config='configs/air/air_stgcn_ebedb_cpu.py',
        options={'model.backbone.base_channels': 48}),
    'From scratch': dict(
        kind='supervised', config='configs/air/air_stgcn_ebedb_cpu.py'),
    'Movement statistics': dict(kind='statistics')
}
# For presets that build on this one: the network without pre-training; the
# other peers; the codebook, and a GCN with random weights beside it.
_from_scratch = rows['From scratch']
_peers = {
    'AimCLR': dict(
        rows['SkeletonCLR'],
        config='configs/aimclr/aimclr_stgcn_ebedb_cpu.py'),
    'SwAV': dict(
        rows['SkeletonCLR'], config='configs/swav/swav_stgcn_ebedb_cpu.py'),
    'MAMP': dict(
        kind='pretrained', config='configs/mamp/mamp_stgcn_ebedb_cpu.py',
        options={'model.head.in_channels': 32})
}
_air_untrained = dict(
    rows['AIR'], options={**_air, **_base_._untrained})
recogniser = dict(
    config='configs/stgcn/stgcn_ebedb_cpu.py',
    finetune='configs/air/benchmarks/finetune_stgcn_ebedb.py', steps=100)
percentages = [10]
draws = 1
