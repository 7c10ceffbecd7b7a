# full.py, and training the whole network: from scratch on every fold, and from
# every pre-training on parts of the labels of two folds. From scratch has as
# many steps as a pre-training (3000) and what follows it together. Hours of a
# GPU more; give it the work directory of full.py, whose results it takes. Not
# run by us yet.
_base_ = 'full.py'
rows = {
    'From scratch': dict(
        kind='supervised', config='configs/air/air_stgcn_ebedb.py',
        steps=3800)
}
recogniser = dict(
    config='configs/stgcn/stgcn_ebedb.py',
    finetune='configs/air/benchmarks/finetune_stgcn_ebedb.py',
    steps=800,
    options={'train_dataloader.dataset.device': 'cuda',
             'train_dataloader.dataset.pipeline.0.clip_len': 128})
percentages = [5, 10, 20, 50, 100]
draws = 5
