import math

import numpy as np
import pytest
import torch

from mmair.errors import InputError
from mmair.evaluation.representation import (effective_rank, linear_cka,
                                             some_of)


def test_of_many_some_are_drawn():
    assert some_of(5).tolist() == [0, 1, 2, 3, 4] and not len(some_of(0))
    for total, most in ((10, 4), (40000, 20000)):
        some = some_of(total, most)
        assert len(some) == most and (some.diff() > 0).all()
        assert 0 <= some[0] and some[-1] < total
        assert torch.equal(some, some_of(total, most))


@pytest.mark.parametrize('total, most, classes', [
    (1500, 1000, 3), (2000, 1000, 2), (4000, 1000, 4), (60000, 20000, 3)])
def test_of_sorted_recordings_every_class_is_drawn(total, most, classes):
    counts = torch.bincount(some_of(total, most) % classes)
    assert (counts - most / classes).abs().max() < .2 * most / classes


def test_effective_rank():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    for rank in (1, 2, 5):
        # Equal variance in as many directions, none in the others.
        x = np.concatenate([np.eye(rank), -np.eye(rank)]) @ basis[:rank]
        assert effective_rank(
            torch.from_numpy(7 + 3 * x)) == pytest.approx(rank)
    x = np.diag([3., 1.]) @ basis[:2]
    x = np.concatenate([x, -x])
    entropy = -(.75 * math.log(.75) + .25 * math.log(.25))
    assert effective_rank(torch.from_numpy(x)) == pytest.approx(
        math.exp(entropy))
    assert effective_rank(torch.ones(4, 3)) == pytest.approx(1)
    with pytest.raises(InputError, match='the features are not finite'):
        effective_rank(torch.full((4, 3), torch.nan))


def test_linear_cka():
    torch.manual_seed(0)
    x = torch.randn(500, 8)
    rotation = torch.linalg.qr(torch.randn(8, 8)).Q
    assert linear_cka(x, 3 * x @ rotation + 1) == pytest.approx(1, abs=1e-6)
    assert linear_cka(x, torch.randn(500, 8)) < 0.05
    assert linear_cka(x, torch.zeros(500, 8)) == 0
