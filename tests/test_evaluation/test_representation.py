import math

import numpy as np
import pytest
import torch

from mmair.errors import InputError
from mmair.evaluation.representation import (effective_rank, evenly,
                                             linear_cka)


def test_of_many_some_are_taken_evenly():
    assert evenly(5).tolist() == [0, 1, 2, 3, 4] and not len(evenly(0))
    assert evenly(10, 4).tolist() == [0, 2, 5, 7]
    some = evenly(10**9)
    assert len(some) == 20000 and set(some.diff().tolist()) == {50000}


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
