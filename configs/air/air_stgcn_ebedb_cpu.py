# AIR on EBEDB within reach of two CPU cores: 15 epochs of small batches.
_base_ = 'air_stgcn_ebedb.py'
train_cfg = dict(max_epochs=15)
train_dataloader = dict(batch_size=32)
# 64 views a batch are fewer than four times the largest scale.
model = dict(head=dict(queue_length=512))
