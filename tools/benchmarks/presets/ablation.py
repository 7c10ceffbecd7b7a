# What each part of AIR adds, at the size of small.py but over three seeds and
# all folds: hours of two CPU cores.
_base_ = '_ebedb.py'
title = 'EBEDB, parts of AIR: width 8, 15 epochs'

options = {
    'model.backbone.base_channels': 8,
    'model.neck.in_channels': 32
}
_config = 'configs/air/air_stgcn_ebedb_cpu.py'
_limbs = {
    'model.appendage.backbone.base_channels': 4,
    'model.appendage.neck.in_channels': 16
}
_off = {
    part: {f'model.{part}': None}
    for part in ('appendage', 'refiner', 'alignment')
}
subject = 'AMDL + ASP + ALR + MGAA'
rows = {
    'AMDL': dict(
        kind='pretrained', config=_config,
        options={**_off['appendage'], **_off['refiner'],
                 **_off['alignment']}),
    'AMDL + ASP': dict(
        kind='pretrained', config=_config,
        options={**_limbs, **_off['refiner'], **_off['alignment']}),
    'AMDL + ASP + ALR': dict(
        kind='pretrained', config=_config,
        options={**_limbs, **_off['alignment']}),
    'AMDL + ASP + ALR + MGAA': dict(
        kind='pretrained', config=_config, options=_limbs),
    'the same, soft labels': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.head.hard': False}),
    'the same, one scale': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.head.num_labels': [32]}),
    'Random encoder': dict(kind='random', config=_config)
}
