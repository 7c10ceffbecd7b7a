import math

import numpy as np
import pytest
import torch

from mmair.models.losses import AppendageLoss, MultiGranularityAlignmentLoss
from mmair.models.losses.alignment_loss import variance_covariance


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def doubles(*shape):
    return torch.randn(shape, dtype=torch.float64)


def test_appendage_loss_is_the_slow_one():
    num, limbs = 5, 4
    log_probs = [doubles(num, limbs, k).log_softmax(-1) for k in (3, 7)]
    labels = [doubles(num, k).softmax(-1) for k in (3, 7)]
    agreement = torch.rand(num, limbs, dtype=torch.float64)
    expected = 0
    for log_p, y in zip(log_probs, labels):
        k = log_p.shape[-1]
        for i in range(num):
            for p in range(limbs):
                c = float(agreement[i, p])
                expected += c * sum(
                    -float(y[i, j] * log_p[i, p, j]) for j in range(k))
                expected += (1 - c) * sum(
                    (math.log(1 / k) - float(log_p[i, p, j])) / k
                    for j in range(k))
    expected *= 0.3 / (num * limbs * 2)
    loss = AppendageLoss(loss_weight=0.3)(log_probs, labels, agreement)
    assert float(loss['loss_limb']) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('agreement, best', [(1., 'label'), (0., 'even')])
def test_a_limb_learns_the_label_or_to_be_undecided(agreement, best):
    y = torch.eye(4)[:1]
    limbs = dict(label=y * 20, even=torch.zeros(1, 4))
    loss = {name: float(AppendageLoss(loss_weight=1.)(
        [logits.log_softmax(-1)[:, None]], [y],
        torch.full((1, 1), agreement))['loss_limb'])
        for name, logits in limbs.items()}
    assert min(loss, key=loss.get) == best
    assert loss[best] == pytest.approx(0, abs=1e-6)


def slow_variance_covariance(z):
    num, kinds, width = z.shape
    variance = covariance = 0
    for s in range(kinds):
        x = z[:, s].numpy()
        cov = np.cov(x, rowvar=False)
        for i in range(width):
            std = math.sqrt(cov[i, i] + 1e-4)
            variance += max(0, 1 - std) / width / kinds
            covariance += sum(cov[i, j]**2 for j in range(width)
                              if j != i) / width / kinds
    return variance, covariance


def test_one_sample_has_no_variance():
    """As of samples that are all the same: no variance, but numbers."""
    z = torch.randn(1, 2, 5)
    one, same = variance_covariance(z), variance_covariance(z.expand(3, 2, 5))
    assert one == same and one[0] > .9 and one[1] == 0


def test_variance_covariance_is_the_slow_one():
    z = doubles(9, 3, 4) * torch.tensor([0.5, 1, 2, 0.1]) + 5
    for term, expected in zip(variance_covariance(z),
                              slow_variance_covariance(z)):
        assert float(term) == pytest.approx(expected, abs=1e-10)


def test_variance_and_covariance_vanish_where_they_should():
    spread = torch.tensor([[1., 1], [1, -1], [-1, 1], [-1, -1]]) * 2
    variance, covariance = variance_covariance(spread[:, None])
    assert variance == 0 and covariance == 0
    variance, _ = variance_covariance(torch.ones(4, 1, 2))
    assert float(variance) == pytest.approx(0.99)


def test_variance_covariance_under_autocast_is_that_of_fp32():
    z = torch.randn(64, 5, 16) * 300
    with torch.autocast('cpu', torch.bfloat16):
        half = variance_covariance(z)
        assert variance_covariance(z.bfloat16())[1].dtype == torch.float32
    torch.testing.assert_close(half, variance_covariance(z))


def test_alignment_loss_is_the_slow_one():
    num, groups, width = 6, 7, 5
    limbs, body, teacher_limbs, teacher_body = (
        doubles(num, groups, width) for _ in range(4))
    projections = doubles(num, 5, width)

    def cosine(a, b):
        a, b = a.tolist(), b.tolist()
        return sum(x * y for x, y in zip(a, b)) / (math.hypot(*a)
                                                   * math.hypot(*b))
    similarity = 0
    for i in range(num):
        for g in range(groups):
            similarity += 1 - cosine(limbs[i, g], teacher_body[i, g])
            similarity += 1 - cosine(body[i, g], teacher_limbs[i, g])
    similarity /= 2 * num * groups
    variance, covariance = slow_variance_covariance(projections)
    losses = MultiGranularityAlignmentLoss(loss_weight=0.3, sim_weight=4.)(
        limbs, body, teacher_limbs, teacher_body, projections)
    expected = dict(loss_sim=0.3 * 4 * similarity, loss_var=0.3 * variance,
                    loss_cov=0.3 * covariance)
    assert {k: float(v) for k, v in losses.items()} == pytest.approx(
        expected, abs=1e-10)


def test_the_teacher_gets_no_gradient():
    x = [doubles(6, 7, 5).requires_grad_() for _ in range(5)]
    sum(MultiGranularityAlignmentLoss()(*x).values()).backward()
    limbs, body, teacher_limbs, teacher_body, projections = x
    assert teacher_limbs.grad is None and teacher_body.grad is None
    for student in (limbs, body, projections):
        assert (student.grad != 0).all()
