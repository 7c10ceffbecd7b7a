# Everything once, in minutes, on the embedded data: to see that it works. The
# scores mean nothing.
title = 'Embedded data, three actors'
dataset = dict(
    type='mmair.SyntheticEmotionDataset',
    generator=dict(num_actors=3, actions=['knock', 'wave'], takes=2,
                   layout='ebedb', seed=0))
seeds = [0, 1]
tracks = ['blind', 'adapted']
adapt = dict(features=[False, True], input=True)
protocols = ['xsub', 'xsub_fixed']
knn = [1]
svm = True
C = [0.01, 0.1]
probe_percentages = [50]
subject = 'AIR'

_backbone = {
    'model.backbone.base_channels': 4,
    'model.backbone.num_stages': 3,
    'model.backbone.inflate_stages': [2],
    'model.backbone.down_stages': [3]
}
_short = 'dataset.pipeline.0.clip_len'
options = {
    **_backbone,
    'model.neck.in_channels': 8,
    'train_cfg.max_epochs': 2,
    'train_dataloader.batch_size': 14,
    f'train_dataloader.{_short}': 16,
    f'val_dataloader.{_short}': 16
}
_air = {
    'model.appendage.backbone.num_stages': 3,
    'model.appendage.backbone.inflate_stages': [2],
    'model.appendage.backbone.down_stages': [3],
    'model.appendage.neck.in_channels': 8,
    'model.refiner.num_neighbors': 3,
    'model.head.queue_length': 32
}
_config = 'configs/air/air_stgcn_quickstart.py'
rows = {
    'AIR': dict(kind='pretrained', config=_config, options=_air),
    'SkeletonCLR': dict(
        kind='pretrained',
        config='configs/skeletonclr/skeletonclr_stgcn_quickstart.py'),
    'Random encoder': dict(kind='random', config=_config),
    'Wide random encoder': dict(
        kind='random', config=_config,
        options={'model.backbone.base_channels': 12}),
    'From scratch': dict(kind='supervised', config=_config),
    'Movement statistics': dict(kind='statistics')
}
recogniser = dict(
    config='configs/stgcn/stgcn_ebedb_cpu.py',
    finetune='configs/air/benchmarks/finetune_stgcn_ebedb.py',
    steps=4,
    options={f'train_dataloader.{_short}': 16,
             'train_dataloader.batch_size': 14})
splits = ['xsub_fixed']
percentages = [10, 100]
draws = 2
