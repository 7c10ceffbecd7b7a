# AIR on the training part of NTU RGB+D, labels unused, from the 2-D poses of
# MMAction2's own ntu60_2d.pkl. Built and stepped on small files of that
# format; not trained on the real file.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain_2d.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(
    layout='coco',
    # x, y, score and the motion of x and y; of limbs position and velocity.
    backbone=dict(in_channels=5, graph_cfg=dict(layout='coco')),
    appendage=dict(backbone=dict(in_channels=4)),
    # Of about 40,000 recordings. 128 views a batch are fewer than four times
    # the largest scale.
    head=dict(num_labels=(32, 64, 128), queue_length=512))
dataset = dict(
    type='mmair.NTU60Dataset', ann_file='data/ntu60_2d.pkl', layout='coco')
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
# What is watched by nearest neighbours is the training part, too.
val_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
