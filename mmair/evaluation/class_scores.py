"""What a recogniser says of recordings, to be looked at and fused later."""
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmair.array_file import load_arrays, save_arrays
from mmair.compat import get_gt_label, get_pred_score
from mmair.datasets.class_names import class_names
from mmair.errors import InputError
from mmair.registry import METRICS

from .metrics import emotion_scores

_SOURCE = 'tools/test.py CONFIG CHECKPOINT --dump FILE.npz'


class ClassScores(NamedTuple):
    """Probabilities of the classes, for N recordings and K classes."""
    frame_dir: np.ndarray  #: names of the recordings, (N, )
    label: np.ndarray  #: true classes, -1 where unknown, (N, )
    score: np.ndarray  #: probabilities, (N, K)
    classes: np.ndarray  #: names of the classes, (K, )

    def save(self, path: str) -> None:
        """Write an ``.npz`` of plain arrays."""
        save_arrays(path, **self._asdict())

    @classmethod
    def load(cls, path: str) -> 'ClassScores':
        """Read what :meth:`save` wrote, without running code from it.

        Raises:
            InputError: If it is something else.
        """
        if str(path).endswith(('.pkl', '.pickle')):
            raise InputError(f'{path}: a pickle may run any code, expected '
                             f'an .npz; write it with {_SOURCE}')
        found = cls(**load_arrays(path, cls._fields, _SOURCE))
        found._check(path)
        return found

    def _check(self, path: str) -> None:
        classes, score, label = self.classes, self.score, self.label
        if not (len(label) and classes.ndim == 1 and len(classes) > 1
                and score.shape == (len(label), len(classes))
                and score.dtype.kind == 'f'
                and label.dtype.kind == 'i' and label.shape == (len(label), )
                and self.frame_dir.dtype.kind == classes.dtype.kind == 'U'):
            raise InputError(
                f'{path}: has scores of shape {score.shape}, labels of shape '
                f'{label.shape} and {classes.size} classes, expected '
                '(recordings, classes), (recordings, ) and at least two; '
                f'write it with {_SOURCE}')
        class_names(path, classes.tolist())
        if label.min() < -1 or label.max() >= len(classes):
            raise InputError(f'{path}: has the label {label.max()} or '
                             f'{label.min()}, expected -1 to '
                             f'{len(classes) - 1}')
        if not (np.isfinite(score).all() and (score >= 0).all()
                and np.abs(score.sum(1) - 1).max() < 1e-3):
            raise InputError(
                f"{path}: its scores are no probabilities; set average_clips"
                "='prob' in the head and write it again")
        names, count = np.unique(self.frame_dir, return_counts=True)
        if count.max() > 1:
            raise InputError(f'{path}: has {str(names[count.argmax()])!r} '
                             f'{count.max()} times, expected each recording '
                             'once')

    def labelled(self, path: str) -> 'ClassScores':
        """The recordings whose class is known.

        Raises:
            InputError: If there is none.
        """
        known = self.label >= 0
        if not known.any():
            raise InputError(f'{path}: no recording has a label, expected '
                             'some to compare with')
        return ClassScores(self.frame_dir[known], self.label[known],
                           self.score[known], self.classes)

    def scores(self) -> Dict[str, float]:
        """See :func:`emotion_scores`; of labelled recordings."""
        return emotion_scores(self.label, self.score.argmax(1))


