# Probe first, then train all with a small step (Kumar et al., ICLR 2022).
_base_ = 'supervised.py'
optim_wrapper = dict(optimizer=dict(lr=1e-4))
custom_hooks = [
    dict(type='mmair.SkeletonCheckHook'),
    dict(type='mmair.ViewSeedHook'),
    dict(type='mmair.LinearProbeHook'),
]
