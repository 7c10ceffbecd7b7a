import math

import pytest
import torch
from slow_labels import distributions, slow_divergence

from mmair.models.losses import jensen_shannon
from mmair.models.refiners import BatchAgreementRefiner


def test_divergence_is_the_slow_one():
    p, q = distributions(5, 4), distributions(5, 4, seed=1)
    p[0] = torch.tensor([0., 0.5, 0.5, 0])
    q[0] = torch.tensor([0.25, 0, 0.75, 0])
    assert jensen_shannon(p, q).tolist() == pytest.approx(
        [slow_divergence(a, b) for a, b in zip(p.tolist(), q.tolist())])
    torch.testing.assert_close(jensen_shannon(p, q), jensen_shannon(q, p))


def test_divergence_is_in_bits():
    e = torch.eye(3)
    torch.testing.assert_close(jensen_shannon(e, e), torch.zeros(3))
    torch.testing.assert_close(jensen_shannon(e, e.roll(1, 0)), torch.ones(3))


def test_gradients_are_finite_where_something_is_impossible():
    p = torch.tensor([[0., 1.], [0.5, 0.5]], requires_grad=True)
    q = torch.tensor([[1., 0.], [1., 0.]], requires_grad=True)
    jensen_shannon(p, q).sum().backward()
    assert torch.isfinite(p.grad).all() and torch.isfinite(q.grad).all()


def test_agreement_and_labels_are_the_slow_ones():
    refiner = BatchAgreementRefiner(beta=0.4, temperature=0.2)
    refiner.allocate(torch.arange(9), 16, (4, 8))
    body = [distributions(6, k, seed=k) for k in (3, 5)]
    limbs = [distributions(6, 4, k, seed=k + 1) for k in (3, 5)]
    limbs[0][0, 2], limbs[1][0, 2] = body[0][0], body[1][0]
    labels = [torch.eye(k).double()[:1].repeat(6, 1) for k in (3, 5)]
    index = torch.arange(6)
    # Before the warm-up is over labels stay.
    refiner.refresh(1, 0.05)
    refined, agreement = refiner(labels, body, limbs, index)
    assert torch.equal(refined[1], labels[1]) and (agreement == 1).all()

    refiner.refresh(2, 0.1)
    refined, agreement = refiner(labels, body, limbs, index)
    assert agreement.shape == (6, 4)
    for n in range(6):
        c = [1 - sum(slow_divergence(b[n].tolist(), q[n, p].tolist())
                     for b, q in zip(body, limbs)) / 2 for p in range(4)]
        assert agreement[n].tolist() == pytest.approx(c)
        total = sum(math.exp(v / 0.2) for v in c)
        for y, q, found in zip(labels, limbs, refined):
            vote = sum(math.exp(v / 0.2) / total * q[n, p]
                       for p, v in enumerate(c))
            torch.testing.assert_close(
                found[n], (1 - 0.6 * max(c)) * y[n] + 0.6 * max(c) * vote)
    assert agreement[0, 2] == pytest.approx(1)
    assert refiner.meters()['agreement'] == pytest.approx(
        float(agreement.mean()))
