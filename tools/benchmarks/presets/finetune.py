# The whole network trained from a tenth of the labels, three draws of them:
# how much of a difference is the draw's? New recordings and new sessions of
# known actors, blind (one fold of two new actors tells methods apart by chance
# alone; all actors: splits=['xsub']). Give it the work directory of
# ebedb_cpu.py, whose pre-trainings it takes.
_base_ = 'ebedb_cpu.py'
tracks = ['blind']
seeds = [0]
protocols = ['xsub_fixed']
knn = []
svm = False
splits = ['xseq_fixed', 'xrec_fixed']
percentages = [10]
draws = 3
rows = {
    '_delete_': True,
    **{
        name: row
        for name, row in _base_.rows.items() if row['kind'] == 'pretrained'
    },
    'From scratch': _base_._from_scratch
}
