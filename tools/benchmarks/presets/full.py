# EBEDB at full size, for a GPU: six methods, three seeds of 300 epochs, base
# width 64, 128 frames at 30 Hz, all folds, blind (the adapted track has as
# many pre-trainings of its own: tracks=['adapted']). Recordings and views live
# on the device, so several runs share one (--jobs). Not run by us yet.
_base_ = '_ebedb.py'
title = 'EBEDB, full: width 64, 300 epochs'
tracks = ['blind']
checkpoint_interval = 25

_length = 'dataset.pipeline.0.clip_len'
_rate = 'dataset.prepare.0.fps'
options = {
    'model.backbone.base_channels': 64,
    'train_cfg.max_epochs': 300,
    'train_dataloader.batch_size': 128,
    'train_dataloader.dataset.device': 'cuda',
    f'train_dataloader.{_length}': 128,
    f'val_dataloader.{_length}': 128,
    f'train_dataloader.{_rate}': 30,
    f'val_dataloader.{_rate}': 30
}
_neck = {'model.neck.in_channels': 256, 'model.neck.hid_channels': 1024}
_air = {
    **_neck, 'model.appendage.backbone.base_channels': 32,
    'model.appendage.neck.in_channels': 128,
    'model.appendage.neck.hid_channels': 1024,
    # Half seconds, as at 15 Hz.
    'model.codebook.length': 16,
    'model.codebook.stride': 4
}
rows = {
    'AIR': dict(
        kind='pretrained', config='configs/air/air_stgcn_ebedb.py',
        options=_air),
    'SkeletonCLR': dict(
        kind='pretrained',
        config='configs/skeletonclr/skeletonclr_stgcn_ebedb.py',
        options=_neck),
    'AimCLR': dict(
        kind='pretrained', config='configs/aimclr/aimclr_stgcn_ebedb.py',
        options=_neck),
    'VICReg': dict(
        kind='pretrained', config='configs/vicreg/vicreg_stgcn_ebedb.py',
        options={**_neck, 'model.neck.out_channels': 1024}),
    'SwAV': dict(
        kind='pretrained', config='configs/swav/swav_stgcn_ebedb.py',
        options=_neck),
    'MAMP': dict(
        kind='pretrained', config='configs/mamp/mamp_stgcn_ebedb.py',
        options={'model.head.in_channels': 256}),
    'Random encoder': dict(
        kind='random', config='configs/air/air_stgcn_ebedb.py'),
    'Movement statistics': dict(kind='statistics')
}
