# AIR's GCN without the codes, beside the peers. As theirs, its setting is the
# best of four trials (tuning.py, read out without codes): the larger step.
# Blind; given the work directory of ebedb_cpu.py, the peers are taken from
# there.
_base_ = 'ebedb_cpu.py'
title = 'EBEDB, networks alone: width 8, 15 epochs'
tracks = ['blind']
subject = 'AIR, GCN alone'
_rows = _base_.rows
_larger = {'optim_wrapper.optimizer.lr': 6e-3}
rows = {
    '_delete_': True,
    subject: dict(
        _rows['AIR'],
        gcn_alone=True,
        options={**_rows['AIR']['options'], **_larger}),
    **{
        name: _rows[name]
        for name in ('SkeletonCLR', 'VICReg', 'AimCLR', 'SwAV', 'MAMP',
                     'Random encoder')
    }
}
