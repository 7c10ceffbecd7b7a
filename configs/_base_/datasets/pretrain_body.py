# As pretrain.py, for methods that do not look at limbs.
_base_ = 'pretrain.py'
train_dataloader = dict(
    dataset=dict(pipeline=[
        step for step in _base_.train_dataloader.dataset.pipeline
        if step['type'] != 'mmair.AppendagePartition'
    ]))
