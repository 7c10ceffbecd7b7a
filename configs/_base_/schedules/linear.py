# Train a layer on a backbone that stays as it is.
_base_ = 'supervised.py'
optim_wrapper = dict(optimizer=dict(lr=1e-2, weight_decay=1e-3))
find_unused_parameters = True  # the frozen backbone, in distributed training
custom_hooks = [
    dict(type='mmair.SkeletonCheckHook'),
    dict(type='mmair.ViewSeedHook'),
    dict(type='mmair.FreezeHook'),
]
