# AimCLR on EBEDB with the budget of air_stgcn_ebedb_cpu.py.
_base_ = 'aimclr_stgcn_ebedb.py'
train_cfg = dict(max_epochs=15)
train_dataloader = dict(batch_size=32)
