# Supervised from scratch within reach of two CPU cores on every fold.
_base_ = 'stgcn_ebedb.py'
train_cfg = dict(max_epochs=4, val_interval=4)
