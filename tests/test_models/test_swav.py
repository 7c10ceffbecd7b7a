import math

import pytest
import torch
import torch.nn.functional as F
from tiny_peers import numbers, peer_batch, peer_config, ready

from mmair.models.heads import DiscreteLabelHead
from mmair.models.pretrainers.base_pretrainer import other_view


def head(prototypes, queue=0):
    model = DiscreteLabelHead(prototypes.shape[1], (len(prototypes), ),
                              hard=False, queue_length=queue).double()
    model.prototypes[0].data.copy_(prototypes)
    return model


def swap(model, z):
    """The loss of both views, ``(2 * B, d)``."""
    q = model.assign(z.detach())
    return model.loss(z, [other_view(y) for y in q])['loss_body']


@pytest.mark.parametrize('past, loss, gradient', [
    (0, 7.91430792190059, 2.865892548), (10, 8.233490128574195, 2.803809256)])
def test_the_loss_is_that_of_the_authors(past, loss, gradient):
    """Recorded from facebookresearch/swav, main_swav.py, train: one step on
    given embeddings; the other view, and past projections, came to an
    assignment by their queue. Of the gradient for the normalised projections
    the part at right angles to them was recorded, by its norm."""
    z = torch.cat([F.normalize(numbers(s, 7, 6), dim=1) for s in (9, 10)])
    model = head(numbers(11, 5, 6), past)
    if past:
        model._enqueue(F.normalize(numbers(12, past, 6), dim=1))
    z.requires_grad_()
    found = swap(model, z)
    found.backward()
    assert float(found.detach()) == pytest.approx(loss, abs=1e-8)
    assert float(z.grad.norm()) == pytest.approx(gradient, abs=1e-8)
    if not past:
        assert z.grad[0].tolist() == pytest.approx([
            0.08158076349, -0.1561596869, 0.4750967978, 0.1654345367,
            -0.3381295148, -0.04565141515], abs=1e-8)


def test_the_loss_is_the_slow_one():
    z, prototypes = numbers(1, 6, 3), numbers(2, 4, 3)

    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b)) / (
            math.hypot(*a) * math.hypot(*b))
    scores = [[cosine(a, p) for p in prototypes.tolist()]
              for a in z.tolist()]
    q = [[math.exp(s / 0.05) for s in row] for row in scores]
    for _ in range(3):
        columns = [sum(row[k] for row in q) for k in range(4)]
        q = [[x / (4 * c) for x, c in zip(row, columns)] for row in q]
        q = [[x / (6 * sum(row)) for x in row] for row in q]
    loss = 0
    for i in range(6):
        target = q[(i + 3) % 6]  # of the other view
        norm = math.log(sum(math.exp(s / 0.1) for s in scores[i]))
        loss -= sum(6 * t * (s / 0.1 - norm)
                    for t, s in zip(target, scores[i])) / 6
    assert float(swap(head(prototypes), z)) == pytest.approx(loss)


def test_assignments_are_soft_and_codes_are_kept():
    model = ready(peer_config('SwAV')).eval()
    inputs, samples = peer_batch('SwAV', size=3, first=5)
    with torch.no_grad():
        z = torch.cat([model.student(view)
                       for view in inputs['keypoint'].unbind(1)])
        found = model(inputs, samples, mode='loss')['loss_swap']
        model.head.queue_filled.zero_()
        q = model.head.assign(z)
        expected = model.head.loss(z, [other_view(y) for y in q])
        torch.testing.assert_close(found, expected['loss_body'])
        assert all(((y > 0.01) & (y < 0.99)).any() for y in q)
        for codes, scores in zip(model.codes, model.head.similarities(z)):
            mean = scores[:3] + scores[3:]
            assert codes[5:8].tolist() == mean.argmax(1).tolist()
            assert (codes[:5] == -1).all() and (codes[8:] == -1).all()
    meters = model.meters()
    assert set(meters) == {'usage_3', 'usage_5'}


def test_prototypes_are_frozen_at_first():
    model = ready(peer_config('SwAV'))
    for progress, moves in ((0., False), (0.1, True)):
        model.set_progress(progress)
        model.zero_grad()
        model(*peer_batch('SwAV'), mode='loss')['loss_swap'].backward()
        assert all(p.grad.any() == moves for p in model.head.prototypes)
