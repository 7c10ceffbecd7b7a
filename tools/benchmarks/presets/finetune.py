# The whole network trained from a tenth of the labels, three draws of them:
# how much of a difference is the draw's? Every peer, new recordings and new
# sessions of known actors, blind (one fold of two new actors tells methods
# apart by chance alone; all actors: splits=['xsub']). Given the work directory
# of small.py, it takes the pre-trainings from there.
_base_ = 'small.py'
title = 'EBEDB, small: width 8, 15 epochs'
protocols = ['xsub_fixed']
splits = ['xseq_fixed', 'xrec_fixed']
draws = 3
_rows = _base_.rows
rows = {
    '_delete_': True,
    'AIR': _rows['AIR'],
    'SkeletonCLR': _rows['SkeletonCLR'],
    'VICReg': _rows['VICReg'],
    **_base_._peers,
    'From scratch': _rows['From scratch']
}
