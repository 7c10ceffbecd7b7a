# Across skeletons and people: pre-trained on the styles of bandai_namco.py,
# read on EBEDB, whose joints are mapped to that skeleton; beside the same
# pre-trained on EBEDB so mapped. One to three hours of one CPU core.
_base_ = 'small.py'
title = 'Bandai-Namco to EBEDB, width 8'
seeds = [0, 1]
protocols = ['xseq', 'xrec', 'xsub']
recogniser = None

_layout = 'configs/_base_/layouts/bandai_namco.yaml'
_prepare = [
    dict(type='mmair.ResampleFrames', fps=15),
    dict(type='mmair.MapLayout', to=_layout),
    dict(type='mmair.NormalizeSkeleton')
]
options = {
    'model.backbone.graph_cfg.layout': _layout,
    'train_dataloader.dataset.prepare': _prepare,
    'val_dataloader.dataset.prepare': _prepare
}
# Seven epochs of 2902 recordings are as many steps as 15 of EBEDB.
_epochs = {'train_cfg.max_epochs': 7}
_other = dict(
    type='mmair.SkeletonDataset', ann_file='data/bandai_namco.pkl')
_air = dict(
    _base_.rows['AIR'],
    options={**_base_.rows['AIR'].options, 'model.layout': _layout})
_air_of_other = dict(
    _air, options={**_air['options'], **_epochs}, pretrain_dataset=_other)
_peer = _base_.rows['SkeletonCLR']
rows = {
    '_delete_': True,
    'AIR': _air_of_other,
    'AIR, GCN alone': dict(_air_of_other, gcn_alone=True),
    'AIR, of EBEDB itself': _air,
    'SkeletonCLR': dict(
        _peer, options={**_peer.options, **_epochs}, pretrain_dataset=_other),
    'SkeletonCLR, of EBEDB itself': _peer,
    'Random encoder': _base_.rows['Random encoder'],
    'Movement statistics': dict(kind='statistics')
}
