import itertools
import math

import numpy as np
import pytest
import torch

from mmair.evaluation.representation import some_of
from mmair.models.refiners import AppendageLabelRefiner
from mmair.models.refiners.appendage_label_refiner import (chance_jaccard,
                                                           jaccard, nearest)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def allocated(num, recordings=None, limbs=4, **kwargs):
    refiner = AppendageLabelRefiner(**kwargs)
    groups = torch.arange(num) if recordings is None else recordings
    refiner.allocate(groups, 16, (limbs, 8))
    return refiner


def test_agreement_of_lists():
    a = torch.tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    b = torch.tensor([[2, 1, 0], [5, 9, 3], [0, 1, 2]])
    torch.testing.assert_close(jaccard(a, b), torch.tensor([1, 2 / 4, 0]))


@pytest.mark.parametrize('among', [None, torch.arange(1, 40, 2)])
def test_neighbours_are_the_slow_ones(among):
    features = torch.randn(40, 6)
    groups = torch.arange(40) // 3
    found = nearest(features, groups, 5, among, chunk=7)
    allowed = range(40) if among is None else among.tolist()
    for i in range(40):
        def cosine(j, i=i):
            return float(np.dot(features[i], features[j])
                         / np.linalg.norm(features[i])
                         / np.linalg.norm(features[j]))
        others = [j for j in allowed if groups[j] != groups[i]]
        assert found[i].tolist() == sorted(others, key=cosine)[:-6:-1]


@pytest.mark.parametrize('num, k', [(4, 2), (6, 3), (7, 2), (3, 3)])
def test_chance_of_few_is_that_of_all_pairs_of_lists(num, k):
    lists = [set(x) for x in itertools.combinations(range(num), k)]
    values = [len(a & b) / len(a | b) for a in lists for b in lists]
    mean, deviation = chance_jaccard(num, k)
    assert mean == pytest.approx(np.mean(values), abs=1e-12)
    assert deviation == pytest.approx(np.std(values), abs=1e-12)


def test_chance_of_many_is_that_of_random_lists():
    generator = np.random.default_rng(0)
    lists = [[set(generator.permutation(200)[:10]) for _ in range(2)]
             for _ in range(4000)]
    values = [len(a & b) / len(a | b) for a, b in lists]
    mean, deviation = chance_jaccard(200, 10)
    assert np.mean(values) == pytest.approx(
        mean, abs=4 * deviation / math.sqrt(4000))
    assert np.std(values) == pytest.approx(deviation, rel=0.1)


@pytest.mark.parametrize('num, k', [(60, 5), (200, 10), (700, 10),
                                    (1349, 20)])
def test_independent_limbs_have_no_say(num, k):
    refiner = allocated(num, num_neighbors=k)
    refiner.body_bank.normal_()
    refiner.limb_bank.normal_()
    assert refiner.measured_agreement().mean() < 0.05
    assert float(refiner.chance_ratio) == pytest.approx(1, abs=0.25)


def test_limbs_that_see_what_the_body_sees_have_full_say():
    refiner = allocated(200)
    refiner.limb_bank.normal_()
    refiner.body_bank.normal_()[:, :8] = refiner.limb_bank[:, 2]
    refiner.body_bank[:, 8:] = 0
    agreement = refiner.measured_agreement()
    assert agreement[:, 2].min() > 0.95
    assert agreement[:, [0, 1, 3]].mean() < 0.05
    assert refiner.chance_ratio > 2


def test_neighbours_in_the_same_recording_do_not_count():
    """Windows of one recording are alike; that alone is no agreement."""
    recordings = torch.arange(120) // 6

    def agreement(groups):
        refiner = allocated(120, groups, num_neighbors=5)
        noise = 0.01 * torch.randn(120, 16)
        refiner.body_bank.copy_(torch.randn(20, 16)[recordings] + noise)
        refiner.limb_bank.copy_(torch.randn(20, 4, 8)[recordings]
                                + noise[:, None, :8])
        return float(refiner.measured_agreement().mean())
    assert agreement(torch.arange(120)) > 0.3
    assert agreement(recordings) < 0.15
    found = nearest(torch.randn(120, 4), recordings, 5)
    assert (recordings[found] != recordings[:, None]).all()


def slow_agreement(refiner, among):
    """One recording at a time, neighbours among some."""
    groups, k = refiner.groups, refiner.num_neighbors
    body = nearest(refiner.body_bank, groups, k, among)
    num, limbs = refiner.agreement.shape
    c = np.zeros((num, limbs))
    for p in range(limbs):
        lists = nearest(refiner.limb_bank[:, p], groups, k, among)
        for i in range(num):
            a, b = set(body[i].tolist()), set(lists[i].tolist())
            c[i, p] = len(a & b) / len(a | b)
    q90 = np.quantile(c, 0.9, method='lower')
    for i in range(num):
        mean, deviation = chance_jaccard(
            int((groups[among] != groups[i]).sum()), k)
        floor = mean + 2 * deviation
        c[i] = np.clip((c[i] - floor) / max(q90 - floor, 3 * deviation),
                       0, 1)
    return c


