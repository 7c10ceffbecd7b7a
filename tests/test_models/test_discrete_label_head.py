import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from slow_labels import slow_similarities, slow_sinkhorn

from mmair.models.heads import DiscreteLabelHead, sinkhorn


def scores(num=30, k=6, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(num, k, generator=generator, dtype=dtype) * 2 - 1


@pytest.mark.parametrize('eps, iters', [(0.05, 3), (0.05, 1), (0.5, 7)])
def test_sinkhorn_is_the_slow_one(eps, iters):
    x = scores()
    np.testing.assert_allclose(sinkhorn(x, eps, iters),
                               slow_sinkhorn(x.tolist(), eps, iters),
                               rtol=0, atol=1e-12)


def test_sinkhorn_balances():
    # All samples like label 0 best; every label gets its share all the same.
    x = scores(60) + torch.tensor([2., 0, 0, 0, 0, 0])
    q = sinkhorn(x, num_iters=200)
    torch.testing.assert_close(q.sum(1), torch.ones(60).double())
    torch.testing.assert_close(q.sum(0), torch.full((6, ), 10.).double(),
                               rtol=0.02, atol=0)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_sinkhorn_of_half_precision_is_computed_in_fp32(dtype):
    x = scores().to(dtype)
    q = sinkhorn(x)
    assert q.dtype == torch.float32
    torch.testing.assert_close(q.double(), sinkhorn(x.double()), rtol=1e-4,
                               atol=1e-6)


@pytest.mark.parametrize('scale', [6e4, 1e30])
def test_sinkhorn_of_huge_scores_has_rows(scale):
    x = scores(dtype=torch.float32) * scale
    q = sinkhorn(x.half() if scale < 65504 else x)
    torch.testing.assert_close(q.sum(1), torch.ones(len(q)))
    assert len(q.argmax(1).unique()) > 1


def test_sinkhorn_does_not_depend_on_the_order():
    x = scores()
    rows, columns = torch.randperm(30), torch.randperm(6)
    torch.testing.assert_close(sinkhorn(x[rows][:, columns]),
                               sinkhorn(x)[rows][:, columns])


def head(**kwargs):
    torch.manual_seed(0)
    kwargs.setdefault('num_labels', (3, 5))
    return DiscreteLabelHead(4, **kwargs).double()


def projections(num, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num, 4, generator=generator, dtype=torch.float64)


def slow_labels(head, z, scale):
    """Hard labels of ``z``, whatever the head does with queues."""
    q = slow_sinkhorn(slow_similarities(head, z, scale), head.assigner.eps)
    return torch.tensor(q).argmax(1)


def test_queue_takes_part_in_the_assignment():
    """Filled in part, full, and older projections pushed out."""
    model = head(queue_length=10)
    batches = [projections(4, seed) for seed in range(5)]
    alone_differs = False
    for step, z in enumerate(batches):
        # the newest 10 projections before this batch
        past = torch.cat([z.new_zeros(0, 4), *batches[:step][::-1]])[:10]
        assert model.queue_filled == len(past)
        torch.testing.assert_close(model.queue[:len(past)],
                                   F.normalize(past, dim=1))
        for scale, labels in enumerate(model.assign(z)):
            assert labels.shape == (4, model.num_labels[scale])
            together = slow_labels(model, torch.cat((z, past)), scale)
            assert labels.argmax(1).tolist() == together[:4].tolist()
            alone_differs |= (slow_labels(model, z, scale)
                              != together[:4]).any()
    assert alone_differs and model.queue_filled == 10


def test_a_batch_larger_than_the_queue():
    model = head(queue_length=3)
    z = projections(5)
    model.assign(z)
    torch.testing.assert_close(model.queue, F.normalize(z, dim=1)[:3])
    assert model.queue_filled == 3


def test_hard_and_soft_labels():
    z = projections(40)
    for hard, soft in zip(head().assign(z), head(hard=False).assign(z)):
        assert set(hard.unique().tolist()) == {0, 1}
        assert hard.argmax(1).tolist() == soft.argmax(1).tolist()
        for labels in (hard, soft):
            torch.testing.assert_close(labels.sum(1),
                                       torch.ones(40).double())
        assert ((soft > 0) & (soft < 1)).any()


def test_labels_do_not_depend_on_the_length_of_projections():
    z = projections(20)
    lengths = torch.arange(1, 21)[:, None].double()
    for a, b in zip(head().assign(z), head().assign(z * lengths)):
        torch.testing.assert_close(a, b)


def test_loss_is_the_slow_one():
    model = head(temperature=0.3)
    z = projections(6)
    labels = [scores(6, k, seed=k).softmax(1) for k in model.num_labels]
    expected = 0
    for scale, y in enumerate(labels):
        for similar, target in zip(slow_similarities(model, z, scale),
                                   y.tolist()):
            total = sum(math.exp(s / 0.3) for s in similar)
            expected -= sum(t * math.log(math.exp(s / 0.3) / total)
                            for s, t in zip(similar, target)) / 6 / 2
    assert float(model.loss(z, labels)['loss_body'].detach()) == \
        pytest.approx(expected, abs=1e-12)


def test_names_of_labels_do_not_matter():
    """Permuted prototypes permute the labels and leave the loss."""
    model, renamed = head(), head()
    orders = [torch.randperm(k) for k in model.num_labels]
    for p, order in zip(renamed.prototypes, orders):
        p.data = p.data[order]
    z, student = projections(20), projections(20, seed=2)
    labels, others = model.assign(z), renamed.assign(z)
    for a, b, order in zip(labels, others, orders):
        torch.testing.assert_close(a[:, order], b)
    torch.testing.assert_close(model.loss(student, labels),
                               renamed.loss(student, others))


def test_prototypes_are_frozen_at_first():
    """With a gradient of zero: DistributedDataParallel waits for it."""
    model = head(freeze=0.1)
    z = projections(8).requires_grad_()
    for progress, frozen in ((0., True), (0.099, True), (0.1, False)):
        model.zero_grad()
        model.set_progress(progress)
        model.loss(z, model.assign(z.detach()))['loss_body'].backward()
        for p in model.prototypes:
            assert p.grad is not None
            assert bool((p.grad == 0).all()) == frozen
    assert (z.grad != 0).any()


def test_similarities_of_limbs():
    """Further axes between sample and channel."""
    model = head()
    z = projections(12).view(3, 4, 4)
    for limbs, flat in zip(model.log_probs(z), model.log_probs(
            z.flatten(0, 1))):
        torch.testing.assert_close(limbs.flatten(0, 1), flat)
        torch.testing.assert_close(limbs.exp().sum(-1),
                                   torch.ones(3, 4).double())
