# Every method at width 8 on all folds of every split, both tracks, two seeds;
# features read by an SVM as well, as movement statistics are. Given the work
# directory of small.py, it takes the blind pre-trainings from there.
_base_ = 'small.py'
title = 'EBEDB, width 8, 15 epochs'
tracks = ['blind', 'adapted']
protocols = ['random', 'xseq', 'xrec', 'xsub', 'xsub_fixed']
seeds = [0, 1]
svm = True
percentages = []
_rows = _base_.rows
rows = {
    '_delete_': True,
    'AIR': _rows['AIR'],
    # The codebook, and a GCN with random weights beside it.
    'AIR untrained': _base_._air_untrained,
    'SkeletonCLR': _rows['SkeletonCLR'],
    'VICReg': _rows['VICReg'],
    **_base_._peers,
    'Random encoder': _rows['Random encoder'],
    'Wide random encoder': dict(_rows['Wide random encoder'], seeds=[0]),
    'Movement statistics': _rows['Movement statistics']
}
