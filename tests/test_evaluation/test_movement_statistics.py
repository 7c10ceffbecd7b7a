"""Movement statistics against numpy, number by number."""
import math

import numpy as np
import pytest
import torch

from mmair.evaluation.movement_statistics import movement_statistics


def slow_statistics(x, fps):
    """Of one person, (T, V, C), joint by joint."""
    frames, joints, _ = x.shape
    means, stds = [], []
    for v in range(joints):
        means += [np.mean(x[:, v, c]) for c in range(x.shape[2])]
        stds += [np.std(x[:, v, c]) for c in range(x.shape[2])]
    per_order = []
    for order in (1, 2):
        rows = []
        for v in range(joints):
            moved = [x[t, v].astype(float) for t in range(frames)]
            for _ in range(order):
                moved = [(b - a) * fps for a, b in zip(moved, moved[1:])]
                moved = moved or [np.zeros(x.shape[2])]
            size = [math.sqrt(sum(m**2)) for m in moved]
            rows.append([np.mean(size), np.std(size), np.max(size)])
        per_order.append([math.log(1 + r[i]) for i in range(3)
                          for r in rows])
    return np.array(means + stds + per_order[0] + per_order[1])


@pytest.mark.parametrize('frames', [1, 2, 3, 40])
@pytest.mark.parametrize('dims', [2, 3])
def test_against_numpy(frames, dims):
    x = np.random.default_rng(0).normal(size=(2, frames, 5, dims))
    found = movement_statistics(torch.tensor(x), 15.)
    assert found.shape == (5 * dims * 2 + 5 * 6, )
    expected = np.mean([slow_statistics(person, 15.) for person in x], 0)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


def test_speed_is_in_seconds():
    """The same movement at another rate has the same speed."""
    def speed(fps):
        times = torch.arange(int(4 * fps) + 1) / fps
        x = torch.stack((2 * times, 0 * times, times**2), -1)
        return torch.expm1(movement_statistics(x[None, :, None], fps))[6:]

    for fps in (15., 120.):
        mean_speed, _, top_speed, mean_acceleration, spread, _ = speed(fps)
        assert float(top_speed) == pytest.approx(math.hypot(2, 8), rel=.02)
        # d^2 / dt^2 of t^2 is 2 throughout.
        assert float(mean_acceleration) == pytest.approx(2, rel=1e-2)
        assert float(spread) < .1


def test_rest_has_no_motion():
    still = torch.ones(1, 9, 4, 3)
    assert movement_statistics(still, 30.)[12:].abs().max() == 0
