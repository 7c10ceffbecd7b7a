# A recogniser of the 60 actions of NTU RGB+D by 2-D poses, of people that
# training did not see; every person is a sample.
_base_ = ['../models/stgcn.py', '../datasets/recognition_2d.py']
model = dict(
    backbone=dict(in_channels=5, graph_cfg=dict(layout='coco')),
    cls_head=dict(num_classes=60))
dataset = dict(
    type='mmair.NTU60Dataset', ann_file='data/ntu60_2d.pkl', layout='coco')
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
val_dataloader = dict(dataset=dict(split='xsub_val', **dataset))
test_dataloader = val_dataloader
