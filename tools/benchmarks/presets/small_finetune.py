# The whole network trained from a tenth of the labels, three draws of them:
# how much of a difference is the draw's? New recordings and new sessions of
# known actors, blind (one fold of two new actors tells methods apart by chance
# alone). Given the work directory of small.py, it takes the pre-trainings from
# there.
_base_ = 'small.py'
protocols = ['xsub_fixed']
splits = ['xseq_fixed', 'xrec_fixed']
draws = 3
rows = {
    '_delete_': True,
    **{
        row: _base_.rows[row]
        for row in ('AIR', 'SkeletonCLR', 'From scratch')
    }
}
