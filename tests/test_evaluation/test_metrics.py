"""Metrics on cases made by hand and against scikit-learn."""

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from sklearn.metrics import (accuracy_score, balanced_accuracy_score,
                             f1_score)
from tiny_air import set_gt_label

import mmair.evaluation.metrics as metrics_module
from mmair.errors import InputError
from mmair.evaluation import EmotionMetric, KNNMetric, emotion_scores


def sample(label=None, prediction=None, classes=3, **metainfo):
    made = ActionDataSample(metainfo=metainfo)
    if label is not None:
        set_gt_label(made, label)
    if prediction is not None:
        scores = torch.zeros(classes)
        scores[prediction] = 1
        (made.set_pred_scores if hasattr(made, 'set_pred_scores') else
         made.set_pred_score)(scores)
    return made


def evaluate(metric, samples, classes=None):
    if classes:
        metric.dataset_meta = dict(classes=classes)
    metric.process({}, [s.to_dict() for s in samples])
    return metric.evaluate(len(samples))


def test_scores_by_hand():
    # joy: 3 of 4, fear: 1 of 2; joy is said 4 times, fear twice.
    scores = emotion_scores([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0])
    assert scores['top1'] == pytest.approx(400 / 6)
    assert scores['balanced_accuracy'] == pytest.approx(100 * (3 / 4 + 1 / 2)
                                                        / 2)
    assert scores['macro_f1'] == pytest.approx(100 * (3 / 4 + 1 / 2) / 2)
    # Who always says the same.
    scores = emotion_scores([0, 0, 0, 1], [0, 0, 0, 0])
    assert scores['top1'] == 75 and scores['balanced_accuracy'] == 50
    assert scores['macro_f1'] == pytest.approx(100 * (6 / 7) / 2)


@pytest.mark.parametrize('seed', range(5))
def test_scores_against_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = np.concatenate((np.arange(7), rng.integers(0, 7, 200)))
    said = np.where(rng.random(207) < .4, labels, rng.integers(0, 7, 207))
    scores = emotion_scores(labels, said)
    assert scores == pytest.approx(dict(
        macro_f1=100 * f1_score(labels, said, average='macro'),
        balanced_accuracy=100 * balanced_accuracy_score(labels, said),
        top1=100 * accuracy_score(labels, said)))


def test_classes_that_do_not_occur_do_not_count():
    # 2 is said but never true; -1 stands for nothing said.
    scores = emotion_scores([0, 0, 1, 1], [0, 2, 1, -1])
    assert scores['macro_f1'] == pytest.approx(100 * 2 / 3)
    assert scores['balanced_accuracy'] == 50 and scores['top1'] == 50


def test_emotion_metric(monkeypatch):
    told = []
    monkeypatch.setattr(metrics_module, 'print_log',
                        lambda message, **kwargs: told.append(message))
    pairs = [(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 0)]
    scores = evaluate(EmotionMetric(), [sample(*p) for p in pairs],
                      ('joy', 'fear', 'pride'))
    assert scores == pytest.approx({
        'emotion/macro_f1': 62.5, 'emotion/balanced_accuracy': 62.5,
        'emotion/top1': 400 / 6, 'emotion/f1_joy': 75,
        'emotion/recall_joy': 75, 'emotion/f1_fear': 50,
        'emotion/recall_fear': 50})
    rows = [line.split() for line in told[0].splitlines()[1:]]
    assert rows == [['joy', '3', '1'], ['fear', '1', '1']]


def test_emotion_metric_without_names_and_with_a_class_too_many():
    scores = evaluate(EmotionMetric(), [sample(0, 0), sample(1, 2)])
    assert scores['emotion/recall_1'] == 0
    scores = evaluate(EmotionMetric(), [sample(0, 0), sample(1, 2)],
                      ('joy', 'fear'))
    assert scores['emotion/recall_fear'] == 0 and 'emotion/f1_2' in scores


def test_emotion_metric_needs_labels():
    with pytest.raises(InputError, match='wave7: has no label, expected one '
                       'to score; set `classes`'):
        evaluate(EmotionMetric(), [sample(None, 1, frame_dir='wave7')])


def clusters(count, spread=.1, seed=0):
    """Features around three directions, with their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    x = 3 * np.eye(3)[labels] + spread * rng.normal(size=(count, 3))
    return torch.tensor(x, dtype=torch.float32), labels.tolist()


def knn_samples(x, labels, recordings):
    samples = []
    for i, (feature, label, recording) in enumerate(zip(x, labels,
                                                        recordings)):
        samples.append(sample(label, sample_idx=i, **(
            dict(recording=recording) if recording else {})))
        samples[-1].set_field(feature, 'feature', field_type='data')
    return samples


def test_knn_metric():
    x, labels = clusters(30)
    scores = evaluate(KNNMetric(), knn_samples(x, labels,
                                               [f'r{i}' for i in range(30)]))
    assert set(scores) == {'knn/effective_rank', *(
        f'knn/k{k}_{name}' for k in (1, 20)
        for name in ('macro_f1', 'balanced_accuracy', 'top1'))}
    assert scores['knn/k1_top1'] == scores['knn/k1_macro_f1'] == 100
    # Twenty neighbours of nine of a kind.
    assert scores['knn/k20_top1'] <= 100


def test_knn_metric_leaves_the_recording_out():
    """Pairs of the same recording that no other resembles."""
    x = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))
    x = torch.cat((x, x + .001 * torch.randn_like(x)))
    labels = [i % 2 for i in range(20)] * 2
    recordings = [f'r{i}' for i in range(20)] * 2
    known = evaluate(KNNMetric([1]), knn_samples(x, labels, [None] * 40))
    blind = evaluate(KNNMetric([1]), knn_samples(x, labels, recordings))
    assert known['knn/k1_top1'] == 100
    assert blind['knn/k1_top1'] < 85


def test_knn_metric_with_unlabelled_and_few():
    x, labels = clusters(12)
    names = [f'r{i}' for i in range(12)]
    some = [None if i % 4 == 3 else label for i, label in enumerate(labels)]
    scores = evaluate(KNNMetric([1, 50]), knn_samples(x, some, names))
    known = [i for i in range(12) if some[i] is not None]
    expected = evaluate(KNNMetric([1, 50]), knn_samples(
        x[known], [some[i] for i in known], [names[i] for i in known]))
    for name, value in expected.items():
        if name != 'knn/effective_rank':  # which needs no labels
            assert scores[name] == value
    assert scores['knn/k1_top1'] == 100
    none = evaluate(KNNMetric(), knn_samples(x, [None] * 12, names))
    assert set(none) == {'knn/effective_rank'}
    alone = evaluate(KNNMetric(), knn_samples(x[:1], labels[:1], names[:1]))
    assert alone['knn/k1_top1'] == 0  # nobody to ask
