"""Nearest neighbours against a slow reference."""
import tracemalloc

import numpy as np
import pytest

from mmair.evaluation import knn, knn_predict


def slow_knn(bank, labels, queries, k, bank_groups=None, query_groups=None):
    """One query, one neighbour, one class at a time."""
    mean = [np.mean(column) for column in bank.T]
    std = [np.std(column) for column in bank.T]
    found = []
    for q, query in enumerate(queries):
        similarity = []
        for n, other in enumerate(bank):
            if (bank_groups is not None
                    and bank_groups[n] == query_groups[q]):
                continue
            a, b = ([(x - m) / s for x, m, s in zip(row, mean, std)]
                    for row in (query, other))
            dot, aa, bb = (sum(x * y for x, y in zip(c, d))
                           for c, d in ((a, b), (a, a), (b, b)))
            similarity.append((dot / (aa * bb)**.5, labels[n]))
        nearest = sorted(similarity, reverse=True)[:k]
        votes = {}
        for cosine, label in nearest:
            count, total = votes.get(label, (0, 0))
            votes[label] = count + 1, total + cosine
        found.append(max(votes, key=votes.get) if votes else -1)
    return found


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 60)
    centres = rng.normal(size=(4, 6))
    x = centres[labels] + rng.normal(size=(60, 6))
    # Scale and offset of a dimension must not count.
    return 10.**np.arange(-3, 3) * x + 5, labels


@pytest.mark.parametrize('k', [1, 2, 3, 4, 8, 20, 100])
@pytest.mark.parametrize('grouped', [False, True])
@pytest.mark.parametrize('chunk', [10**7, 7 * 40])
def test_against_the_slow_reference(features, k, grouped, chunk,
                                    monkeypatch):
    monkeypatch.setattr(knn, '_CHUNK', chunk)
    x, labels = features
    bank, queries = slice(0, 40), slice(40, 60)
    groups = np.array([f'g{i % 7}' for i in range(60)])
    arguments = [x[bank], labels[bank], x[queries], k]
    if grouped:
        arguments += [groups[bank], groups[queries]]
    found = knn_predict(*arguments)
    assert found.tolist() == slow_knn(*arguments)
    # float32 features, as networks give them.
    arguments[0], arguments[2] = (arguments[i].astype(np.float32)
                                  for i in (0, 2))
    assert (knn_predict(*arguments) == found).mean() > .9
    if k <= 20:  # better than chance, or the reference is beside the point
        assert (found == labels[queries]).mean() > .5


def test_leave_one_group_out(features):
    x, labels = features
    groups = np.arange(60) // 2
    found = knn_predict(x, labels, x, 1, groups, groups)
    assert found.tolist() == slow_knn(x, labels, x, 1, groups, groups)
    # Without groups everybody is his own nearest neighbour.
    assert knn_predict(x, labels, x, 1).tolist() == labels.tolist()


@pytest.mark.parametrize('last, winner', [(-42, 2), (-39, 1)])
def test_ties_go_to_the_closer(last, winner):
    """Two against two; 10 and ``last`` degrees against 12 and 40."""
    angle = np.deg2rad([10., -12., 40., last])
    bank = np.stack((np.cos(angle), np.sin(angle)), 1)
    # With all quarter turns mean and deviation are those of the circle.
    turned = np.stack((-bank[:, 1], bank[:, 0]), 1)
    bank = np.concatenate((bank, -bank, turned, -turned))
    labels = np.array([1, 2, 2, 1] + [5] * 12)
    assert knn_predict(bank, labels, np.array([[1., 0.]]), 4) == [winner]


def test_nobody_left_to_vote():
    x = np.random.default_rng(0).normal(size=(5, 3))
    labels = np.array([0, 0, 1, 1, 1])
    groups = np.array(['a', 'a', 'b', 'a', 'a'])
    # All others are of the group of most; only 'b' has neighbours for them.
    assert knn_predict(x, labels, x, 3, groups, groups)[[0, 1, 3, 4]].tolist(
    ) == [1, 1, 1, 1]
    same = np.array(['a'] * 5)
    assert knn_predict(x, labels, x, 3, same, same).tolist() == [-1] * 5


def test_what_is_constant_in_the_bank_tells_nothing(features):
    x, labels = features
    expected = knn_predict(x[:40], labels[:40], x[40:], 5)
    dead = np.tile(np.float32([.1, .3, .7, 1.1]), (60, 1))
    dead[45:] = 1e6  # alive in some queries
    found = knn_predict(np.concatenate((x, dead), 1)[:40], labels[:40],
                        np.concatenate((x, dead), 1)[40:], 5)
    assert found.tolist() == expected.tolist()
    assert knn_predict(dead[:40], labels[:40], dead[40:], 1).shape == (20, )


def test_memory_does_not_grow_with_the_square():
    """20000 recordings: all similarities at once would be 3.2 GB."""
    x = np.random.default_rng(0).normal(size=(20000, 2))
    labels = (x[:, 0] > 0).astype(int)
    groups = np.arange(20000)
    tracemalloc.start()
    found = knn_predict(x, labels, x, 5, groups, groups)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found == labels).mean() > .95
    assert peak < 1e9
