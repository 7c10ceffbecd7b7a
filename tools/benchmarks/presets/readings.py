# AIR beside other readings of its parts, at the size of ablation.py: thirteen
# pre-trainings, three hours of one CPU core. It shares AIR and the random
# encoder with ablation.py in one work directory.
_base_ = 'ablation.py'
title = 'EBEDB, readings of AIR: width 8, 15 epochs'

# Limbs out of the body's backbone: their features are as wide as the body's.
_fed = {
    way: {'model.appendage': dict(
        _delete_=True, type=f'mmair.{way}Appendages',
        neck=dict(type='mmair.ProjectionNeck', in_channels=32,
                  hid_channels=256))}
    for way in ('Masked', 'Pooled')
}
rows = {
    _base_.subject: _base_.rows[_base_.subject],
    # ASP: how limbs are fed.
    'the same, limbs by masking': dict(
        kind='pretrained', config=_base_._config, options=_fed['Masked']),
    'the same, limbs pooled from the body': dict(
        kind='pretrained', config=_base_._config, options=_fed['Pooled']),
    # AMDL: scales, and where labels come from.
    'the same, one scale': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs, 'model.head.num_labels': [32]}),
    'the same, scales of time': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs, 'model.head.type': 'mmair.TemporalLabelHead',
                 'model.head.num_labels': 32}),
    'the same, soft labels': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs, 'model.head.hard': False}),
    'the same, k-means labels': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs,
                 'model.head.assigner.type': 'mmair.KMeansAssigner'}),
    'the same, centred labels': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs,
                 'model.head.assigner.type': 'mmair.CenteringAssigner',
                 'model.head.queue_length': 0}),
    'the same, centred soft labels': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs,
                 'model.head.assigner.type': 'mmair.CenteringAssigner',
                 'model.head.queue_length': 0, 'model.head.hard': False}),
    # ALR: how agreement is measured.
    'the same, agreement as it is': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs, 'model.refiner.chance_correction': False}),
    'the same, agreement in the batch': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs, 'model.refiner': dict(
            _delete_=True, type='mmair.BatchAgreementRefiner')}),
    # MGAA: on labels, too.
    'the same, consistent scales': dict(
        kind='pretrained', config=_base_._config,
        options={**_base_._limbs,
                 'model.consistency.type': 'mmair.ScaleConsistencyLoss'}),
    # The data: MMAction2's preparation, without tempo and lean.
    'the same, stock pipeline': dict(
        kind='pretrained', config='configs/air/air_stgcn_ebedb_cpu_stock.py',
        options=_base_._limbs)
}
# Their GCNs without the codes of the limbs, and those of random weights.
rows.update({
    f'{name}, GCN alone': dict(row, gcn_alone=True)
    for name, row in list(rows.items())
})
rows['Random encoder'] = _base_.rows['Random encoder']
rows['Random encoder, stock pipeline'] = dict(
    kind='random', config='configs/air/air_stgcn_ebedb_cpu_stock.py')
rows['_delete_'] = True
