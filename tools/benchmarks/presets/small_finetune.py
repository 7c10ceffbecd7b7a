# The whole network trained from a tenth of the labels, five draws of them:
# how much of a difference is the draw's? One fold of each split, blind. Given
# the work directory of small.py, it takes the pre-trainings from there.
_base_ = 'small.py'
protocols = ['xsub_fixed']
splits = ['xseq_fixed', 'xrec_fixed', 'xsub_fixed']
draws = 5
rows = {
    '_delete_': True,
    **{
        row: _base_.rows[row]
        for row in ('AIR', 'SkeletonCLR', 'From scratch')
    }
}
