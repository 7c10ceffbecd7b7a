# AIR on all recordings of KDAE, labels unused. Built and stepped on generated
# data in the format of the real set; not trained on the real set.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(
    layout='kdae', backbone=dict(graph_cfg=dict(layout='kdae')))
dataset = dict(type='mmair.KDAEDataset', ann_file='data/kdae.pkl')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
