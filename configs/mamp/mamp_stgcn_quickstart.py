# MAMP on the embedded data set, at the size of AIR's quickstart.
_base_ = [
    '../_base_/models/mamp_stgcn.py', '../_base_/datasets/pretrain_body.py',
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
    head=dict(in_channels=32))
dataset = dict(
    type='mmair.SyntheticEmotionDataset',
    generator=dict(num_actors=8, takes=2, layout='ebedb', seed=0))
train_dataloader = dict(batch_size=32, dataset=dataset)
val_dataloader = dict(dataset=dataset)
train_cfg = dict(max_epochs=8, val_interval=1)
