# The same four trials for every method, at width 8: as it is, a smaller and a
# larger step, and another value of what its paper says matters. Blind,
# one seed; scored inside the training part of xsub_fixed alone, so that the
# actors it tests choose nothing.
_base_ = 'small_all_folds.py'
title = 'EBEDB, trials on six actors: width 8, 15 epochs'
tracks = ['blind']
protocols = ['xseq', 'xrec', 'xsub']
inside = 'xsub_fixed'
subject = None
knn = []
svm = False
recogniser = None

_step = 'optim_wrapper.optimizer.lr'
_temperature = {'temperature 0.2': {'model.head.temperature': 0.2}}
_own = {
    'AIR': {'one scale': {'model.head.num_labels': (32, )}},
    'SkeletonCLR': _temperature,
    'AimCLR': _temperature,
    'VICReg': {
        'covariance 5': {
            'model.loss': dict(type='mmair.VICRegLoss', cov_weight=5.)
        }
    },
    'SwAV': {'128 prototypes': {'model.head.num_labels': (128, )}},
    'MAMP': {'90 % masked': {'model.mask_ratio': 0.9}}
}
rows = {'_delete_': True}
for _name, _trial in _own.items():
    _trials = {
        'step 6e-4': {_step: 6e-4}, 'step 6e-3': {_step: 6e-3}, **_trial}
    _row = _base_.rows[_name]
    rows[_name] = _row
    for _what, _options in _trials.items():
        rows[f'{_name}, {_what}'] = dict(
            _row, options={**_row['options'], **_options})
