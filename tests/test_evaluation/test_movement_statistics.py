"""Movement statistics against numpy, number by number."""
import math

import numpy as np
import pytest
import torch

from mmair.evaluation.movement_statistics import movement_statistics
from mmair.layouts import get_layout


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


def test_what_was_not_seen_does_not_count():
    rng = np.random.default_rng(0)
    layout = get_layout('coco')
    x = torch.tensor(rng.normal(size=(1, 30, 17, 2)))
    seen = torch.ones(1, 30, 17, 1, dtype=x.dtype)
    plain = movement_statistics(x, 15., layout)
    np.testing.assert_array_equal(plain, movement_statistics(x, 15.))
    # A score is no coordinate.
    score = torch.tensor(rng.uniform(.1, 1, size=seen.shape))
    torch.testing.assert_close(
        movement_statistics(torch.cat((x, score), 3), 15., layout), plain)
    # What is lost lies at the root; before and behind it the body moves.
    seen[:, :7, 3] = 0
    seen[:, 20, 5] = 0
    found = movement_statistics(torch.cat((x * seen, seen), 3), 15., layout)
    expected = slow_statistics(x[0, 7:].numpy(), 15.)
    joint = np.r_[6:8, 34 + 6:34 + 8, 68 + 3 + 17 * np.arange(6)]
    np.testing.assert_allclose(found[joint], expected[joint], atol=1e-9)
    speeds = np.linalg.norm(np.diff(x[0, :, 5].numpy(), axis=0), axis=1) * 15
    speeds = np.delete(speeds, [19, 20])
    np.testing.assert_allclose(
        found[68 + 5 + 17 * np.arange(3)],
        np.log1p([speeds.mean(), speeds.std(), speeds.max()]), atol=1e-9)
    rest = np.setdiff1d(np.arange(len(plain)), np.r_[joint, 10:12, 44:46,
                                                     73 + 17 * np.arange(6)])
    np.testing.assert_allclose(found[rest], plain[rest], atol=1e-9)


def test_persons_who_are_absent_have_no_say():
    layout = get_layout('ebedb')
    x = torch.randn(2, 20, len(layout), 3, dtype=torch.double)
    alone = movement_statistics(x[:1], 15., layout)
    x[1] = 0
    torch.testing.assert_close(movement_statistics(x, 15., layout), alone)
    x[1, 9:] = 1.  # somebody comes in, and stands
    motion = movement_statistics(x, 15., layout)[len(layout) * 6:]
    torch.testing.assert_close(motion, alone[len(layout) * 6:] / 2)


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