def align(streams: Sequence[ClassScores],
          paths: Sequence[str]) -> List[ClassScores]:
    """Bring streams into the order of the first one's recordings.

    Args:
        streams (Sequence[ClassScores]): Of the same recordings.
        paths (Sequence[str]): Their files, for messages.

    Returns:
        list[ClassScores]: The same, in one order.

    Raises:
        InputError: If recordings, labels or classes are not the same.
    """
    first, result = streams[0], []
    for stream, path in zip(streams, paths):
        if stream.classes.tolist() != first.classes.tolist():
            raise InputError(
                f'{path}: has the classes {", ".join(stream.classes)}, '
                f'{paths[0]} {", ".join(first.classes)}; fuse models of the '
                'same classes')
        other = set(stream.frame_dir) ^ set(first.frame_dir)
        if other:
            raise InputError(
                f'{path}: {len(other)} recordings are not in both this file '
                f'and {paths[0]}, {str(min(other))!r} first; test all '
                'streams on the same split')
        place = {name: i for i, name in enumerate(stream.frame_dir)}
        order = [place[name] for name in first.frame_dir]
        stream = ClassScores(*(x[order] for x in stream[:3]), stream.classes)
        differs = np.flatnonzero(stream.label != first.label)
        if len(differs):
            raise InputError(
                f'{path}: {str(stream.frame_dir[differs[0]])!r} has another '
                f'label than in {paths[0]}; test all streams on the same data')
        result.append(stream)
    return result


def fuse(streams: Sequence[ClassScores],
         weights: Sequence[float]) -> ClassScores:
    """The weighted mean of aligned streams.

    Args:
        streams (Sequence[ClassScores]): From :func:`align`.
        weights (Sequence[float]): One a stream, not all 0.

    Returns:
        ClassScores: Probabilities again.
    """
    share = np.asarray(weights, float) / np.sum(weights)
    mean = sum(w * stream.score for w, stream in zip(share, streams))
    return streams[0]._replace(score=mean)


def search_weights(
        streams: Sequence[ClassScores]) -> Tuple[Tuple[float, ...], float]:
    """The weights of the best macro-F1 on validation recordings.

    Args:
        streams (Sequence[ClassScores]): Aligned, of validation recordings
            with labels.

    Returns:
        tuple: Weights, tenths that sum to 1, and their macro-F1 in percent.
        Of equally good ones the most even.
    """
    def rank(counts: Tuple[int, ...]) -> tuple:
        score = fuse(streams, counts).scores()['macro_f1']
        return round(score, 9), -sum(n * n for n in counts)

    best = max(_shares(10, len(streams)), key=rank)
    return tuple(n / 10 for n in best), rank(best)[0]


def _shares(total: int, parts: int) -> List[Tuple[int, ...]]:
    """All ways to divide ``total`` among ``parts``."""
    if parts == 1:
        return [(total, )]
    return [(n, *rest) for n in range(total + 1)
            for rest in _shares(total - n, parts - 1)]


@METRICS.register_module()
class DumpClassScores(BaseMetric):
    """Write what a recogniser says to an ``.npz``, see :class:`ClassScores`.

    mmengine's ``DumpResults`` writes a pickle, which may run any code when it
    is read.

    Args:
        out_file_path (str): The file; its name ends in ``.npz``.
    """

    def __init__(self, out_file_path: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.out_file_path = out_file_path

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep name, label and scores of each recording."""
        for sample in data_samples:
            score = get_pred_score(sample)
            if score is None:
                raise InputError(
                    f'--dump {self.out_file_path}: this model gives features, '
                    'no class scores; use tools/analysis_tools/'
                    'extract_features.py, or test a recogniser')
            if 'frame_dir' not in sample:
                raise InputError(
                    f'--dump {self.out_file_path}: the samples have no '
                    "frame_dir, by which recordings are told; put 'frame_dir' "
                    'into the meta_keys of the packing transform')
            label = get_gt_label(sample)
            self.results.append((
                sample['frame_dir'], -1 if label is None else int(label),
                score.float().cpu().numpy()))

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """Write the file."""
        names, labels, scores = zip(*results)
        classes = (self.dataset_meta or {}).get('classes') or [
            str(k) for k in range(len(scores[0]))]
        ClassScores(np.array(names), np.array(labels), np.stack(scores),
                    np.array(classes)).save(self.out_file_path)
        print_log(f'The class scores are in {self.out_file_path}',
                  logger='current')
        return {}
