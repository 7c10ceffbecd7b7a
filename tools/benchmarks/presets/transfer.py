# Across skeletons: pre-trained on generated bodies in the layout of KDAE, read
# on EBEDB, whose joints are mapped to that layout; beside a random network.
_base_ = '_ebedb.py'
title = 'Embedded data in the layout of KDAE to EBEDB'
_config = 'configs/air/air_stgcn_synthetic_kdae.py'
options = {
    'val_dataloader.dataset.prepare': [
        dict(type='mmair.ResampleFrames', fps=15),
        dict(type='mmair.MapLayout', to='kdae'),
        dict(type='mmair.NormalizeSkeleton')
    ]
}
subject = 'AIR'
rows = {
    'AIR': dict(
        kind='pretrained', config=_config,
        pretrain_dataset=dict(
            type='mmair.SyntheticEmotionDataset',
            generator=dict(num_actors=16, takes=2, layout='kdae', seed=0))),
    'Random encoder': dict(kind='random', config=_config),
    'Movement statistics': dict(kind='statistics')
}
