# A recogniser of the 60 actions of NTU RGB+D, of people that training did not
# see; every person is a sample.
_base_ = ['../models/stgcn.py', '../datasets/recognition.py']
model = dict(
    backbone=dict(graph_cfg=dict(layout='nturgb+d')),
    cls_head=dict(num_classes=60))
dataset = dict(type='mmair.NTU60Dataset', ann_file='data/ntu60_3d.pkl')
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
val_dataloader = dict(dataset=dict(split='xsub_val', **dataset))
test_dataloader = val_dataloader
