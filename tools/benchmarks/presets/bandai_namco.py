# Another skeleton, other people, and styles in place of emotions: the second
# set of the Bandai-Namco-Research-Motiondataset, 2902 recordings of ten
# actions in seven styles. Who acted is not known, so settings are chosen
# without the action of the first fold, and the track is blind. Seven epochs
# are as many steps as 15 of EBEDB. One to three hours of one CPU core.
_base_ = 'small.py'
title = 'Bandai-Namco, styles, width 8, 7 epochs'
dataset = dict(
    _delete_=True, type='mmair.SkeletonDataset',
    ann_file='data/bandai_namco.pkl')
classes = [
    'active', 'elderly', 'exhausted', 'feminine', 'masculine', 'normal',
    'youthful'
]
protocols = ['xseq', 'xact']
tuning = 'xact_f0'
# Less noise than on EBEDB: the best of its values were the largest.
C = [0.01, 0.03, 0.1, 0.3]
C_statistics = [0.1, 0.3, 1., 3.]
svm = True
C_svm = [3., 10., 30., 100.]
recogniser = None

_layout = 'configs/_base_/layouts/bandai_namco.yaml'
options = {
    'train_cfg.max_epochs': 7,
    'model.backbone.graph_cfg.layout': _layout
}
_of_layout = {'model.layout': _layout}
_air = dict(
    _base_.rows['AIR'],
    options={**_base_.rows['AIR'].options, **_of_layout})
rows = {
    '_delete_': True,
    'AIR': _air,
    'AIR, GCN alone': dict(_air, gcn_alone=True),
    'AIR untrained': dict(
        _base_._air_untrained,
        options={**_base_._air_untrained.options, **_of_layout}),
    'SkeletonCLR': _base_.rows['SkeletonCLR'],
    'VICReg': _base_.rows['VICReg'],
    **_base_._peers,
    'MAMP': dict(
        _base_._peers.MAMP,
        options={**_base_._peers.MAMP.options, **_of_layout}),
    **{
        row: _base_.rows[row]
        for row in ('Random encoder', 'Wide random encoder',
                    'Movement statistics')
    }
}
