# A recogniser on EGBM: its classes, of actors that training did not see.
# Naming the classes leaves recordings without a label out.
_base_ = ['../models/stgcn.py', '../datasets/recognition.py']
classes = ('anger', 'disgust', 'fear', 'joy', 'neutral', 'sadness',
           'surprise')
model = dict(
    backbone=dict(graph_cfg=dict(layout='nturgb+d')),
    cls_head=dict(num_classes=7))
dataset = dict(
    type='mmair.EGBMDataset', ann_file='data/egbm.pkl', classes=classes)
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
val_dataloader = dict(dataset=dict(split='xsub_test', **dataset))
test_dataloader = val_dataloader
