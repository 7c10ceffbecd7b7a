# ebedb_cpu.py, and training the whole network from a tenth of the labels of
# two folds; give it the work directory of ebedb_cpu.py, whose results it has.
_base_ = 'ebedb_cpu.py'
title = 'EBEDB, width 16, 15 epochs'
seeds = [0]
rows = {
    'From scratch': dict(
        kind='supervised', config='configs/air/air_stgcn_ebedb_cpu.py',
        protocols=['xsub_fixed'])
}
recogniser = dict(
    config='configs/stgcn/stgcn_ebedb_cpu.py',
    finetune='configs/air/benchmarks/finetune_stgcn_ebedb.py', steps=100)
splits = ['xsub_fixed', 'xseq_fixed']
percentages = [10]
draws = 1
