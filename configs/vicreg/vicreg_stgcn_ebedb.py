# VICReg on all recordings of EBEDB, labels unused.
_base_ = [
    '../_base_/models/vicreg_stgcn.py', '../_base_/datasets/pretrain_body.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(backbone=dict(graph_cfg=dict(layout='ebedb')))
dataset = dict(type='mmair.EBEDBDataset', ann_file='data/ebedb.pkl')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
