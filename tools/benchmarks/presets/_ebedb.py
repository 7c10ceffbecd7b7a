# What every comparison on EBEDB shares: data, the seven emotions that other
# corpora have, readouts. Both tracks; the adapted one takes an actor's posture
# and tempo off the input, in pre-training as well. Each row may also
# standardise features by actor, where that is better on the training actors of
# xsub_fixed.
dataset = dict(type='mmair.EBEDBDataset', ann_file='data/ebedb.pkl')
classes = [
    'anger', 'disgust', 'fear', 'joy', 'neutral', 'sadness', 'surprise'
]
subject = 'AIR'
tracks = ['blind', 'adapted']
adapt = dict(features=[False, True], input=True)
seeds = [0, 1, 2]
protocols = ['random', 'xseq', 'xrec', 'xsub', 'xsub_fixed']
knn = [1, 20]
# Chosen by every row alike on the training actors of xsub_fixed.
C = [0.001, 0.003, 0.01, 0.03]
C_statistics = [0.01, 0.03, 0.1, 0.3]
C_svm = [0.3, 1., 3., 10.]
splits = ['xsub_fixed', 'xseq_fixed']
# A pre-training that changes no weight: what is fitted before it, and a GCN of
# random weights.
_untrained = {
    'train_cfg.max_epochs': 1,
    'param_scheduler': None,
    'optim_wrapper.optimizer.lr': 0.
}
