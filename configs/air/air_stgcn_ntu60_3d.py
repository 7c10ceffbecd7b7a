# AIR on the training part of NTU RGB+D, labels unused, from MMAction2's own
# ntu60_3d.pkl. Built and stepped on small files of that format; not trained
# on the real file.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(
    layout='nturgb+d',
    backbone=dict(graph_cfg=dict(layout='nturgb+d')),
    # Of about 40,000 recordings. 128 views a batch are fewer than four times
    # the largest scale.
    head=dict(num_labels=(32, 64, 128), queue_length=512))
dataset = dict(type='mmair.NTU60Dataset', ann_file='data/ntu60_3d.pkl')
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
# What is watched by nearest neighbours is the training part, too.
val_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
