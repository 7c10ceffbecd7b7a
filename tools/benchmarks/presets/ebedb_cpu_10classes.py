# All ten emotions of EBEDB, linear readout. Give it the work directory of
# ebedb_cpu.py, whose pre-trainings it takes.
_base_ = 'ebedb_cpu.py'
title = 'EBEDB, ten emotions: width 8, 15 epochs'
classes = None
protocols = ['xseq', 'xrec', 'xsub']
knn = []
svm = False
