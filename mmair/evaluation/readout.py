"""Recognise emotion from frozen features, fold by fold.

Recordings are split, never windows; scores are taken over the pooled
out-of-fold predictions of all folds.
"""
import re
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from rich.progress import track
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch.utils.data import Subset

from mmair.engine.hooks.skeleton_check_hook import check_joints
from mmair.errors import InputError
from mmair.models.data_preprocessor import stack_samples
from mmair.models.heads import pool_windows

from .knn import knn_predict
from .metrics import emotion_scores

#: How the name of one numbered fold ends.
_NUMBER = r'_f\d+$'
Fold = Tuple[np.ndarray, np.ndarray]
#: Takes training features, training labels and test features; gives the
#: predictions of each of its settings, which share what they can.
Readout = Callable[[np.ndarray, np.ndarray, np.ndarray], List[np.ndarray]]


def folds_of(dataset, protocol: str) -> List[Fold]:
    """The folds of a protocol, as indices of the dataset's recordings.

    Args:
        dataset (SkeletonDataset): With the splits of its file.
        protocol (str): ``random``, ``xseq``, ``xrec``, ``xsub``, ``xact``
            for all folds, with ``_fixed`` behind for the one fixed fold, or
            with a number for one of them, as in ``xact_f0``.

    Returns:
        list[tuple[np.ndarray]]: Training and test indices of each fold.

    Raises:
        InputError: If the file has no such splits, a part of a fold is
            empty, or a recording is in both parts.
    """
    index = {r['frame_dir']: i for i, r in enumerate(dataset.recordings)}
    splits = dataset.splits

    def select(name: str) -> np.ndarray:
        return np.array([index[f] for f in splits[name] if f in index])

    def tested(name: str) -> str:  # MMAction2's own files have `val`
        return name + ('_test' if f'{name}_test' in splits else '_val')

    if protocol.endswith('_fixed'):
        names = [protocol[:-len('_fixed')]]
    elif re.search(_NUMBER, protocol):
        names = [protocol]
    else:
        numbers = (re.fullmatch(rf'{re.escape(protocol)}_f(\d+)_train', name)
                   for name in splits)
        names = [f'{protocol}_f{number}' for number in sorted(
            int(found[1]) for found in numbers if found)]
    if not names or any(f'{name}_train' not in splits
                        or tested(name) not in splits for name in names):
        known = sorted({name.split('_')[0] for name in splits})
        raise InputError(
            f'no folds of {protocol!r} in the data, which has '
            f'{", ".join(known) or "none"}; convert it again if it was made '
            'by an earlier version')
    folds = [(select(f'{n}_train'), select(tested(n))) for n in names]
    for name, (train, test) in zip(names, folds):
        if not len(train) or not len(test):
            raise InputError(f'fold {name!r} has {len(train)} training and '
                             f'{len(test)} test recordings, expected some '
                             'of both')
        both = np.intersect1d(train, test)
        if len(both):
            raise InputError(
                f'fold {name!r} has '
                f'{dataset.recordings[both[0]]["frame_dir"]} in its training '
                'and its test part, expected recordings of one part alone')
    return folds


def tuning_folds(dataset, protocol: str, inside: str) -> List[Fold]:
    """Folds inside the training part of one fold.

    Settings are chosen on these, so that what this fold tests, two actors
    for example, chooses nothing.

    Args:
        dataset (SkeletonDataset): With the splits of its file.
        protocol (str): As in :func:`folds_of`.
        inside (str): The fold, as in :func:`folds_of`.

    Returns:
        list[tuple[np.ndarray]]: The folds of the protocol without the
        recordings that this fold tests; those of which a part is empty are
        left out.

    Raises:
        InputError: If that is more than one fold, or nothing is left.
    """
    outer = folds_of(dataset, inside)
    if len(outer) > 1:
        raise InputError(f'settings are to be chosen inside {inside!r}, which '
                         f'is {len(outer)} folds, expected one: '
                         f'{inside}_fixed or {inside}_f0')
    (kept, _), = outer
    base = re.sub(f'_fixed$|{_NUMBER}', '', protocol)
    folds = [tuple(np.intersect1d(part, kept) for part in fold)
             for fold in folds_of(dataset, base)]
    folds = [fold for fold in folds if len(fold[0]) and len(fold[1])]
    if not folds:
        raise InputError(f'no folds of {base!r} are left to tune on inside '
                         f'the training part of {inside!r}; give one value '
                         'instead of a choice')
    return folds


def logistic_regression(*Cs: float) -> Readout:
    """Balanced logistic regression on standardised features.

    Wide features are turned into the span of the training part first, which
    changes nothing but the time: the penalty does not see a rotation.
    """
    def predict(train, labels, test):
        rotation = ([KernelPCA(kernel='linear', eigen_solver='dense',
                               remove_zero_eig=True)]
                    if train.shape[1] > len(train) else [])
        basis = make_pipeline(StandardScaler(), *rotation)
        train, test = basis.fit_transform(train), basis.transform(test)
        return [LogisticRegression(C=C, class_weight='balanced', max_iter=3000)
                .fit(train, labels).predict(test) for C in Cs]
    return predict


def support_vectors(*Cs: float) -> Readout:
    """Balanced support vector machines on standardised features.

    Of recordings x and y the kernel is ``<x, y> / s + exp(-|x - y|^2 / s)``,
    s being the sum of the variances of the features: the Gaussian part sees
    the nearest recordings, which is worth most on known actors, the linear
    part carries over to new ones. As a matrix it takes a tenth of the time of
    ``SVC``'s own kernels where features are wide.
    """
    def predict(train, labels, test):
        scaler = StandardScaler()
        train, test = scaler.fit_transform(train), scaler.transform(test)
        gamma = 1 / (train.shape[1] * (train.var() or 1))
        known, new = (gamma * (x @ train.T) + rbf_kernel(x, train, gamma)
                      for x in (train, test))
        return [SVC(C=C, kernel='precomputed', class_weight='balanced')
                .fit(known, labels).predict(new) for C in Cs]
    return predict


