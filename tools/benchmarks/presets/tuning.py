# The same four trials for every method, at width 8: the step that all began
# with, a smaller and a larger one, and another value of what its paper says
# matters. The best of them are what the configs of each method have. Blind,
# one seed; scored inside the training part of xsub_fixed alone, so that the
# actors it tests choose nothing.
_base_ = 'ebedb_cpu.py'
seeds = [0]
title = 'EBEDB, trials on six actors: width 8, 15 epochs'
tracks = ['blind']
protocols = ['xseq', 'xrec', 'xsub']
inside = 'xsub_fixed'
subject = None
knn = []
svm = False
recogniser = None

_step = 'optim_wrapper.optimizer.lr'
_heat = 'model.head.temperature'
_covariance = 'model.loss.cov_weight'
_prototypes = 'model.head.num_labels'
# What all began with, where their configs have something else by now.
_first = {
    'SkeletonCLR': {_heat: 0.07},
    'VICReg': {_covariance: 1.},
    'SwAV': {_prototypes: (32, )}
}
_temperature = {'temperature 0.2': {_heat: 0.2}}
_own = {
    'AIR': {'one scale': {_prototypes: (32, )}},
    'SkeletonCLR': _temperature,
    'AimCLR': _temperature,
    'VICReg': {'covariance 5': {_covariance: 5.}},
    'SwAV': {'128 prototypes': {_prototypes: (128, )}},
    'MAMP': {'90 % masked': {'model.mask_ratio': 0.9}}
}
rows = {'_delete_': True}
for _name, _trial in _own.items():
    _row = _base_.rows[_name]
    _options = {**_row['options'], _step: 2e-3, **_first.get(_name, {})}
    for _what, _other in {
            'step 2e-3': {},
            'step 6e-4': {_step: 6e-4},
            'step 6e-3': {_step: 6e-3},
            **_trial
    }.items():
        rows[f'{_name}, {_what}'] = dict(
            _row, options={**_options, **_other})
# The same trials of AIR, read out without the codes.
rows.update({
    f'{name}, GCN alone': dict(row, gcn_alone=True)
    for name, row in list(rows.items()) if name.startswith('AIR,')
})
