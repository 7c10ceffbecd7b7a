# The whole network trained from a tenth of the labels, three draws of them:
# how much of a difference is the draw's? Every peer, new recordings and new
# sessions of known actors, blind (one fold of two new actors tells methods
# apart by chance alone; all actors: splits=['xsub']). Given the work directory
# of small.py, it takes the pre-trainings from there.
_base_ = 'small.py'
protocols = ['xsub_fixed']
splits = ['xseq_fixed', 'xrec_fixed']
draws = 3
_rows = _base_.rows
rows = {
    '_delete_': True,
    'AIR': _rows['AIR'],
    'SkeletonCLR': _rows['SkeletonCLR'],
    'AimCLR': dict(
        _rows['SkeletonCLR'],
        config='configs/aimclr/aimclr_stgcn_ebedb_cpu.py'),
    'VICReg': _rows['VICReg'],
    'SwAV': dict(
        _rows['SkeletonCLR'], config='configs/swav/swav_stgcn_ebedb_cpu.py'),
    'MAMP': dict(
        kind='pretrained', config='configs/mamp/mamp_stgcn_ebedb_cpu.py',
        options={'model.head.in_channels': 32}),
    'From scratch': _rows['From scratch']
}
