import numpy as np
import pytest
import torch
from tiny_peers import numbers, peer_batch, peer_config, ready

from mmair.models.losses import VICRegLoss

SPREAD = torch.tensor([.3, .6, 1, 1.5, 2, .1])


def test_the_loss_is_that_of_the_authors():
    """Recorded from facebookresearch/vicreg, main_vicreg.py,
    VICReg.forward, backbone and projector the identity."""
    a, b = (numbers(s, 9, 6) * SPREAD for s in (7, 8))
    a.requires_grad_()
    loss = sum(VICRegLoss()(torch.cat((a, b))).values())
    loss.backward()
    assert float(loss.detach()) == pytest.approx(85.54734232, abs=1e-7)
    assert a.grad[0].tolist() == pytest.approx([
        0.4517567927, 0.1384061479, 2.29081746, 1.208050782, 2.875777906,
        -0.2465747473], abs=1e-8)


def test_the_loss_is_the_slow_one():
    a, b = (numbers(s, 5, 4) * SPREAD[:4] for s in (1, 2))
    similarity = variance = covariance = 0
    for i in range(5):
        similarity += sum((float(x) - float(y))**2
                          for x, y in zip(a[i], b[i])) / 20
    for z in (a.numpy(), b.numpy()):
        cov = np.cov(z, rowvar=False)
        for i in range(4):
            variance += max(0, 1 - np.sqrt(cov[i, i] + 1e-4)) / 8
            covariance += sum(cov[i, j]**2 for j in range(4) if j != i) / 4
    found = VICRegLoss(sim_weight=2., var_weight=3., cov_weight=4.)(
        torch.cat((a, b)))
    assert {k: float(v) for k, v in found.items()} == pytest.approx(dict(
        loss_sim=2 * similarity, loss_var=3 * variance,
        loss_cov=4 * covariance))


def test_it_is_least_for_equal_spread_uncorrelated_views():
    corners = torch.tensor([[1., 1], [1, -1], [-1, 1], [-1, -1]])
    losses = VICRegLoss()(torch.cat((corners, corners)))
    assert all(v == 0 for v in losses.values())
    collapsed = VICRegLoss()(torch.ones(8, 2))
    assert collapsed['loss_sim'] == 0 and collapsed['loss_var'] > 24


def test_a_step_pairs_the_views_of_a_sample():
    model = ready(peer_config('VICReg')).eval()
    inputs, samples = peer_batch('VICReg')
    with torch.no_grad():
        z = [model.student(view) for view in inputs['keypoint'].unbind(1)]
        found = model(inputs, samples, mode='loss')
    torch.testing.assert_close(found['loss_sim'],
                               25 * (z[0] - z[1]).square().mean())
