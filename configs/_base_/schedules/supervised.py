# AdamW with a half cosine over the whole training.
max_epochs = 30
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=max_epochs,
                 val_interval=max_epochs)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
auto_scale_lr = dict(enable=False, base_batch_size=16)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True,
         convert_to_iter_based=True)
]
val_evaluator = dict(type='mmair.EmotionMetric')
test_evaluator = val_evaluator
custom_hooks = [
    dict(type='mmair.SkeletonCheckHook'),
    dict(type='mmair.ViewSeedHook'),
]
