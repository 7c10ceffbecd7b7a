import math

import pytest
import torch
import torch.nn.functional as F
from tiny_peers import numbers, peer_batch, peer_config, ready

from mmair.models.heads import ContrastiveHead, info_nce
from mmair.models.pretrainers.aim_clr import (attention_drop,
                                              distribution_divergence,
                                              mine_positives)


def test_the_losses_are_the_slow_ones():
    normal, extreme, dropped = (numbers(s, 3, 6) for s in (1, 2, 3))
    positives = mine_positives((normal, extreme, dropped), 2)
    contrast = divergence = 0
    for i in range(3):
        nearest = set()
        for logits in (normal, extreme, dropped):
            row = logits[i].tolist()
            nearest |= set(sorted(range(1, 6), key=lambda j: -row[j])[:2])
        assert set(positives[i].nonzero().flatten().tolist()) == (
            nearest | {0})

        def probs(row):
            row = [math.exp(x) for x in row.tolist()]
            return [x / sum(row) for x in row]
        p = probs(normal[i])
        contrast -= sum(math.log(p[j]) for j in nearest | {0}) / (
            len(nearest) + 1) / 3
        divergence -= sum(a * math.log(b) for a, b in zip(
            p, probs(extreme[i]))) / 3
    assert float(info_nce(normal, positives)) == pytest.approx(contrast)
    assert float(distribution_divergence(extreme, normal)) == pytest.approx(
        divergence)


@pytest.mark.parametrize('mined, loss, of_query', [
    (0, 19.11008071899414, 2.610658884),
    (1, 15.926169395446777, 1.481338382),
    (2, 15.696070671081543, 1.433062792)])
def test_the_losses_are_those_of_the_authors(mined, loss, of_query):
    """Recorded from Levigty/AimCLR: AimCLR_Processor.train
    (processor/pretrain_aimclr.py) on AimCLR.forward (net/aimclr.py), its
    encoder the identity; gradients by their norm."""
    q = numbers(1, 6, 8).float().requires_grad_()
    e = torch.cat((numbers(4, 6, 8), numbers(5, 6, 8)), 1).float()
    e.requires_grad_()
    head = ContrastiveHead(8)
    head.allocate(24)
    head.queue.copy_(F.normalize(numbers(3, 12, 8), dim=1))
    normal, extreme, dropped = (
        head.logits(z, numbers(2, 6, 8).float()) for z in (q, *e.chunk(2, 1)))
    positives = mine_positives((normal, extreme, dropped), mined)
    found = info_nce(normal, positives if mined else None) + (
        distribution_divergence(extreme, normal) +
        distribution_divergence(dropped, normal)) / 2
    found.backward()
    assert float(found.detach()) == pytest.approx(loss, rel=1e-5)
    assert float(q.grad.norm()) == pytest.approx(of_query, rel=1e-4)
    assert float(e.grad.norm()) == pytest.approx(1.499762297, rel=1e-4)


def maps():
    x = numbers(6, 4, 3, 5, 7)
    x[..., 2] *= 3  # a joint that stands out
    return x


def test_the_drop_is_that_of_the_authors():
    """Recorded from Levigty/AimCLR, net/att_drop.py, Simam_Drop(7,
    keep_prob=0.7)."""
    y = attention_drop(maps()[:, None])[:, 0]
    assert y.shape == (4, 3, 5, 7)
    assert float(y.sum()) == pytest.approx(-22.37908291, abs=1e-7)
    assert float(y.abs().sum()) == pytest.approx(308.2649491, abs=1e-6)
    assert y[0, 0, 0].tolist() == pytest.approx([
        1.579111899, 0, 0, 1.197026147, 1.480961219, 0, -0.1981648177],
        abs=1e-8)
    assert int((y == 0).all(1).all(1).sum()) == 4  # joint 2 of each sample


def test_the_drop_is_the_slow_one():
    x = numbers(6, 2, 3, 4, 5)
    x[..., 1] *= 4
    attention = torch.zeros_like(x)
    for n in range(2):
        for c in range(3):
            values = x[n, c].flatten().tolist()
            mean = sum(values) / 20
            variance = sum((v - mean)**2 for v in values) / 19
            for t in range(4):
                for v in range(5):
                    energy = (float(x[n, c, t, v]) - mean)**2 / (
                        4 * (variance + 1e-4)) + 0.5
                    attention[n, c, t, v] = 1 / (1 + math.exp(-energy))
    joints = [[float(attention[n, :, :, v].mean()) < 0.7 for v in range(5)]
              for n in range(2)]
    places = attention < 0.7
    kept = sum(map(sum, joints)) / 10 * float(places.double().mean())
    assert 0 < sum(map(sum, joints)) < 10
    expected = x * places / kept * torch.tensor(joints)[:, None, None]
    torch.testing.assert_close(attention_drop(x[:, None])[:, 0], expected)


def test_nothing_is_left_where_all_is_attended():
    y = attention_drop(numbers(6, 2, 1, 3, 4, 5), threshold=0.5)
    assert torch.equal(y, torch.zeros_like(y))


@pytest.mark.parametrize('before, start, option', [
    (0.4, 0.5, {}), (0.1, 0.2, dict(mining=0.2))])
def test_neighbours_are_mined_later(before, start, option):
    losses = {}
    for progress in (before, start):
        model = ready(dict(peer_config('AimCLR'), **option),
                      progress=progress).eval()
        losses[progress] = model(*peer_batch('AimCLR'), mode='loss')
    for name in ('loss_extreme', 'loss_drop'):
        assert losses[before][name] == losses[start][name]
    assert losses[before]['loss_contrast'] != losses[start]['loss_contrast']


def test_a_step_is_put_together():
    model = ready(peer_config('AimCLR'), progress=0.).eval()
    inputs, samples = peer_batch('AimCLR')
    query, key, extreme = inputs['keypoint'].unbind(1)
    with torch.no_grad():
        keys = model.teacher(key)
        normal = model.head.logits(model.student(query), keys)
        changed = model.head.logits(model.student(extreme), keys)
        dropped = model.head.logits(model.student.neck(attention_drop(
            model.backbone(extreme)).mean((1, 3, 4))), keys)
        losses = model(inputs, samples, mode='loss')
    p = normal.softmax(1)
    for name, value in dict(
            loss_contrast=F.cross_entropy(
                normal, torch.zeros(4, dtype=torch.long)),
            loss_extreme=F.cross_entropy(changed, p) / 2,
            loss_drop=F.cross_entropy(dropped, p) / 2).items():
        torch.testing.assert_close(losses[name], value)
    assert not torch.allclose(changed, dropped)
    torch.testing.assert_close(model.head.queue[:4], F.normalize(keys, dim=1))


def test_the_query_teaches_and_is_not_taught():
    normal, extreme = (numbers(s, 3, 6).requires_grad_() for s in (1, 2))
    distribution_divergence(extreme, normal).backward()
    assert normal.grad is None and (extreme.grad != 0).all()
