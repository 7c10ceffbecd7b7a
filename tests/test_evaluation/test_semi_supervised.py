from collections import Counter

import numpy as np
import pytest

from mmair.errors import InputError
from mmair.evaluation.semi_supervised import labelled_subset

LABELS = np.repeat([0, 1, 2], [60, 30, 3])
NAMES = [f'r{i:03d}' for i in range(len(LABELS))]


@pytest.mark.parametrize('percentage, expected', [
    (5, [3, 2, 1]), (10, [6, 3, 1]), (20, [12, 6, 1]), (50, [30, 15, 2]),
    (100, [60, 30, 3])])
def test_every_class_gives_its_share(percentage, expected):
    """Half a recording counts as one; no class is left without."""
    chosen = labelled_subset(NAMES, LABELS, percentage, 0)
    assert sorted(set(chosen)) == chosen.tolist()
    assert Counter(LABELS[chosen]) == dict(enumerate(expected))


def test_the_order_of_recordings_does_not_matter():
    order = np.random.default_rng(0).permutation(len(NAMES))
    shuffled = labelled_subset([NAMES[i] for i in order], LABELS[order], 20,
                               3)
    assert {NAMES[order[i]] for i in shuffled} == {
        NAMES[i] for i in labelled_subset(NAMES, LABELS, 20, 3)}


def test_the_same_on_every_machine():
    """Recorded once."""
    recorded = [[10, 18, 26, 65, 89, 92], [27, 32, 35, 69, 88, 92]]
    for draw, expected in enumerate(recorded):
        assert labelled_subset(NAMES, LABELS, 5, draw).tolist() == expected


def test_draws_and_percentages_are_independent():
    draws = [frozenset(labelled_subset(NAMES, LABELS, 20, d))
             for d in range(5)]
    assert len(set(draws)) == 5
    # Two draws of 12 of 60 share 2.4 on average, not most.
    shared = [len([i for i in a & b if LABELS[i] == 0])
              for a in draws for b in draws if a is not b]
    assert 1 < np.mean(shared) < 4
    small = set(labelled_subset(NAMES, LABELS, 10, 0))
    assert not small <= draws[0]


@pytest.mark.parametrize('percentage', [0, -5, 101])
def test_a_wrong_percentage_is_refused(percentage):
    with pytest.raises(InputError, match='percentage of labels: found'):
        labelled_subset(NAMES, LABELS, percentage, 0)
