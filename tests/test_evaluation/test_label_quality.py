from collections import Counter
from itertools import permutations
from math import exp, log

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from mmair.evaluation.label_quality import (Knowledge, chance_purity, churn,
                                            contingency, knowledge_of, purity,
                                            usage)

# Code 0: a a b, code 1: b b b c, code 3: c.
CODES = np.array([0, 0, 0, 1, 1, 1, 1, 3])
VALUES = np.array([0, 0, 1, 1, 1, 1, 2, 2])


def test_purity_by_hand():
    assert contingency(CODES, VALUES).tolist() == [
        [2, 1, 0], [0, 3, 1], [0, 0, 0], [0, 0, 1]]
    assert purity(CODES, VALUES) == (2 + 3 + 1) / 8
    assert purity(VALUES, VALUES) == 1
    assert purity(np.zeros(8, int), VALUES) == 4 / 8
    assert purity(np.arange(8), VALUES) == 1  # which tells nothing


def test_chance_purity_is_that_of_all_orders():
    codes, values = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2])
    exact = [purity(codes, np.array(order))
             for order in permutations(values.tolist())]
    mean, deviation = chance_purity(codes, values, draws=4000)
    error = np.std(exact) / 4000**.5
    assert abs(mean - np.mean(exact)) < 4 * error
    assert deviation == pytest.approx(np.std(exact), rel=.1)
    assert chance_purity(codes, values) == chance_purity(codes, values)
    assert chance_purity(codes, values) != chance_purity(codes, values,
                                                         seed=1)


def test_random_labels_are_no_purer_than_chance_and_true_ones_are():
    rng = np.random.default_rng(0)
    values = rng.integers(5, size=400)
    chance, deviation = chance_purity(rng.integers(20, size=400), values)
    assert chance > .3  # far above 1 / 5
    for codes, expected in ((rng.integers(20, size=400), False),
                            (4 * values + rng.integers(4, size=400), True)):
        known = Knowledge('actor', tuple('abcde'[v] for v in values))
        found = known.agreement(codes)
        above = (found['purity'] - found['chance_purity']) / found[
            'chance_deviation']
        assert (above > 4) == expected and (found['ami'] > .05) == expected


def test_adjusted_mutual_information_by_its_definition():
    """Expected mutual information over all orders, arithmetic mean."""
    codes, values = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 2])

    def entropy(x):
        return -sum(n / 6 * log(n / 6) for n in Counter(x.tolist()).values())

    expected = np.mean([mutual_info_score(codes, order)
                        for order in permutations(values.tolist())])
    shared = mutual_info_score(codes, values)
    ami = (shared - expected) / (
        (entropy(codes) + entropy(values)) / 2 - expected)
    known = Knowledge('actor', tuple('xyz'[v] for v in values))
    assert known.agreement(codes)['ami'] == pytest.approx(ami)


def test_what_is_unknown_does_not_count():
    known = Knowledge('action', ('a', None, 'b', 'b', None, 'b'))
    found = known.agreement(np.array([0, 1, 1, 1, 1, 0]))
    assert found['recordings'] == 4 and found['values'] == 2
    assert found['purity'] == 3 / 4
    assert Knowledge('action', (None, None)).agreement(
        np.zeros(2, int)) == dict(lack='not in the data')
    assert Knowledge('actor', ('a', None)).agreement(
        np.zeros(2, int)) == dict(lack="'a' alone")


def test_commonest_values_beside_their_share_in_all():
    known = Knowledge('actor', ('a', 'b', 'b', None, 'c', 'a', 'b', 'c'))
    chosen = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert known.commonest(chosen, 2) == [('b', 2 / 3, 3 / 7),
                                          ('a', 1 / 3, 2 / 7)]
    assert known.commonest(chosen, 1) == [('b', 2 / 3, 3 / 7)]
    assert known.commonest(np.zeros(8, bool), 2) == []


def test_segments_by_hand():
    """Purity and information of segments, whose recordings are permuted."""
    known = Knowledge('actor', ('a', 'a', 'b', None, 'b'))
    counts = np.array([[3, 0], [2, 1], [0, 3], [9, 9], [1, 2]])

    def information(values):
        table = sum(np.outer(np.eye(2)[v], c)
                    for v, c in zip(values, counts[[0, 1, 2, 4]])) / 12
        outer = np.outer(table.sum(1), table.sum(0))
        return table.max(0).sum(), sum(
            p * log(p / q) for p, q in zip(table.flat, outer.flat) if p)

    orders = np.array([information(order)
                       for order in permutations([0, 0, 1, 1])])
    pure, shared = information([0, 0, 1, 1])
    found = known.agreement_of_segments(counts, draws=4000)
    assert found['recordings'] == 4 and found['values'] == 2
    assert found['purity'] == pytest.approx(pure) == pytest.approx(10 / 12)
    assert found['chance_purity'] == pytest.approx(orders[:, 0].mean(),
                                                   abs=.01)
    chance = orders[:, 1].mean()
    assert found['ami'] == pytest.approx(
        (shared - chance) / (log(2) - chance), abs=.01)
    # To have codes of one's own is to know of no actor.
    alone = known.agreement_of_segments(7 * np.eye(5, dtype=int))
    assert alone['purity'] == alone['chance_purity'] == 1
    assert alone['ami'] == 0
    assert Knowledge('action', (None, ) * 5).agreement_of_segments(
        counts) == dict(lack='not in the data')


def test_segments_count_for_what_is_commonest():
    known = Knowledge('actor', ('a', 'b', 'b', None))
    assert known.commonest(np.array([6, 1, 1, 5]), 2) == [
        ('a', 6 / 8, 1 / 3), ('b', 2 / 8, 2 / 3)]


def test_use_of_the_codes():
    found = usage(np.array([0, 0, 1, 1, 3, 3]), 4)
    assert found == dict(used=3, perplexity=pytest.approx(3),
                         perplexity_share=pytest.approx(.75), largest=1 / 3)
    uneven = usage(np.array([0, 0, 0, 1]), 2)
    assert uneven['perplexity'] == pytest.approx(
        exp(-.75 * log(.75) - .25 * log(.25)))
    assert usage(np.array([5, 5]), 8)['perplexity'] == 1
    nothing = usage(np.array([], dtype=int), 4)
    assert nothing['perplexity_share'] == 1 / 4 and nothing['used'] == 0


def test_churn_is_over_what_has_both():
    assert churn(np.array([0, 1, 2, -1]), np.array([0, 2, 1, 3])) == 2 / 3
    assert churn(np.array([0, 1]), np.array([-1, -1])) is None


def test_what_the_data_tells():
    emotion, actor, session, action = knowledge_of(
        [dict(label=1, actor='A', recording='r', action='walk'),
         dict(recording='s'), dict(label=5, recording='s')], ['joy', 'fear'])
    assert emotion.values == ('fear', None, 'class 5')
    assert actor.values == ('A', None, None)
    assert session.values == ('r', 's', 's') and session.name == 'session'
    assert action.values == ('walk', None, None)
