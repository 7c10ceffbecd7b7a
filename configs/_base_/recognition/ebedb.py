# A recogniser on EBEDB: the seven classes that KDAE has, too, of actors that
# training did not see.
_base_ = ['../models/stgcn.py', '../datasets/recognition.py']
classes = ('anger', 'disgust', 'fear', 'joy', 'neutral', 'sadness',
           'surprise')
model = dict(
    backbone=dict(graph_cfg=dict(layout='ebedb')),
    cls_head=dict(num_classes=7))
dataset = dict(
    type='mmair.EBEDBDataset', ann_file='data/ebedb.pkl', classes=classes)
train_dataloader = dict(dataset=dict(split='xsub_train', **dataset))
val_dataloader = dict(dataset=dict(split='xsub_test', **dataset))
test_dataloader = val_dataloader
