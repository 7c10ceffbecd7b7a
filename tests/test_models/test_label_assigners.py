import math

import pytest
import torch
import torch.nn.functional as F
from slow_labels import slow_sinkhorn

from mmair.errors import InputError
from mmair.models.heads import (CenteringAssigner, DiscreteLabelHead,
                                KMeansAssigner, spherical_k_means)

NUM_LABELS = (3, 5)


def directions(num, seed=0, dims=4):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(num, dims, generator=generator,
                                   dtype=torch.float64), dim=1)


def head(num_recordings=30, **assigner):
    torch.manual_seed(0)
    model = DiscreteLabelHead(4, NUM_LABELS, assigner=assigner).double()
    model.allocate(num_recordings)
    return model.double()


def slow_k_means(x, centroids, num_iters):
    x, centroids = x.tolist(), centroids.tolist()

    def cosine(a, b):
        return sum(u * v for u, v in zip(a, b))
    for _ in range(num_iters):
        code = [max(range(len(centroids)),
                    key=lambda k, a=a: cosine(a, centroids[k])) for a in x]
        far = sorted(range(len(x)),
                     key=lambda i: cosine(x[i], centroids[code[i]]))
        new = []
        for k in range(len(centroids)):
            members = [a for a, c in zip(x, code) if c == k]
            total = ([sum(v) for v in zip(*members)] if members
                     else x[far.pop(0)])
            new.append([v / math.hypot(*total) for v in total])
        centroids = new
    return torch.tensor(centroids, dtype=torch.float64)


@pytest.mark.parametrize('num_iters', [1, 2, 15])
def test_k_means_is_the_slow_one(num_iters):
    x, first = directions(40), directions(6, seed=1)
    # Two that nothing is near to.
    first[[1, 4]] = -x.mean(0) / x.mean(0).norm()
    x = x[(x @ first[1]) < 0]
    assert set((x @ first.T).argmax(1).tolist()) == {0, 2, 3, 5}
    torch.testing.assert_close(spherical_k_means(x, first, num_iters),
                               slow_k_means(x, first, num_iters))


def test_k_means_serves_better_from_round_to_round():
    x, centroids = directions(200), directions(8, seed=1)
    served = []
    for _ in range(10):
        served.append(float((x @ centroids.T).max(1).values.sum()))
        centroids = spherical_k_means(x, centroids, 1)
    assert served == sorted(served) and served[-1] > served[0] + 5


def test_until_the_first_epoch_is_over_labels_are_balanced():
    model = head(type='mmair.KMeansAssigner')
    z = directions(24)
    for labels, scores in zip(model.assign(z), model.similarities(z)):
        q = torch.tensor(slow_sinkhorn(scores.tolist()))
        assert labels.argmax(1).tolist() == q.argmax(1).tolist()


def test_labels_are_the_nearest_centroids():
    model = head(type='mmair.KMeansAssigner', rounds=7)
    z, length = directions(20), torch.arange(1., 21.).double()[:, None]
    # The last recordings do not pass by; one passes by twice.
    model.observe(torch.arange(20), z.roll(1, 0) * length)
    model.observe(torch.arange(20), z * length)
    model.refresh()
    view = directions(9, seed=2)
    for labels, prototypes in zip(model.assign(view), model.prototypes):
        centroids = slow_k_means(z, F.normalize(prototypes.detach(), dim=1),
                                 7)
        assert labels.sum(1).tolist() == [1] * 9
        assert (labels.argmax(1) == (view @ centroids.T).argmax(1)).all()
        assert labels.dtype == torch.float64


def test_clusters_that_are_there_are_found():
    centres = torch.eye(4, dtype=torch.float64)[:3]
    truth = torch.arange(60) % 3
    z = F.normalize(centres[truth] + 0.1 * directions(60), dim=1)
    model = head(60, type='mmair.KMeansAssigner')
    model.observe(torch.arange(60), z)
    model.refresh()
    codes = model.assign(z)[0].argmax(1)
    assert len({(int(a), int(b)) for a, b in zip(codes, truth)}) == 3


def test_fewer_recordings_than_clusters_are_told():
    model = head(type='mmair.KMeansAssigner')
    model.observe(torch.arange(4), directions(4))
    with pytest.raises(InputError, match='4 recordings passed by in an epoch, '
                       'expected at least 5'):
        model.refresh()


def test_centring_is_the_slow_one():
    model = head(type='mmair.CenteringAssigner', momentum=0.7,
                 temperature=0.2)
    model.hard = False
    center = [[0.] * k for k in NUM_LABELS]
    for step in range(4):
        z = directions(6, seed=step)
        scores = [s.tolist() for s in model.similarities(z)]
        for labels, rows, c in zip(model.assign(z), scores, center):
            for found, row in zip(labels.tolist(), rows):
                e = [math.exp((s - m) / 0.2) for s, m in zip(row, c)]
                assert found == pytest.approx([v / sum(e) for v in e],
                                              abs=1e-12)
            for k in range(len(c)):
                c[k] = 0.7 * c[k] + 0.3 * sum(row[k] for row in rows) / 6


def test_centring_takes_off_what_all_have_in_common():
    """A label that all samples like best does not get them all."""
    assigner = CenteringAssigner()
    assigner.allocate(9, (6, ), 4)
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(200, 6, generator=generator)
    scores[:, 2] += 2
    codes = [assigner(None, [scores])[0].argmax(1) for _ in range(60)]
    assert (codes[0] == 2).all()
    assert torch.bincount(codes[-1], minlength=6).min() > 20


@pytest.mark.parametrize('assigner', [KMeansAssigner, CenteringAssigner])
def test_half_precision_is_computed_in_fp32(assigner):
    model = assigner()
    model.allocate(8, (3, ), 4)
    z = directions(8)
    scores = (z @ z[:3].T).half()
    model.observe(torch.arange(8), z.half())
    for _ in range(2):
        labels, = model(z.half(), [scores])
        assert labels.dtype == torch.float32
        torch.testing.assert_close(labels.sum(1), torch.ones(8))
        model.refresh([z[:3]])
