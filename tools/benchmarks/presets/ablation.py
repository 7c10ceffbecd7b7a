# What each part of AIR adds, with and without labels of segments, at the size
# of small.py but over all folds: eight pre-trainings. Blind alone: the adapted
# track has pre-trainings of its own.
_base_ = '_ebedb.py'
tracks = ['blind']
seeds = [0]
protocols = ['xseq', 'xrec', 'xsub']
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
    'the same, untrained': dict(
        kind='pretrained', config=_config,
        options={**_limbs, **_base_._untrained})
}
# The GCNs of these, read without the codes of the limbs; trained without their
# labels as well; and one of random weights.
_trained = [name for name in rows if name != 'the same, untrained']
rows.update({
    f'{name}, GCN alone': dict(rows[name], gcn_alone=True)
    for name in _trained
})
rows.update({
    f'{name}, no labels of segments': dict(
        rows[name],
        options={
            **rows[name]['options'], 'model.codebook': None,
            'model.segment_head': None
        })
    for name in _trained
})
rows['Random encoder'] = dict(kind='random', config=_config)
