# Training the whole network from a tenth of the labels of three folds: every
# pre-training of ebedb_cpu.py, and none. Give it the work directory of that
# comparison, whose pre-trainings it takes.
_base_ = 'ebedb_cpu.py'
title = 'EBEDB, width 16, 15 epochs'
seeds = [0]
protocols = ['xsub_fixed']
rows = {
    '_delete_': True,
    **{
        row: _base_.rows[row]
        for row in ('AIR', 'AIR untrained', 'SkeletonCLR', 'AimCLR', 'VICReg',
                    'SwAV', 'MAMP')
    },
    'From scratch': dict(
        kind='supervised', config='configs/air/air_stgcn_ebedb_cpu.py')
}
recogniser = dict(
    config='configs/stgcn/stgcn_ebedb_cpu.py',
    finetune='configs/air/benchmarks/finetune_stgcn_ebedb.py', steps=100)
splits = ['xseq_fixed', 'xrec_fixed', 'xsub_fixed']
percentages = [10]
draws = 1
