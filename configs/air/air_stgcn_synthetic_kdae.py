# AIR on the embedded data set in the layout of KDAE, to be transferred to
# another skeleton: transfer/linear_stgcn_synthetic_kdae_to_ebedb.py.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
# 64 views a batch are fewer than four times the largest scale.
model = dict(
    layout='kdae',
    backbone=dict(graph_cfg=dict(layout='kdae')),
    head=dict(queue_length=512))
dataset = dict(
    type='mmair.SyntheticEmotionDataset',
    generator=dict(num_actors=16, takes=2, layout='kdae', seed=0))
train_dataloader = dict(batch_size=32, dataset=dataset)
val_dataloader = dict(dataset=dataset)
train_cfg = dict(max_epochs=10)
