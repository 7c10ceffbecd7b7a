"""Metrics of emotion recognition."""
from collections import OrderedDict
from typing import Dict, List, Optional, Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from sklearn.metrics import confusion_matrix, f1_score, recall_score

from mmair.compat import get_gt_label, get_pred_score
from mmair.errors import InputError
from mmair.registry import METRICS

from .knn import knn_predict
from .representation import effective_rank, some_of


def emotion_scores(labels: Sequence[int],
                   predictions: Sequence[int]) -> Dict[str, float]:
    """The scores that mmair reports, in percent.

    Args:
        labels (Sequence[int]): True classes.
        predictions (Sequence[int]): Recognised classes.

    Returns:
        dict[str, float]: ``macro_f1``, ``balanced_accuracy`` and ``top1``,
        over the classes that occur among the labels.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    present = np.unique(labels)
    f1 = f1_score(labels, predictions, labels=present, average='macro',
                  zero_division=0)
    recall = recall_score(labels, predictions, labels=present,
                          average='macro', zero_division=0)
    return dict(macro_f1=100 * float(f1),
                balanced_accuracy=100 * float(recall),
                top1=100 * float((labels == predictions).mean()))


@METRICS.register_module()
class EmotionMetric(BaseMetric):
    """Macro-F1, balanced accuracy, top-1, and recall and F1 of each class.

    Classes are unbalanced in emotion data, so macro-F1 comes first. The
    confusion matrix goes to the log.
    """

    default_prefix = 'emotion'

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep label and arg max of each recording."""
        for sample in data_samples:
            label = get_gt_label(sample)
            if label is None:
                raise InputError(
                    f'{sample.get("frame_dir", "a recording")}: has no '
                    'label, expected one to score; set `classes` in the test '
                    'dataset, which leaves such recordings out')
            self.results.append((int(label),
                                 int(get_pred_score(sample).argmax())))

    def compute_metrics(self, results: List) -> Dict[str, float]:
        """Scores over all recordings, in percent."""
        labels, predictions = np.array(results).T
        scores = OrderedDict(emotion_scores(labels, predictions))
        names = (self.dataset_meta or {}).get('classes', ())
        present = np.union1d(labels, predictions)
        names = [names[i] if i < len(names) else str(i) for i in present]
        f1 = f1_score(labels, predictions, labels=present, average=None,
                      zero_division=0)
        recall = recall_score(labels, predictions, labels=present,
                              average=None, zero_division=0)
        for name, f, r in zip(names, f1, recall):
            scores[f'f1_{name}'] = 100 * float(f)
            scores[f'recall_{name}'] = 100 * float(r)
        matrix = confusion_matrix(labels, predictions, labels=present)
        width = max(map(len, names)) + 1
        rows = [f'{n:>{width}} ' + ' '.join(f'{c:4d}' for c in row)
                for n, row in zip(names, matrix)]
        print_log('Confusion matrix (rows: true, columns: recognised)\n' +
                  '\n'.join(rows), logger='current')
        return scores


@METRICS.register_module()
class KNNMetric(BaseMetric):
    """Watch pre-training: nearest neighbours within the data that is given.

    Each recording is recognised by the others, except those of the same
    ``recording`` (leave one recording out). A diagnostic inside the training
    part: it uses labels, so it must not choose what is shipped. Recordings
    without a label do not take part; without any there is no score. Of more
    than 20000 so many are drawn and compared.

    Args:
        k (Sequence[int]): Numbers of neighbours. Defaults to (1, 20).
    """

    default_prefix = 'knn'

    def __init__(self, k: Sequence[int] = (1, 20), **kwargs) -> None:
        super().__init__(**kwargs)
        self.k = k

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep feature, label and recording."""
        for sample in data_samples:
            label: Optional[object] = get_gt_label(sample)
            self.results.append((
                sample['feature'].float().cpu().numpy(),
                -1 if label is None else int(label),
                sample.get('recording') or str(sample.get('sample_idx'))))

    def compute_metrics(self, results: List) -> Dict[str, float]:
        """Scores in percent, and the effective rank of the features."""
        features = np.stack([r[0] for r in results])
        labels = np.array([r[1] for r in results])
        groups = np.array([r[2] for r in results])
        scores = OrderedDict(effective_rank=effective_rank(
            torch.from_numpy(features)[some_of(len(features))]))
        known = np.flatnonzero(labels >= 0)
        if not len(known):
            return scores
        known = known[some_of(len(known)).numpy()]
        features, labels, groups = (
            x[known] for x in (features, labels, groups))
        for k in self.k:
            predictions = knn_predict(features, labels, features, k, groups,
                                      groups)
            for name, value in emotion_scores(labels, predictions).items():
                scores[f'k{k}_{name}'] = value
        return scores
