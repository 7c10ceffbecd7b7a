# AIR on all recordings of EGBM, labels unused. Built and stepped on generated
# data in the format of the real set; not trained on the real set.
_base_ = [
    '../_base_/models/air_stgcn.py', '../_base_/datasets/pretrain.py',
    '../_base_/schedules/pretrain.py', '../_base_/default_runtime.py'
]
model = dict(
    layout='nturgb+d',
    backbone=dict(graph_cfg=dict(layout='nturgb+d')),
    refiner=dict(num_neighbors=10))  # of 560 recordings
dataset = dict(type='mmair.EGBMDataset', ann_file='data/egbm.pkl')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
