"""Recognise emotion from frozen features, fold by fold.

Recordings are split, never windows; scores are taken over the pooled
out-of-fold predictions of all folds.
"""
from typing import Callable, Dict, List, Tuple

import numpy as np
import torch
from rich.progress import track
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmair.errors import InputError
from mmair.models.heads import pool_windows

from .knn import knn_predict
from .metrics import emotion_scores

Fold = Tuple[np.ndarray, np.ndarray]
#: Takes training features, training labels and test features.
Readout = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def folds_of(dataset, protocol: str) -> List[Fold]:
    """The folds of a protocol, as indices of the dataset's recordings.

    Args:
        dataset (SkeletonDataset): With the splits of its file.
        protocol (str): ``xsub``, ``xrec``, ``xseq`` for all folds, or with
            ``_fixed`` behind for the one fixed fold.

    Returns:
        list[tuple[np.ndarray]]: Training and test indices of each fold.

    Raises:
        InputError: If the file has no such splits or a fold is empty.
    """
    index = {r['frame_dir']: i for i, r in enumerate(dataset.recordings)}
    splits = dataset.splits

    def select(name: str) -> np.ndarray:
        return np.array([index[f] for f in splits[name] if f in index])

    if protocol.endswith('_fixed'):
        names = [protocol[:-len('_fixed')]]
    else:
        names = sorted((name[:-len('_train')] for name in splits
                        if name.startswith(f'{protocol}_f')
                        and name.endswith('_train')),
                       key=lambda name: int(name.split('_f')[1]))
    if not names or f'{names[0]}_train' not in splits:
        raise InputError(f'no folds of {protocol!r} in the data; its splits '
                         f'are {", ".join(sorted(splits))}')
    folds = [(select(f'{n}_train'), select(f'{n}_test')) for n in names]
    for name, (train, test) in zip(names, folds):
        if not len(train) or not len(test):
            raise InputError(f'fold {name!r} has {len(train)} training and '
                             f'{len(test)} test recordings, expected some '
                             'of both')
    return folds


def logistic_regression(C: float) -> Readout:
    """Balanced logistic regression on standardised features."""
    def predict(train, labels, test):
        model = make_pipeline(
            StandardScaler(),
            LogisticRegression(C=C, class_weight='balanced', max_iter=3000))
        return model.fit(train, labels).predict(test)
    return predict


def extra_trees(seed: int) -> Readout:
    """Balanced extremely randomised trees, 500 of them."""
    def predict(train, labels, test):
        model = ExtraTreesClassifier(500, class_weight='balanced',
                                     random_state=seed, n_jobs=-1)
        return model.fit(train, labels).predict(test)
    return predict


def nearest_neighbours(k: int) -> Readout:
    """Vote of the k nearest by cosine on standardised features."""
    def predict(train, labels, test):
        return knn_predict(train, labels, test, k)
    return predict


def out_of_fold(features: np.ndarray, labels: np.ndarray, folds: List[Fold],
                readout: Readout) -> Dict[str, float]:
    """Scores over the pooled predictions of all folds.

    Args:
        features (np.ndarray): ``(N, D)``.
        labels (np.ndarray): ``(N, )``.
        folds (list[tuple]): From :func:`folds_of`.
        readout (Readout): What learns on the training part of a fold.

    Returns:
        dict[str, float]: See :func:`emotion_scores`, in percent.
    """
    tested = np.concatenate([test for _, test in folds])
    predicted = np.concatenate([
        readout(features[train], labels[train], features[test])
        for train, test in folds])
    return emotion_scores(labels[tested], predicted)


@torch.no_grad()
def extract_features(backbone: torch.nn.Module, dataset,
                     batch_size: int = 32,
                     description: str = 'features') -> np.ndarray:
    """Features of all recordings of a dataset.

    Args:
        backbone (nn.Module): A GCN; put in eval mode.
        dataset (SkeletonDataset): With a test pipeline.
        batch_size (int): Recordings at a time.
        description (str): Of the progress bar.

    Returns:
        np.ndarray: Mean and deviation over time and windows, ``(N, 2 * D)``.
    """
    device = next(backbone.parameters()).device
    backbone.eval()
    features = []
    for windows in _batches(dataset, batch_size, description):
        x = windows.to(device)
        pooled = pool_windows(backbone(x.flatten(0, 1)), x.shape[1])
        features.append(pooled.cpu().numpy())
    return np.concatenate(features)


def _batches(dataset, batch_size: int, description: str):
    """Batches of windows, ``(B, num_clips, M, T, V, C)``."""
    total = len(dataset)
    for start in track(range(0, total, batch_size), description):
        batch = dataset.__getitems__(
            range(start, min(start + batch_size, total)))
        yield torch.stack([sample['inputs'] for sample in batch])


@torch.no_grad()
def calibrate_batch_norm(backbone: torch.nn.Module, dataset,
                         batch_size: int = 32) -> None:
    """Give batch norms the statistics of the data, without labels.

    A random encoder is judged fairly only so: as initialised, its batch
    norms pass whatever scale the data has.
    """
    norms = [m for m in backbone.modules()
             if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
    backbone.train()
    for windows in _batches(dataset, batch_size, 'batch norm'):
        backbone(windows[:, 0])
    backbone.eval()