@pytest.mark.parametrize('max_candidates', [20000, 54, 27, 18])
def test_agreement_is_the_slow_one(max_candidates):
    recordings = torch.tensor([0] * 5 + [1] + list(range(2, 50)))
    refiner = allocated(54, recordings, num_neighbors=4,
                        max_candidates=max_candidates)
    refiner.body_bank.normal_()
    refiner.limb_bank.normal_()
    for p, strength in enumerate((0.3, 1, 3, 0)):
        refiner.limb_bank[:, p] += strength * refiner.body_bank[:, :8]
    agreement = refiner.measured_agreement()
    assert ((agreement > 0) & (agreement < 1)).any()
    np.testing.assert_allclose(
        agreement, slow_agreement(refiner, some_of(54, max_candidates)),
        atol=1e-6)


def test_recordings_not_yet_seen_do_not_vote():
    """Banks start as zeros, which are the same to body and limbs."""
    refiner = allocated(50)
    index = torch.arange(45)
    refiner.observe(index, torch.randn(45, 16), torch.randn(45, 4, 8))
    assert (refiner.measured_agreement()[45:] == 0).all()
    assert not refiner.body_bank[45:].any()


def test_without_correction_it_is_the_share_of_common_neighbours():
    """As it is, of chance too; recordings not yet seen have no say."""
    refiner = allocated(40, num_neighbors=4, chance_correction=False)
    index = torch.arange(36)
    refiner.observe(index, torch.randn(36, 16), torch.randn(36, 4, 8))
    agreement = refiner.measured_agreement()
    assert (agreement[36:] == 0).all()
    body = nearest(refiner.body_bank, refiner.groups, 4)
    for p in range(4):
        limb = nearest(refiner.limb_bank[:, p], refiner.groups, 4)
        for i in range(36):
            a, b = set(body[i].tolist()), set(limb[i].tolist())
            assert float(agreement[i, p]) == pytest.approx(
                len(a & b) / len(a | b))
    assert agreement.any()


def test_one_recording_alone_has_no_neighbours():
    refiner = allocated(8, torch.zeros(8, dtype=torch.long))
    refiner.body_bank.normal_()
    assert refiner.measured_agreement() is None
    refiner.refresh(refiner.interval, 1.)
    assert not refiner.voting


def test_observe_keeps_the_newest_features_of_a_recording():
    refiner = allocated(6)
    old, new = torch.randn(4, 16), torch.randn(2, 16)
    limbs = torch.randn(4, 4, 8)
    refiner.observe(torch.tensor([5, 0, 2, 3]), old, limbs)
    refiner.observe(torch.tensor([2, 5]), new, limbs[:2])
    torch.testing.assert_close(refiner.body_bank[[0, 3, 2, 5]],
                               torch.stack((old[1], old[3], new[0], new[1])))
    torch.testing.assert_close(refiner.limb_bank[[3, 5]], limbs[[3, 1]])


def labels_and_votes(num):
    labels = [torch.eye(k)[torch.randint(k, (num, ))] for k in (3, 6)]
    votes = [torch.randn(num, 4, k).softmax(-1) for k in (3, 6)]
    return labels, votes


def test_labels_stay_until_the_warm_up_is_over():
    refiner = allocated(30, warmup=0.1, interval=2, num_neighbors=3)
    refiner.limb_bank.normal_()
    refiner.body_bank[:, :8] = refiner.limb_bank[:, 0]
    labels, votes = labels_and_votes(5)
    index = torch.arange(5)
    for epoch, progress in ((2, 0.09), (3, 0.2)):  # too early; not its turn
        refiner.refresh(epoch, progress)
        refined, agreement = refiner(labels, labels, votes, index)
        for a, b in zip(labels, refined):
            assert torch.equal(a, b)
        assert torch.equal(agreement, torch.ones(5, 4))
    refiner.refresh(4, 0.2)
    refined, agreement = refiner(labels, labels, votes, index)
    assert not torch.equal(refined[0], labels[0])
    assert torch.equal(agreement, refiner.agreement[:5])


def test_refined_labels_are_the_slow_ones():
    refiner = allocated(9, beta=0.4, temperature=0.2)
    refiner.agreement.uniform_()
    refiner.agreement[3] = 0
    refiner.voting.fill_(True)
    labels, votes = labels_and_votes(6)
    index = torch.tensor([3, 8, 0, 3, 5, 1])
    refined, _ = refiner(labels, labels, votes, index)
    for y, q, found in zip(labels, votes, refined):
        for n, i in enumerate(index.tolist()):
            c = refiner.agreement[i].tolist()
            total = sum(math.exp(x / 0.2) for x in c)
            weight = [math.exp(x / 0.2) / total for x in c]
            for j in range(y.shape[1]):
                vote = sum(w * float(q[n, p, j])
                           for p, w in enumerate(weight))
                expected = ((1 - 0.6 * max(c)) * float(y[n, j])
                            + 0.6 * max(c) * vote)
                assert float(found[n, j]) == pytest.approx(expected,
                                                           abs=1e-6)
        torch.testing.assert_close(found.sum(1), torch.ones(6))
        # where no limb agrees, none votes
        assert torch.equal(found[[0, 3]], y[[0, 3]])
