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
_covariance = 'model.loss.cov_weight'
_temperature = {'temperature 0.2': {'model.head.temperature': 0.2}}
_own = {
    'AIR': {'one scale': {'model.head.num_labels': (32, )}},
    'SkeletonCLR': _temperature,
    'AimCLR': _temperature,
    'VICReg': {'covariance 5': {_covariance: 5.}},
    'SwAV': {'128 prototypes': {'model.head.num_labels': (128, )}},
    'MAMP': {'90 % masked': {'model.mask_ratio': 0.9}}
}
rows = {'_delete_': True}
for _name, _trial in _own.items():
    _row = _base_.rows[_name]
    _first = {**_row['options'], _step: 2e-3}
    if _name == 'VICReg':
        _first[_covariance] = 1.
    for _what, _options in {
            'step 2e-3': {},
            'step 6e-4': {_step: 6e-4},
            'step 6e-3': {_step: 6e-3},
            **_trial
    }.items():
        rows[f'{_name}, {_what}'] = dict(_row, options={**_first, **_options})
