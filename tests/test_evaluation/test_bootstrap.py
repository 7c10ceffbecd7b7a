"""The paired bootstrap against a slow one, and on planted differences."""
import numpy as np
import pytest

from mmair.evaluation.bootstrap import macro_f1_of_counts, paired_bootstrap
from mmair.evaluation.metrics import emotion_scores


def data(accuracy, seeds=2, total=120, classes=4, seed=0):
    """Labels, and predictions that are right so often."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, total)
    wrong = rng.integers(0, classes, (seeds, total))
    right = rng.random((seeds, total)) < accuracy
    return labels, np.where(right, labels, wrong)


def macro_f1(labels, predictions):
    return emotion_scores(labels, predictions)['macro_f1']


def test_macro_f1_is_the_reported_score():
    """Also where a class is never recognised or does not occur."""
    labels = np.array([0, 0, 1, 1, 3, 3, 3])
    predictions = np.array([0, 1, 2, 2, 3, 0, 3])
    hits = [((labels == c) & (predictions == c)).sum() for c in range(4)]
    assert macro_f1_of_counts(
        np.array(hits), np.bincount(labels, minlength=4),
        np.bincount(predictions, minlength=4)) == pytest.approx(
        macro_f1(labels, predictions))


def test_against_a_slow_bootstrap():
    labels, first = data(.5)
    _, second = data(.4, seeds=3, seed=1)
    found = paired_bootstrap(labels, first, second, num_samples=99, seed=5)

    rng = np.random.default_rng(5)
    counts = rng.multinomial(len(labels), np.full(len(labels),
                                                  1 / len(labels)), 99)
    differences = []
    for count in counts:
        drawn = np.repeat(np.arange(len(labels)), count)
        means = [np.mean([macro_f1(labels[drawn], row[drawn])
                          for row in rows]) for rows in (first, second)]
        differences.append(means[0] - means[1])
    differences = np.array(differences)
    below, above = (differences <= 0).sum(), (differences >= 0).sum()
    assert found['p_value'] == pytest.approx(
        min(1, 2 * (min(below, above) + 1) / 100))
    low, high = np.percentile(differences, [2.5, 97.5])
    assert (found['low'], found['high']) == pytest.approx((low, high),
                                                          abs=1e-3)
    assert found['difference'] == pytest.approx(
        np.mean([macro_f1(labels, row) for row in first])
        - np.mean([macro_f1(labels, row) for row in second]), abs=1e-3)


def test_the_same_predictions_do_not_differ():
    labels, first = data(.5)
    found = paired_bootstrap(labels, first, first, num_samples=500)
    assert found == dict(difference=0, low=0, high=0, p_value=1)


def test_a_planted_difference_is_found():
    labels, first = data(.8)
    # Another seed would draw other labels: make the first worse.
    rng = np.random.default_rng(1)
    second = np.where(rng.random(first.shape) < .5, first,
                      rng.integers(0, 4, first.shape))
    found = paired_bootstrap(labels, first, second, num_samples=2000)
    assert found['difference'] > 10 and found['p_value'] < .01
    assert 0 < found['low'] < found['difference'] < found['high']
    turned = paired_bootstrap(labels, second, first, num_samples=2000)
    assert turned['difference'] == pytest.approx(-found['difference'])
    assert turned['p_value'] == found['p_value']


def test_equal_methods_are_seldom_told_apart():
    """Two random methods: p below 0.05 in about one of twenty."""
    values = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 3, 90)
        first, second = rng.integers(0, 3, (2, 1, 90))
        values.append(paired_bootstrap(labels, first, second,
                                       num_samples=400)['p_value'])
    assert np.mean(np.array(values) < .05) < .15
    assert .3 < np.median(values) < .8
