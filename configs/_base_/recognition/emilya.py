# A recogniser on Emilya: its classes, of actors that training did not see.
_base_ = ['../models/stgcn.py', '../datasets/recognition.py']
model = dict(
    backbone=dict(graph_cfg=dict(layout='emilya')),
    cls_head=dict(num_classes=8))
dataset = dict(type='mmair.EmilyaDataset', ann_file='data/emilya.pkl')
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
val_dataloader = dict(dataset=dict(split='xsub_test', **dataset))
test_dataloader = val_dataloader
