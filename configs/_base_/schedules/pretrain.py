# AdamW with a short warm-up and a half cosine over the whole training.
max_epochs = 100
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=max_epochs,
                 val_interval=5)
val_cfg = dict(type='ValLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01))
auto_scale_lr = dict(enable=False, base_batch_size=64)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=2, by_epoch=True,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True,
         convert_to_iter_based=True)
]
custom_hooks = [
    dict(type='mmair.SkeletonCheckHook'),
    dict(type='mmair.ViewSeedHook'),
    dict(type='mmair.PretrainHook'),
    dict(type='mmair.LabelMeterHook'),
]
