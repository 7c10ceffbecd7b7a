# How many labels a readout of frozen features needs: AIR and the peers of
# small.py on all folds, and on both tracks. Given the work directory of
# small.py or ebedb_cpu.py, it takes the pre-trainings from there.
_base_ = 'ebedb_cpu.py'
seeds = [0]
protocols = ['xseq', 'xrec', 'xsub']
probe_percentages = [5, 10, 20, 50]
draws = 5
knn = []
svm = False
rows = {
    '_delete_': True,
    **{
        row: _base_.rows[row]
        for row in ('AIR', 'AIR untrained', 'SkeletonCLR', 'VICReg',
                    'Random encoder', 'Wide random encoder',
                    'Movement statistics')
    }
}
