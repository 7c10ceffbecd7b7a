# AIR on the embedded data set, in a minute or two on two CPU cores.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(
    layout='ebedb',
    backbone=dict(
        base_channels=8,
        num_stages=6,
        inflate_stages=[3, 5],
        down_stages=[2, 4],
        graph_cfg=dict(layout='ebedb')),
    neck=dict(in_channels=32),
    appendage=dict(
        backbone=dict(base_channels=4), neck=dict(in_channels=16)),
    codebook=dict(num_labels=64),
    refiner=dict(num_neighbors=10),
    head=dict(num_labels=(4, 8, 16), queue_length=128))
dataset = dict(
    type='mmair.SyntheticEmotionDataset',
    generator=dict(num_actors=8, takes=2, layout='ebedb', seed=0))
train_dataloader = dict(batch_size=32, dataset=dataset)
val_dataloader = dict(dataset=dataset)
train_cfg = dict(max_epochs=8, val_interval=1)
