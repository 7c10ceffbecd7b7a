import math

import pytest
import torch
import torch.nn.functional as F
from tiny_peers import numbers, peer_batch, peer_config, ready

from mmair.errors import InputError
from mmair.models.heads import ContrastiveHead, info_nce
from mmair.registry import MODELS


def head(queue, temperature=0.07):
    """A head on a given queue, ``(L, d)``."""
    model = ContrastiveHead(queue.shape[1], temperature).double()
    model.allocate(2 * len(queue))
    model.queue = queue.clone()
    return model


def slow_info_nce(queries, keys, queue, temperature):
    """MoCo's equation 1, written out."""
    def cosine(a, b):
        return (sum(x * y for x, y in zip(a, b)) /
                math.hypot(*a) / math.hypot(*b))
    loss = 0
    for q, k in zip(queries.tolist(), keys.tolist()):
        own = math.exp(cosine(q, k) / temperature)
        others = sum(math.exp(cosine(q, past) / temperature)
                     for past in queue.tolist())
        loss -= math.log(own / (own + others)) / len(queries)
    return loss


def test_the_loss_is_the_slow_one():
    q, k, queue = (numbers(s, n, 5) for s, n in ((1, 4), (2, 4), (3, 7)))
    queue = F.normalize(queue, dim=1)
    found = head(queue, 0.2).loss(3 * q, k)['loss_contrast']
    assert float(found) == pytest.approx(slow_info_nce(q, k, queue, 0.2))


def test_the_loss_is_that_of_the_authors():
    """Recorded from facebookresearch/moco, moco/builder.py, MoCo.forward,
    and Levigty/AimCLR, net/skeletonclr.py (equal), with cross-entropy."""
    q, k = numbers(1, 6, 8).requires_grad_(), numbers(2, 6, 8)
    loss = head(F.normalize(numbers(3, 10, 8), dim=1)).loss(
        q, k)['loss_contrast']
    loss.backward()
    assert float(loss.detach()) == pytest.approx(10.35670865, abs=1e-8)
    assert q.grad[0].tolist() == pytest.approx([
        0.3664422027, 0.5620588289, -0.7102847604, -0.02306997886,
        1.463264934, -0.3720819992, -0.06793924535, 0.2496476255], abs=1e-8)


def test_the_queue_is_that_of_the_authors():
    """Recorded from MoCo._dequeue_and_enqueue: K 8, three batches of 4."""
    model = head(torch.zeros(8, 8, dtype=torch.float64))
    for seed in (20, 21, 22):
        model.enqueue(numbers(seed, 4, 8))
    assert model.queue.sum(0).tolist() == pytest.approx([
        1.101380301, -0.09251462626, -0.1622624132, -0.4032843259,
        -0.5657055277, -0.6440842089, 0.7102672462, -1.004574415], abs=1e-8)


def test_the_queue_takes_batches_of_any_size():
    model = head(numbers(3, 5, 4))
    seen = [F.normalize(numbers(s, n, 4), dim=1)
            for s, n in ((30, 2), (31, 4), (32, 9), (33, 1))]
    for count in range(1, 5):
        model.enqueue(5 * seen[count - 1])
        newest = torch.cat([*reversed(seen[:count]), numbers(3, 5, 4)])[:5]
        torch.testing.assert_close(model.queue, newest)


def test_the_queue_is_half_of_the_data_at_most():
    assert ready(peer_config('SkeletonCLR'), 17).head.queue.shape == (8, 12)
    with pytest.raises(InputError, match='0.6, expected .* at most 0.5'):
        ContrastiveHead(4, queue=0.6)
    one, other = ContrastiveHead(4), ContrastiveHead(4)
    one.allocate(10)
    torch.rand(3)
    other.allocate(10)
    assert torch.equal(one.queue, other.queue)
    torch.testing.assert_close(one.queue.norm(dim=1), torch.ones(5))
    one.allocate(10**6)  # a step's time must not grow with the data
    assert len(one.queue) == 65536


def test_the_queue_that_the_loss_saw_gets_the_gradient():
    model, q = head(numbers(3, 5, 4)), numbers(1, 2, 4).requires_grad_()
    loss = model.loss(q, numbers(2, 2, 4))['loss_contrast']
    model.enqueue(numbers(4, 2, 4))
    loss.backward()
    again = head(numbers(3, 5, 4))
    q2 = q.detach().requires_grad_()
    again.loss(q2, numbers(2, 2, 4))['loss_contrast'].backward()
    assert torch.equal(q.grad, q2.grad)


def test_a_step_is_put_together_view_by_view():
    model = ready(peer_config('SkeletonCLR')).eval()
    inputs, samples = peer_batch('SkeletonCLR')
    with torch.no_grad():
        queries, keys = ([net(inputs['keypoint'][:, v]) for v in (0, 1)]
                         for net in (model.student, model.teacher))
        queue = model.head.queue.clone()
        loss = model(inputs, samples, mode='loss')['loss_contrast']
    expected = sum(slow_info_nce(queries[v], keys[1 - v], queue, 0.07)
                   for v in (0, 1)) / 2
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(model.head.queue[:8], F.normalize(
        torch.cat((keys[1], keys[0])), dim=1))


def test_the_key_encoder_follows():
    torch.manual_seed(0)
    model = MODELS.build(peer_config('SkeletonCLR', momentum=0.9))
    model.init_weights()
    assert all(torch.equal(a, b) for a, b in zip(
        model.student.parameters(), model.teacher.module.parameters()))
    model.set_progress(0.5)
    assert 1 - model.teacher.momentum == pytest.approx(0.95)


def test_one_positive_is_the_plain_loss():
    logits = numbers(1, 4, 6)
    first = torch.zeros(4, 6, dtype=torch.bool)
    first[:, 0] = True
    torch.testing.assert_close(info_nce(logits, first), info_nce(logits))
