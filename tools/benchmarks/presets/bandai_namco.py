# Another skeleton, other people, and styles in place of emotions: the second
# set of the Bandai-Namco-Research-Motiondataset, 2902 recordings of ten
# actions in seven styles. Who acted is not known, so settings are chosen
# without the action of the first fold, and the track is blind. Base width 8,
# 64 frames at 15 Hz, 7 epochs, as many steps as 15 of EBEDB; what EBEDB's
# rows are is taken as it is. An hour or two of one CPU core.
_base_ = '_ebedb.py'
title = 'Bandai-Namco, styles, width 8, 7 epochs'
dataset = dict(type='mmair.SkeletonDataset', ann_file='data/bandai_namco.pkl')
classes = [
    'active', 'elderly', 'exhausted', 'feminine', 'masculine', 'normal',
    'youthful'
]
tracks = ['blind']
seeds = [0]
protocols = ['xseq', 'xact']
tuning = 'xact_f0'
# Less noise than on EBEDB: the best of its values were the largest.
C = [0.01, 0.03, 0.1, 0.3]
C_statistics = [0.1, 0.3, 1., 3.]
C_svm = [3., 10., 30., 100.]

_layout = 'configs/_base_/layouts/bandai_namco.yaml'
options = {
    'train_cfg.max_epochs': 7,
    'model.backbone.base_channels': 8,
    'model.backbone.graph_cfg.layout': _layout
}
_neck = {'model.neck.in_channels': 32}
_air = {
    **_neck, 'model.layout': _layout,
    'model.appendage.backbone.base_channels': 4,
    'model.appendage.neck.in_channels': 16
}
_config = 'configs/air/air_stgcn_ebedb_cpu.py'
rows = {
    'AIR': dict(kind='pretrained', config=_config, options=_air),
    'AIR, GCN alone': dict(
        kind='pretrained', config=_config, options=_air, gcn_alone=True),
    'AIR untrained': dict(
        kind='pretrained', config=_config, options={
            **_air, 'train_cfg.max_epochs': 1, 'param_scheduler': None,
            'optim_wrapper.optimizer.lr': 0.}),
    'SkeletonCLR': dict(
        kind='pretrained',
        config='configs/skeletonclr/skeletonclr_stgcn_ebedb_cpu.py',
        options=_neck),
    'AimCLR': dict(
        kind='pretrained', config='configs/aimclr/aimclr_stgcn_ebedb_cpu.py',
        options=_neck),
    'VICReg': dict(
        kind='pretrained', config='configs/vicreg/vicreg_stgcn_ebedb_cpu.py',
        options=_neck),
    'Random encoder': dict(kind='random', config=_config),
    'Wide random encoder': dict(
        kind='random', config=_config,
        options={'model.backbone.base_channels': 48}),
    'Movement statistics': dict(kind='statistics')
}