def extra_trees(*seeds: int) -> Readout:
    """Balanced extremely randomised trees, 500 of them."""
    def predict(train, labels, test):
        return [ExtraTreesClassifier(500, class_weight='balanced',
                                     random_state=seed,
                                     n_jobs=torch.get_num_threads())
                .fit(train, labels).predict(test) for seed in seeds]
    return predict


def nearest_neighbours(*ks: int) -> Readout:
    """Vote of the k nearest by cosine on standardised features."""
    def predict(train, labels, test):
        return [knn_predict(train, labels, test, k) for k in ks]
    return predict


def standardise_per_actor(features: np.ndarray,
                          actors: Sequence[str]) -> np.ndarray:
    """Features minus their actor's mean, over the actor's deviation.

    Uses no label, but all recordings of an actor: for the *adapted* track.

    Args:
        features (np.ndarray): ``(N, D)``.
        actors (Sequence[str]): Actor of every recording, N.

    Returns:
        np.ndarray: ``(N, D)``; what is the same in all of an actor's
        recordings becomes 0.
    """
    actors = np.asarray(actors)
    result = np.empty_like(features)
    for actor in np.unique(actors):
        own = features[actors == actor]
        std = own.std(0)
        result[actors == actor] = ((own - own.mean(0)) /
                                   np.where(std > 1e-8, std, 1))
    return result


def predict_folds(features: np.ndarray, labels: np.ndarray,
                  folds: List[Fold], readout: Readout
                  ) -> List[List[np.ndarray]]:
    """Predictions for the test part of each fold.

    Args:
        features (np.ndarray): ``(N, D)``.
        labels (np.ndarray): ``(N, )``.
        folds (list[tuple]): From :func:`folds_of`.
        readout (Readout): What learns on the training part of a fold.

    Returns:
        list[list[np.ndarray]]: Labels: of each setting one array a fold.
    """
    return [list(setting) for setting in zip(*(
        readout(features[train], labels[train], features[test])
        for train, test in folds))]


def out_of_fold(features: np.ndarray, labels: np.ndarray, folds: List[Fold],
                readout: Readout) -> List[Dict[str, float]]:
    """Scores over the pooled predictions of all folds.

    Args:
        features, labels, folds, readout: As in :func:`predict_folds`.

    Returns:
        list[dict[str, float]]: Of each setting, see :func:`emotion_scores`,
        in percent.
    """
    tested = np.concatenate([test for _, test in folds])
    return [emotion_scores(labels[tested], np.concatenate(predictions))
            for predictions in predict_folds(features, labels, folds,
                                             readout)]


@torch.no_grad()
def extract_features(backbone: torch.nn.Module, dataset,
                     batch_size: int = 32,
                     description: Optional[str] = 'features'
                     ) -> np.ndarray:
    """Features of all recordings of a dataset.

    Args:
        backbone (nn.Module): A GCN; put in eval mode.
        dataset (SkeletonDataset): With a test pipeline.
        batch_size (int): Recordings at a time.
        description (str, optional): Of the progress bar; None for none.

    Returns:
        np.ndarray: Mean and deviation over time and windows of each part of
        the body, ``(N, 2 * P * D)`` for P parts; see :func:`pool_windows`.
    """
    check_joints(backbone, dataset)
    device = next(backbone.parameters()).device
    backbone.eval()
    features, start = None, 0
    for windows in batches(dataset, batch_size, description):
        x = windows.to(device)
        pooled = pool_windows(
            backbone(x.flatten(0, 1)), x.shape[1],
            layout=dataset.sample_layout).cpu().numpy()
        if features is None:
            features = np.empty((len(dataset), *pooled.shape[1:]),
                                pooled.dtype)
        features[start:start + len(pooled)] = pooled
        start += len(pooled)
    return features


def batches(dataset, batch_size: int, description: Optional[str]):
    """Batches of windows, ``(B, num_clips, M, T, V, C)``."""
    ends = [*range(batch_size, len(dataset), batch_size), len(dataset)]
    # A recording alone has no variance, which a batch norm would ask for.
    if len(ends) > 1 and ends[-1] - ends[-2] == 1:
        ends.pop(-2)
    parts = list(map(range, [0, *ends], ends))
    for part in track(parts, description) if description else parts:
        batch = dataset.__getitems__(part)
        yield stack_samples([sample['inputs'] for sample in batch])


@torch.no_grad()
def calibrate_batch_norm(backbone: torch.nn.Module, dataset,
                         batch_size: int = 32,
                         description: Optional[str] = 'batch norm') -> None:
    """Give batch norms the statistics of the data, without labels.

    A random encoder is judged fairly only so: as initialised, its batch
    norms pass whatever scale the data has. Batches are mixed, for neighbours
    in a file are of one actor.

    Args:
        backbone (nn.Module): A GCN; left in eval mode.
        dataset (SkeletonDataset): With a test pipeline.
        batch_size (int): Recordings at a time.
        description (str, optional): Of the progress bar; None for none.
    """
    device = next(backbone.parameters()).device
    norms = [m for m in backbone.modules()
             if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
    backbone.train()
    mixed = torch.randperm(len(dataset),
                           generator=torch.Generator().manual_seed(0))
    dataset = Subset(dataset, mixed.tolist())
    for windows in batches(dataset, batch_size, description):
        backbone(windows[:, 0].to(device))
    backbone.eval()
