"""Appendage partition (ASP) and motion."""
import pytest
import torch
from mmaction.datasets.transforms import GenSkeFeat

from mmair.datasets.transforms import (AppendagePartition, AppendMotion,
                                       DropJoints, KeepUndisturbed,
                                       PackSkeletonInputs, RandomMirror,
                                       SensorNoise)
from mmair.layouts import LAYOUTS, LIMBS, get_layout

FRAMES = 7


def skeleton(layout, *leading, channels=None):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*leading, 2, FRAMES, len(layout),
                       channels or layout.dims, generator=generator)


def limbs_of(x, name, **results):
    return AppendagePartition(name)(dict(keypoint=x, **results))['appendages']


@pytest.mark.parametrize('leading', [(), (3, ), (3, 2)])
@pytest.mark.parametrize('name', LAYOUTS)
def test_scattered_back_limbs_give_the_joints(name, leading):
    layout = get_layout(name)
    x = skeleton(layout, *leading)
    limbs = limbs_of(x, name)
    dims = layout.dims
    assert limbs.shape == (*leading, 2, 4, FRAMES, 3, 2 * dims)
    for p, limb in enumerate(LIMBS):
        position = limbs[..., p, :, :, :dims].clone()
        if limb.startswith('right'):  # un-mirror
            position[..., 0] *= -1
        root = x[..., layout.limbs[limb][0], :]
        for k, joint in enumerate(layout.limbs[limb]):
            torch.testing.assert_close(position[..., k, :] + root,
                                       x[..., joint, :])


@pytest.mark.parametrize('name', LAYOUTS)
def test_velocity_against_a_slow_reference(name):
    layout = get_layout(name)
    x = skeleton(layout)
    limbs = limbs_of(x, name)
    for p, limb in enumerate(LIMBS):
        sign = torch.ones(layout.dims)
        sign[0] = -1 if limb.startswith('right') else 1
        root = layout.limbs[limb][0]
        for k, joint in enumerate(layout.limbs[limb]):
            for t in range(FRAMES):
                now, before = (sign * (x[:, s, joint] - x[:, s, root])
                               for s in (t, max(t - 1, 0)))
                torch.testing.assert_close(
                    limbs[:, p, t, k], torch.cat((now, now - before), -1))


@pytest.mark.parametrize('name', LAYOUTS)
def test_a_permutation_of_limbs(name):
    """Whoever names the limbs otherwise gets them in that order."""
    layout = get_layout(name)
    x = skeleton(layout)
    limbs = limbs_of(x, name)
    swap = dict(left_arm='left_leg', left_leg='left_arm',
                right_arm='right_leg', right_leg='right_arm')
    other = dict(layout.to_dict(),
                 limbs={limb: layout.limbs[swap[limb]] for limb in LIMBS})
    order = [LIMBS.index(swap[limb]) for limb in LIMBS]
    assert torch.equal(limbs_of(x, other), limbs[:, order])


@pytest.mark.parametrize('name', LAYOUTS)
def test_a_mirrored_body_swaps_its_limbs(name):
    """One encoder serves both sides: a left limb is a mirrored right one."""
    layout = get_layout(name)
    x = skeleton(layout)
    mirrored = RandomMirror(1., layout=name)(dict(keypoint=x, key=0))
    limbs, swapped = limbs_of(x, name), limbs_of(mirrored['keypoint'], name)
    for left, right in ((0, 1), (2, 3)):
        assert LIMBS[left].replace('left', 'right') == LIMBS[right]
        torch.testing.assert_close(swapped[:, left], limbs[:, right])
        torch.testing.assert_close(swapped[:, right], limbs[:, left])


@pytest.mark.parametrize('name', ['ebedb', 'coco'])
def test_the_body_around_does_not_count(name):
    layout = get_layout(name)
    x = skeleton(layout)
    limbs = limbs_of(x, name)
    moved = x + torch.randn(2, FRAMES, 1, layout.dims)
    torch.testing.assert_close(limbs_of(moved, name), limbs, atol=1e-5,
                               rtol=1e-5)
    others = [j for j in range(len(layout))
              if j not in sum(layout.limb_joints, ())]
    changed = x.clone()
    changed[..., others, :] = 9
    assert torch.equal(limbs_of(changed, name), limbs)


def test_scores_and_motion_stay_in_the_skeleton():
    layout = get_layout('coco')
    x = skeleton(layout, channels=3)
    x[..., 2] = .5  # a score: all is seen
    assert torch.equal(limbs_of(x, 'coco'), limbs_of(x[..., :2], 'coco'))
    x = skeleton(get_layout('ebedb'))
    with_motion = AppendMotion()(dict(keypoint=x))['keypoint']
    assert torch.equal(limbs_of(with_motion, 'ebedb'), limbs_of(x, 'ebedb'))


def test_the_layout_of_the_data_is_the_default():
    x = skeleton(get_layout('ebedb'))
    assert torch.equal(limbs_of(x, None, layout=get_layout('ebedb')),
                       limbs_of(x, 'ebedb'))


@pytest.mark.parametrize('leading', [(), (3, ), (3, 2)])
def test_motion_against_a_slow_reference(leading):
    x = skeleton(get_layout('ebedb'), *leading)
    made = AppendMotion()(dict(keypoint=x))['keypoint']
    assert torch.equal(made[..., :3], x)
    for t in range(FRAMES):
        assert torch.equal(made[..., t, :, 3:],
                           x[..., t, :, :] - x[..., max(t - 1, 0), :, :])


def test_motion_is_that_of_mmaction2():
    x = skeleton(get_layout('nturgb+d'))
    made = AppendMotion()(dict(keypoint=x))['keypoint']
    theirs = GenSkeFeat(feats=['j', 'jm'], axis=-1)(
        dict(keypoint=x.numpy()))['keypoint']
    # Theirs looks ahead, ours back.
    assert torch.equal(made[:, 1:, :, 3:],
                       torch.from_numpy(theirs)[:, :-1, :, 3:])


@pytest.mark.parametrize('leading', [(), (3, )])
def test_what_is_kept_stays_undisturbed(leading):
    """Also where a later transform works in place."""
    x = skeleton(get_layout('ebedb'), *leading)
    results = KeepUndisturbed()(dict(
        keypoint=x, key=torch.arange(3) if leading else 1,
        layout=get_layout('ebedb')))
    for disturb in (SensorNoise(std=.1), DropJoints(prob=.5)):
        results = disturb(results)
    kept = results['undisturbed'].clone()
    assert not torch.equal(results['keypoint'], kept)
    assert torch.equal(kept, skeleton(get_layout('ebedb'), *leading))
    results['keypoint'].zero_()
    assert torch.equal(results['undisturbed'], kept)


@pytest.mark.parametrize('beside', [
    (), ('appendages', ), ('undisturbed', ), ('appendages', 'undisturbed')])
def test_what_stands_beside_the_skeleton_is_packed(beside):
    x = skeleton(get_layout('ebedb'), 2)
    results = dict(keypoint=x, layout=get_layout('ebedb'), key=1)
    steps = dict(appendages=AppendagePartition(),
                 undisturbed=KeepUndisturbed())
    for name in reversed(beside):
        results = steps[name](results)
    inputs = PackSkeletonInputs()(results)['inputs']
    if not beside:
        assert torch.equal(inputs, x)
        return
    assert list(inputs) == ['keypoint', *beside]
    for name in inputs:
        assert torch.equal(inputs[name], results[name])
