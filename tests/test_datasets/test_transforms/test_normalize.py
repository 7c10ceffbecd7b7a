"""Normalisation takes place, facing and size away, and nothing else."""
import math

import numpy as np
import pytest
import torch

from mmair.datasets.synthetic import generate_recording
from mmair.datasets.transforms import NormalizeSkeleton
from mmair.errors import InputError
from mmair.layouts import get_layout

LAYOUTS = ('ebedb', 'nturgb+d', 'emotion_gait')


def recording(layout='ebedb', emotion='joy', action='talk'):
    made = generate_recording(emotion, 3, action, 0, layout=layout)
    return torch.from_numpy(made['keypoint'])


def normalize(x, layout='ebedb'):
    return NormalizeSkeleton(layout)(dict(keypoint=x))['keypoint']


def turned(x, degrees):
    """About the vertical axis, from z towards x."""
    a = math.radians(degrees)
    matrix = torch.tensor([[math.cos(a), 0, math.sin(a)], [0, 1, 0],
                           [-math.sin(a), 0, math.cos(a)]])
    return x @ matrix.T


def slow_normalize(x, layout):
    """Of one person, (T, V, 3), frame by frame."""
    layout = get_layout(layout)
    size, across = [], np.zeros(3)
    for frame in x:
        chain = [np.mean([frame[j] for j in point], 0)
                 for point in layout.trunk]
        size.append(sum(np.linalg.norm(b - a)
                        for a, b in zip(chain, chain[1:])))
        for part in ('arm', 'leg'):
            across += (frame[layout.limbs[f'left_{part}'][0]]
                       - frame[layout.limbs[f'right_{part}'][0]])
    size = sorted(size)[(len(size) - 1) // 2]
    left = np.array([across[0], 0, across[2]])
    left /= np.linalg.norm(left)
    up = np.array([0, 1, 0])
    axes = np.stack((left, up, np.cross(left, up)))
    made = []
    for frame in x:
        root = np.mean([frame[j] for j in layout.root], 0)
        made.append((frame - root) @ axes.T / size)
    return np.stack(made)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_against_a_slow_reference(layout):
    x = recording(layout)
    found = normalize(x, layout)
    assert found.shape == x.shape
    expected = slow_normalize(x[0].double().numpy(), layout)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('change', [
    lambda x: x + torch.tensor([3., -.5, 8.]),
    lambda x: turned(x, 70), lambda x: turned(x, 180),
    lambda x: turned(x, -151), lambda x: 2.3 * x, lambda x: .01 * x,
    lambda x: turned(100 * x, 30) + 4])
def test_place_facing_and_size_do_not_count(layout, change):
    x = recording(layout)
    torch.testing.assert_close(normalize(change(x), layout),
                               normalize(x, layout), atol=2e-5, rtol=0)


def test_walking_does_not_count_but_turning_does():
    x = recording()
    drift = torch.linspace(0, 5, x.shape[1])[None, :, None, None]
    torch.testing.assert_close(normalize(x + drift), normalize(x), atol=2e-5,
                               rtol=0)
    still = x[:, :1].expand(-1, 40, -1, -1)
    half = torch.cat((still[:, :20], turned(still[:, 20:], 60)), 1)
    made = normalize(half)
    torch.testing.assert_close(turned(made[:, :20], 60), made[:, 20:],
                               atol=2e-5, rtol=0)
    # Half way between the two is forward.
    torch.testing.assert_close(turned(made[:, :20], 30),
                               normalize(still[:, :20]), atol=2e-5, rtol=0)


@pytest.mark.parametrize('layout', ('ebedb', 'nturgb+d'))
@pytest.mark.parametrize('action', ('talk', 'walk', 'tell'))
def test_left_is_x_and_ahead_is_z(layout, action):
    table = get_layout(layout)
    x = normalize(recording(layout, action=action), layout)[0].mean(0)
    assert torch.allclose(x[list(table.root)].mean(0), torch.zeros(3))
    for part in ('arm', 'leg'):
        left, right = (x[table.limbs[f'{side}_{part}'][0]]
                       for side in ('left', 'right'))
        assert left[0] > .1 and right[0] < -.1
    for side in ('left', 'right'):
        toe = next(j for j, name in enumerate(table.joints)
                   if name.lower() in (f'{side}toe', f'{side}_foot'))
        assert x[toe, 2] > x[table.limbs[f'{side}_leg'][2], 2] + .05
    assert x[table.trunk[-1][0], 1] > .9  # the neck is above the hips


@pytest.mark.parametrize('degrees', [-20, 10, 35])
def test_lean_survives(degrees):
    """Bend the body about its left-right axis, and find the bend again."""
    upright = normalize(recording(action='talk'))
    a = math.radians(degrees)
    lean = torch.tensor([[1, 0, 0], [0, math.cos(a), -math.sin(a)],
                         [0, math.sin(a), math.cos(a)]])
    bent = upright @ lean.T

    def angle(x):
        trunk = (x[0, :, 5] - x[0, :, 0]).mean(0)
        return math.degrees(math.atan2(trunk[2], trunk[1]))

    found = normalize(turned(1.7 * bent, 77))
    # Shoulders that were not level turn it by a trifle.
    torch.testing.assert_close(found, bent, atol=5e-3, rtol=0)
    assert angle(found) - angle(upright) == pytest.approx(degrees, abs=.5)


def test_amplitude_and_tempo_survive():
    """Twice the way of an arm stays twice, at the same frames."""
    body = recording()[:, :1].expand(-1, 90, -1, -1)
    beat = torch.sin(torch.arange(90) * .4)
    arm = list(get_layout('ebedb').limbs['right_arm'][1:])

    def ways(amplitude):
        x = body.clone()
        x[..., arm, 1] += amplitude * beat[None, :, None]
        way = normalize(x)[0, :, arm[-1], 1]
        return way - way.mean()

    torch.testing.assert_close(2 * ways(.1), ways(.2), atol=2e-5, rtol=0)
    assert torch.corrcoef(torch.stack((ways(.1), beat)))[0, 1] > .999


def test_one_size_for_a_recording():
    """A body that bends or crouches does not grow."""
    x = recording()
    crouched = x.clone()
    crouched[:, :20] *= .8  # for less than half of the time
    made, reference = normalize(crouched), normalize(x)
    ratio = (made[:, :20].norm(dim=-1).mean()
             / reference[:, :20].norm(dim=-1).mean())
    assert float(ratio) == pytest.approx(.8, abs=.02)


def test_persons_are_normalised_each_and_an_absent_one_stays_away():
    one, other = recording(), recording(emotion='sadness')
    frames = min(one.shape[1], other.shape[1])
    one, other = one[:, :frames], other[:, :frames]
    both = torch.cat((one, turned(3 * other, 50), 0 * one))
    made = normalize(both)
    torch.testing.assert_close(made[:1], normalize(one))
    torch.testing.assert_close(made[1:2], normalize(other), atol=2e-5,
                               rtol=0)
    assert torch.equal(made[2], torch.zeros_like(made[2]))


@pytest.mark.parametrize('layout', ['coco', 'openpose'])
@pytest.mark.parametrize('channels', [2, 3])
def test_2d_is_centred_and_scaled(layout, channels):
    table = get_layout(layout)
    x = 500 + 100 * torch.randn(1, 9, len(table), channels)
    made = normalize(x, layout)
    roots = made[..., list(table.root), :2].mean(-2)
    torch.testing.assert_close(roots, torch.zeros_like(roots), atol=1e-5,
                               rtol=0)
    necks = made[..., list(table.trunk[-1]), :2].mean(-2)
    assert float(necks.norm(dim=-1).median()) == pytest.approx(1, abs=1e-5)
    # Not turned: directions stay, and scores are left alone.
    way, given = (y[0, 0, 3, :2] - y[0, 0, 7, :2] for y in (made, x))
    torch.testing.assert_close(way / way.norm(), given / given.norm())
    assert torch.equal(made[..., 2:], x[..., 2:])
    torch.testing.assert_close(normalize(3 * x[..., :2] + 40, layout),
                               made[..., :2], atol=1e-4, rtol=0)


def test_a_layout_that_does_not_fit():
    with pytest.raises(InputError, match="^keypoint: this data has 23 joints,"
                       " the layout 'nturgb.d' .25 joints.; set `layout`"):
        normalize(recording(), 'nturgb+d')
    with pytest.raises(InputError, match='NormalizeSkeleton: the sample has '
                       'no layout'):
        normalize(recording(), None)


@pytest.mark.parametrize('frames, others', [(5, 3), (8, 0)])
@pytest.mark.parametrize('gone', [0., 1.])
def test_a_trunk_in_one_point_is_no_size(frames, others, gone):
    """Sensors write what they do not see as one point: other frames tell the
    size, or all joints do."""
    x = recording()[:, :8].clone()
    trunk = [joint for point in get_layout('ebedb').trunk for joint in point]
    x[:, :frames, trunk] = gone
    found = normalize(x)
    assert found.isfinite().all() and found.abs().max() < 20
    if others:
        bones, expected = (y.diff(dim=2).norm(dim=-1) for y in (
            found[:, frames:], normalize(x[:, frames:])))
        torch.testing.assert_close(bones, expected)
