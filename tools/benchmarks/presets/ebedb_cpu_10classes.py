# All ten emotions of EBEDB, linear readout. Give it the work directory of
# ebedb_cpu.py, whose pre-trainings it takes.
_base_ = 'ebedb_cpu.py'
title = 'EBEDB, ten emotions: width 8, 15 epochs'
classes = None
seeds = [0]
protocols = ['xseq', 'xrec', 'xsub']
knn = []
svm = False
recogniser = None
rows = {
    '_delete_': True,
    **{
        name: row
        for name, row in _base_.rows.items() if name != 'From scratch'
    }
}
