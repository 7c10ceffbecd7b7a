import math

import pytest
import torch

from mmair.datasets.transforms import (BlurMotion, ExtremeView, FlattenAxis,
                                       RandomShear, RandomTilt, ReverseTime)
from mmair.datasets.transforms.counter_rng import fold_in
from mmair.errors import InputError

ALL = [RandomShear(), RandomTilt(), BlurMotion(), FlattenAxis(),
       ReverseTime()]


def sample(num=200, windows=3, layout='ebedb', joints=23, channels=3):
    """A batch of windows, every sample the same, with different keys."""
    x = torch.randn(1, windows, 1, 10, joints, channels,
                    generator=torch.Generator().manual_seed(0))
    return dict(keypoint=x.repeat(num, 1, 1, 1, 1, 1), layout=layout,
                key=fold_in(torch.tensor(7), torch.arange(num)))


def run(transform, **options):
    """Positions before and after."""
    results = sample(**options)
    before = results['keypoint'].clone()
    return before, transform(results)['keypoint']


def maps(before, after):
    """The matrix of every window, by least squares."""
    return torch.linalg.lstsq(before.flatten(2, 4),
                              after.flatten(2, 4)).solution.mT


@pytest.mark.parametrize('transform', ALL, ids=lambda t: type(t).__name__)
def test_a_batch_is_its_samples(transform):
    batch = transform(sample(6))
    for i in range(6):
        one = sample(6)
        one = transform(dict(one, keypoint=one['keypoint'][i],
                             key=one['key'][i]))
        torch.testing.assert_close(one['keypoint'], batch['keypoint'][i])
        assert one['key'] == batch['key'][i]


def test_shear():
    shares = maps(*run(RandomShear(0.3)))
    torch.testing.assert_close(shares.diagonal(dim1=-2, dim2=-1),
                               torch.ones(200, 3, 3))
    beside = shares[..., ~torch.eye(3, dtype=torch.bool)]
    assert beside.abs().max() < 0.3 + 1e-4 and beside.abs().max() > 0.28
    assert beside.mean().abs() < 0.02
    assert not torch.allclose(shares[0, 0], shares[0, 1])


def test_tilt_turns_mainly_about_one_axis():
    turn = maps(*run(RandomTilt(degrees=40, others=2)))
    torch.testing.assert_close(turn @ turn.mT, torch.eye(3).expand_as(turn),
                               atol=1e-4, rtol=0)
    assert (torch.linalg.det(turn) > 0).all()
    vector = torch.stack((turn[..., 2, 1] - turn[..., 1, 2],
                          turn[..., 0, 2] - turn[..., 2, 0],
                          turn[..., 1, 0] - turn[..., 0, 1]), -1) / 2
    degrees = torch.rad2deg(torch.asin(vector.norm(dim=-1)))
    assert 38 < degrees.max() < 41
    large = (vector.abs() > math.sin(math.radians(2.1)))
    assert (large.sum(-1) <= 1).all()
    share = large.double().mean((0, 1))
    assert ((share > 0.25) & (share < 0.4)).all()


def test_an_axis_is_lost_in_half_of_the_windows():
    before, after = run(FlattenAxis())
    lost = (after == 0).all(-2).all(-2).all(-2)  # (N, windows, axis)
    assert (lost.sum(-1) <= 1).all()
    assert 0.4 < lost.any(-1).double().mean() < 0.6
    assert (lost.double().mean((0, 1)) > 0.1).all()
    kept = ~lost[:, :, None, None, None].expand_as(after)
    assert torch.equal(after[kept], before[kept])


def test_time_is_reversed_in_half_of_the_windows():
    before, after = run(ReverseTime())
    back = (after == before.flip(3)).flatten(2).all(2)
    same = (after == before).flatten(2).all(2)
    assert (back ^ same).all() and 0.4 < back.double().mean() < 0.6


def test_blur_is_a_gaussian_over_time():
    x = torch.zeros(1, 40, 23, 3)
    x[:, 20] = 1
    results = dict(keypoint=x[None], layout='ebedb', key=torch.tensor(3))
    found = BlurMotion(prob=1, sigma=(1.5, 1.5))(results)['keypoint']
    weights = [math.exp(-k**2 / 4.5) for k in range(-7, 8)]
    expected = torch.tensor(weights) / sum(weights)
    torch.testing.assert_close(found[0, 0, 13:28, 4, 1], expected)
    assert not found[0, 0, :13].any() and not found[0, 0, 28:].any()
    ramp = torch.arange(40.)[None, None, :, None, None].expand(
        1, 1, 40, 23, 3).clone()
    results = dict(keypoint=ramp, layout='ebedb', key=torch.tensor(3))
    found = BlurMotion(prob=1, sigma=(1.5, 1.5))(results)['keypoint']
    assert float(found[0, 0, 38, 0, 0]) == pytest.approx(sum(
        w * min(38 + k, 39) for w, k in zip(weights, range(-7, 8)))
        / sum(weights))
    still = torch.randn(1, 1, 1, 23, 3).expand(1, 1, 40, 23, 3).clone()
    results = dict(keypoint=still.clone(), layout='ebedb',
                   key=torch.tensor(3))
    torch.testing.assert_close(BlurMotion(prob=1)(results)['keypoint'], still)
    before, after = run(BlurMotion())
    same = (before == after).flatten(2).all(2).double().mean()
    assert 0.4 < same < 0.6


def test_joints_that_were_not_seen_stay_where_they_are():
    x = torch.randn(4, 1, 1, 10, 17, 3)
    x[..., 2] = 1
    x[:, :, :, 4, 3] = 0
    results = dict(keypoint=x.clone(), layout='coco',
                   key=torch.arange(4))
    for transform in (RandomShear(), BlurMotion(prob=1), FlattenAxis(),
                      ReverseTime(prob=0)):
        results = transform(results)
    found = results['keypoint']
    assert torch.equal(found[..., 2], x[..., 2])
    assert not found[:, :, :, 4, 3].any()
    # A neighbour in time is not drawn to where nothing was seen.
    far = x.clone()
    far[:, :, :, 4, 3, :2] = 1e6
    blurred = BlurMotion(prob=1)(dict(keypoint=far, layout='coco',
                                      key=torch.arange(4)))['keypoint']
    assert blurred[:, :, :, 3, 3].abs().max() < 100


def test_only_the_last_window_is_extreme():
    view = ExtremeView([dict(type='mmair.RandomShear'),
                        dict(type='mmair.SensorNoise', std=0.01)])
    results = sample(4)
    before, key = results['keypoint'].clone(), results['key'].clone()
    after = view(results)['keypoint']
    assert torch.equal(after[:, :2], before[:, :2])
    assert (after[:, 2] != before[:, 2]).all()
    assert (results['key'] != key).all()


def test_tilt_needs_three_dimensions():
    with pytest.raises(InputError, match='RandomTilt.*2-D'):
        run(RandomTilt(), layout='coco', joints=17, channels=2)
