# How many labels a readout of frozen features needs: the rows of small.py on
# all folds, and on both tracks. Given the work directory of that comparison,
# it takes the blind pre-trainings from there.
_base_ = 'small.py'
title = 'EBEDB, small: width 8, 15 epochs'
tracks = ['blind', 'adapted']
protocols = ['xseq', 'xrec', 'xsub']
probe_percentages = [5, 10, 20, 50]
draws = 5
knn = []
recogniser = None
_rows = _base_.rows
rows = {
    '_delete_': True,
    'AIR': _rows['AIR'],
    'AIR untrained': _base_._air_untrained,
    **{
        row: _rows[row]
        for row in ('SkeletonCLR', 'VICReg', 'Random encoder',
                    'Wide random encoder', 'Movement statistics')
    }
}
