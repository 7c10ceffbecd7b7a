# AIR on all recordings of Emilya, labels unused. Built and stepped on
# generated data in the format of the real set; not trained on the real set.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(
    layout='emilya',
    backbone=dict(graph_cfg=dict(layout='emilya')),
    # Of about 8,200 recordings. 128 views a batch are fewer than four times
    # the largest scale.
    head=dict(num_labels=(8, 32, 64), queue_length=256))
dataset = dict(type='mmair.EmilyaDataset', ann_file='data/emilya.pkl')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
