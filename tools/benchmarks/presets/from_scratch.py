# The network trained from scratch with all labels for as many steps as the
# pre-trainings, next to what is read out of their frozen features: blind, one
# seed, all folds. Give it the work directory of ebedb_cpu.py, whose
# pre-trainings it takes.
_base_ = 'ebedb_cpu.py'
title = 'EBEDB, from scratch: width 8, 630 steps'
tracks = ['blind']
protocols = ['xseq', 'xrec', 'xsub']
seeds = [0]
knn = []
svm = False
rows = {'From scratch': dict(_base_._from_scratch, steps=630)}
