# SwAV on EBEDB with the budget of air_stgcn_ebedb_cpu.py.
_base_ = 'swav_stgcn_ebedb.py'
train_cfg = dict(max_epochs=15)
train_dataloader = dict(batch_size=32)
# The best of four trials on the training actors (presets/tuning.py); 64 views
# a batch are fewer than four times the prototypes.
model = dict(head=dict(num_labels=(128, ), queue_length=512))
