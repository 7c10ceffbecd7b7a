# A recogniser on KDAE: its classes, of actors that training did not see.
_base_ = ['../models/stgcn.py', '../datasets/recognition.py']
model = dict(
    backbone=dict(graph_cfg=dict(layout='kdae')),
    cls_head=dict(num_classes=7))
dataset = dict(type='mmair.KDAEDataset', ann_file='data/kdae.pkl')
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
val_dataloader = dict(dataset=dict(split='xsub_test', **dataset))
test_dataloader = val_dataloader
