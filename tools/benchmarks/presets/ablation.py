# What each part of AIR adds, and other readings of each, at the size of
# small.py but over three seeds and all folds: 54 pre-trainings on two CPU
# cores. `--cfg-options seeds=[0]` makes a third of them. Blind alone: the
# stock pipeline has no windows that could be adapted.
_base_ = '_ebedb.py'
tracks = ['blind']
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
# Limbs out of the body's backbone: their features are as wide as the body's.
_fed = {
    way: {'model.appendage': dict(
        _delete_=True, type=f'mmair.{way}Appendages',
        neck=dict(type='mmair.ProjectionNeck', in_channels=32,
                  hid_channels=256))}
    for way in ('Masked', 'Pooled')
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
    'the same, no labels of segments': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.codebook': None,
                 'model.segment_head': None}),
    'the same, untrained': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'train_cfg.max_epochs': 1,
                 'param_scheduler': None,
                 'optim_wrapper.optimizer.lr': 0.}),
    # ASP: how limbs are fed.
    'the same, limbs by masking': dict(
        kind='pretrained', config=_config, options=_fed['Masked']),
    'the same, limbs pooled from the body': dict(
        kind='pretrained', config=_config, options=_fed['Pooled']),
    # AMDL: scales, and where labels come from.
    'the same, one scale': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.head.num_labels': [32]}),
    'the same, scales of time': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.head.type': 'mmair.TemporalLabelHead',
                 'model.head.num_labels': 32}),
    'the same, soft labels': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.head.hard': False}),
    'the same, k-means labels': dict(
        kind='pretrained', config=_config,
        options={**_limbs,
                 'model.head.assigner.type': 'mmair.KMeansAssigner'}),
    'the same, centred labels': dict(
        kind='pretrained', config=_config,
        options={**_limbs,
                 'model.head.assigner.type': 'mmair.CenteringAssigner',
                 'model.head.queue_length': 0}),
    'the same, centred soft labels': dict(
        kind='pretrained', config=_config,
        options={**_limbs,
                 'model.head.assigner.type': 'mmair.CenteringAssigner',
                 'model.head.queue_length': 0, 'model.head.hard': False}),
    # ALR: how agreement is measured.
    'the same, agreement as it is': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.refiner.chance_correction': False}),
    'the same, agreement in the batch': dict(
        kind='pretrained', config=_config,
        options={**_limbs, 'model.refiner': dict(
            _delete_=True, type='mmair.BatchAgreementRefiner')}),
    # MGAA: on labels, too.
    'the same, consistent scales': dict(
        kind='pretrained', config=_config,
        options={**_limbs,
                 'model.consistency.type': 'mmair.ScaleConsistencyLoss'}),
    # The data: MMAction2's preparation, without tempo and lean.
    'the same, stock pipeline': dict(
        kind='pretrained', config='configs/air/air_stgcn_ebedb_cpu_stock.py',
        options=_limbs),
    'Random encoder': dict(kind='random', config=_config),
    'Random encoder, stock pipeline': dict(
        kind='random', config='configs/air/air_stgcn_ebedb_cpu_stock.py')
}
