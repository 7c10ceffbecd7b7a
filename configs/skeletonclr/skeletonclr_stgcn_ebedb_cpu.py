# SkeletonCLR on EBEDB with the budget of air_stgcn_ebedb_cpu.py.
_base_ = 'skeletonclr_stgcn_ebedb.py'
train_cfg = dict(max_epochs=15)
train_dataloader = dict(batch_size=32)
# The best of four trials on the training actors (presets/tuning.py).
model = dict(head=dict(temperature=0.2))
