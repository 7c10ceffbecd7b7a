# How many labels a readout of frozen features needs, on all folds and on both
# tracks. Give it the work directory of ebedb_cpu.py, whose pre-trainings it
# takes.
_base_ = 'ebedb_cpu.py'
seeds = [0]
protocols = ['xseq', 'xrec', 'xsub']
probe_percentages = [5, 10, 20, 50]
draws = 5
knn = []
svm = False
