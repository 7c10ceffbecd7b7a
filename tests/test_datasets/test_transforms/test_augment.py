"""Views change what emotion does not depend on, and that alone."""
import math

import pytest
import torch

from mmair.datasets.transforms import (DropJoints, RandomBodySize,
                                       RandomMirror, RandomYaw, SensorNoise)
from mmair.datasets.transforms.counter_rng import fold_in
from mmair.errors import InputError
from mmair.layouts import LAYOUTS, get_layout

SHAPE = 64, 4, 2, 10, 23, 3  # samples, windows, persons, frames, joints, xyz


@pytest.fixture(scope='module')
def x():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


def view(transform, x, seed=0):
    """One key a sample."""
    key = fold_in(torch.tensor(seed), torch.arange(len(x)))
    return transform(dict(keypoint=x.clone(), key=key,
                          layout=get_layout('ebedb')))['keypoint']


def assert_uniform(values, low, high):
    """Kolmogorov and Smirnov."""
    values = values.flatten().double().sort().values
    expected = low + (high - low) * (
        torch.arange(len(values)) + .5) / len(values)
    assert low <= values[0] and values[-1] <= high
    assert ((values - expected).abs().max()
            < 1.95 * (high - low) / math.sqrt(len(values)))


def test_yaw(x):
    made = view(RandomYaw(40), x)
    assert torch.equal(made[..., 1], x[..., 1])
    plane, given = (torch.complex(y[..., 2], y[..., 0]) for y in (made, x))
    turn = (plane / given).flatten(2)  # one angle a window, for all persons
    torch.testing.assert_close(turn.abs(), torch.ones_like(turn.abs()),
                               atol=2e-3, rtol=0)
    torch.testing.assert_close(turn, turn[..., :1].expand_as(turn),
                               atol=2e-3, rtol=0)
    assert_uniform(torch.rad2deg(turn[..., 0].angle()), -40, 40)
    assert torch.equal(view(RandomYaw(0), x), x)


@pytest.mark.parametrize('name', ['coco', 'openpose'])
@pytest.mark.parametrize('channels', [2, 3])
def test_no_yaw_in_2d(name, channels):
    layout = get_layout(name)
    with pytest.raises(InputError, match=f"RandomYaw: the layout '{name}' .*"
                       'is 2-D, expected 3-D data'):
        RandomYaw()(dict(keypoint=torch.zeros(1, 4, len(layout), channels),
                         layout=layout))


@pytest.mark.parametrize('name', LAYOUTS)
def test_mirror_against_a_slow_reference(name):
    layout = get_layout(name)
    x = torch.randn(2, 1, 6, len(layout), 3)
    always = RandomMirror(1., layout=name)
    made = always(dict(keypoint=x, key=1))['keypoint']
    for joint, image in enumerate(layout.joints):
        # Names say what left and right are, not the table.
        image = image.replace('left', 'RIGHT').replace('right', 'LEFT')
        image = image.replace('Left', 'Right_').replace('Right', 'Left')
        image = image.replace('Left_', 'Right').replace('RIGHT', 'right')
        image = layout.joints.index(image.replace('LEFT', 'left'))
        assert torch.equal(made[..., image, 0], -x[..., joint, 0])
        assert torch.equal(made[..., image, 1:], x[..., joint, 1:])
    assert torch.equal(always(dict(keypoint=made, key=2))['keypoint'], x)


def test_mirror_chooses_windows(x):
    always, never = view(RandomMirror(1.), x), view(RandomMirror(0.), x)
    assert torch.equal(never, x)
    assert torch.equal(view(RandomMirror(1.), always), x)
    made = view(RandomMirror(.3), x)
    chosen = (made == always).flatten(2).all(-1)
    kept = (made == x).flatten(2).all(-1)
    assert torch.equal(chosen, ~kept)
    assert abs(float(chosen.float().mean()) - .3) < .1
    assert (chosen[:, 0] != chosen[:, 1]).any()  # the views differ


def test_body_size(x):
    made = view(RandomBodySize(.2), x)
    factor = (made / x).flatten(2)
    torch.testing.assert_close(factor, factor[..., :1].expand_as(factor))
    assert_uniform(factor[..., 0], .8, 1.2)


def test_noise_is_white(x):
    noise = view(SensorNoise(.02), x) - x
    count = noise.numel()
    assert abs(float(noise.mean())) < 4.5 * .02 / math.sqrt(count)
    assert float(noise.std()) == pytest.approx(.02, rel=5 / math.sqrt(count))
    for dim in range(6):  # neither over time, nor joints, nor windows
        a, b = (noise.narrow(dim, s, noise.shape[dim] - 1).flatten()
                for s in (0, 1))
        r = float(torch.corrcoef(torch.stack((a, b)))[0, 1])
        assert abs(r) < 4.5 / math.sqrt(len(a))


def test_lost_joints_are_lost_for_a_window(x):
    made = view(DropJoints(.1), x)
    lost = (made == 0).all(-1)  # (samples, windows, persons, frames, joints)
    whole = lost[:, :, :1, :1]
    assert torch.equal(lost, whole.expand_as(lost))
    assert torch.equal(made, torch.where(lost[..., None], 0 * x, x))
    share = whole.float()
    assert abs(float(share.mean()) - .1) < .02
    per_joint = share.flatten(0, 3).mean(0)
    assert per_joint.min() > .02 and per_joint.max() < .2


@pytest.mark.parametrize('transform', [
    RandomYaw(), RandomMirror(), RandomBodySize(), SensorNoise(),
    DropJoints(.5)])
def test_a_view_is_a_function_of_its_key(transform, x):
    first = view(transform, x, seed=1)
    assert torch.equal(view(transform, x, seed=1), first)
    other = view(transform, x, seed=2)
    assert not torch.equal(other, first)
    # What is given is left alone.
    given = x.clone()
    transform(dict(keypoint=given, key=0, layout=get_layout('ebedb')))
    assert torch.equal(given, x)


@pytest.mark.parametrize('transform', [
    RandomYaw(180), RandomMirror(), RandomBodySize(.5)])
def test_tempo_and_posture_survive(transform, x):
    """Distances between joints and frames stay in proportion."""
    made = view(transform, x[:4])
    mirrored = x[:4][..., list(get_layout('ebedb').mirror), :]

    def speeds(y):
        speed = y.diff(dim=-3).norm(dim=-1)
        return speed / speed.mean((-3, -2, -1), keepdim=True)

    same = torch.isclose(speeds(made), speeds(x[:4]), atol=1e-4)
    swapped = torch.isclose(speeds(made), speeds(mirrored), atol=1e-4)
    assert (same.flatten(2).all(-1) | swapped.flatten(2).all(-1)).all()


def test_repr_names_the_arguments():
    assert repr(RandomYaw(40)) == 'RandomYaw(degrees=40, layout=None)'
    assert repr(DropJoints(.2)) == 'DropJoints(prob=0.2)'
