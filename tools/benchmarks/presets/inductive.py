# The control of small.py: pre-training never saw the test actors at all, not
# even without labels.
_base_ = 'small.py'
title = 'EBEDB, small, inductive: width 8, 15 epochs, one fold of actors'
pretrain_split = 'xsub_train'
protocols = ['xsub_fixed']
splits = ['xsub_fixed']
