"""2-D data: joints that were not seen do not spoil those that were."""
import pytest
import torch

from mmair.datasets.transforms import (AppendagePartition, AppendMotion,
                                       DropJoints, FillGaps,
                                       NormalizeSkeleton, RandomBodySize,
                                       RandomMirror, ResampleFrames,
                                       SensorNoise, ToMotion)
from mmair.datasets.transforms.missing import interpolate, neighbors
from mmair.errors import InputError
from mmair.layouts import LIMBS, get_layout

COCO = get_layout('coco')
HIPS = list(COCO.root)
LAYOUTS = pytest.mark.parametrize('name', ['coco', 'openpose'])
FRAMES = 12


def walker(layout=COCO, persons=1, seed=0):
    """Somebody who crosses a picture: pixels and scores, all seen."""
    generator = torch.Generator().manual_seed(seed)
    pose = 80 * torch.randn(persons, 1, len(layout), 2, generator=generator)
    moves = 3 * torch.randn(persons, FRAMES, len(layout), 2,
                            generator=generator)
    way = torch.arange(FRAMES)[:, None, None] * torch.tensor([9., 1.])
    x = 500 + pose + moves + way
    score = .3 + .7 * torch.rand(x.shape[:-1], generator=generator)
    return torch.cat((x, score[..., None]), -1)


def lose(x, joints, frames=slice(None), junk=0.):
    """Put joints where a detector puts what it does not see."""
    x = x.clone()
    frames = range(FRAMES)[frames]
    for joint in joints:
        for frame in frames:
            x[..., frame, joint, :2] = junk
            x[..., frame, joint, 2] = 0
    return x


def run(transform, x, layout=COCO, **results):
    return transform(dict(keypoint=x, layout=layout, fps=30., key=1,
                          **results))['keypoint']


def normalize(x, layout=COCO):
    return run(NormalizeSkeleton(), x, layout)


@pytest.mark.parametrize('junk', [0., 1e5, -70.])
def test_what_is_missing_does_not_count(junk):
    """Wherever the detector puts it, it ends at the root."""
    lost = [*COCO.limbs['left_arm'], 0, *HIPS]
    x = lose(walker(), lost, slice(3, 6), junk)
    made, clean = normalize(x), normalize(walker())
    assert not made[:, 3:6, lost].any()
    seen = made[..., 2] > 0
    assert torch.equal(made[..., 2], x[..., 2])
    # Hips are interpolated for three frames: the others hardly move. The
    # size is the median of fewer frames.
    error = (made - clean)[seen][:, :2].norm(dim=-1).max()
    assert error < .25
    outside = torch.ones(FRAMES, dtype=bool)
    outside[3:6] = False
    ratio = made[:, outside, :, :2] / clean[:, outside, :, :2]
    ratio = ratio[clean[:, outside, :, :2].abs() > .05]
    torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio))
    assert torch.equal(made, normalize(lose(walker(), lost, slice(3, 6))))


@LAYOUTS
def test_size_is_that_of_the_frames_with_the_whole_torso(name):
    layout = get_layout(name)
    x = walker(layout)
    shoulder = layout.trunk[-1][0]
    lost = lose(x, [shoulder], slice(0, FRAMES - 3))

    def torso(y):
        low, high = (y[..., list(p), :2].mean(-2)
                     for p in (layout.trunk[0], layout.trunk[-1]))
        return (high - low).norm(dim=-1)

    size = torso(x)[:, -3:].median(-1).values
    made = normalize(lost, layout)
    torch.testing.assert_close(torso(made)[:, -3:],
                               torso(x)[:, -3:] / size[:, None])
    # With all seen it is the median of all frames.
    torch.testing.assert_close(normalize(x, layout)[..., :2] * torso(
        x).median(), (x - x[..., list(layout.root), :].mean(-2, True))[
            ..., :2], atol=1e-3, rtol=0)


@LAYOUTS
@pytest.mark.parametrize('lost', [
    'root', 'trunk', 'one', 'person', 'frame', 'all but one'])
def test_all_is_finite_whatever_is_missing(name, lost):
    layout = get_layout(name)
    x = walker(layout, persons=2)
    trunk = [joint for point in layout.trunk for joint in point]
    if lost == 'root':
        x = lose(x, layout.root)
    elif lost == 'trunk':
        x = lose(x, trunk)
    elif lost == 'one':
        x = lose(x, layout.root[:1], slice(0, 9))
    elif lost == 'person':
        x[1] = 0
    elif lost == 'frame':
        x[:, 4:7] = 0
        x[:, 0] = 0
    else:
        x = lose(x, range(1, len(layout)))
    x.requires_grad_()
    made = normalize(x, layout)
    seen = x[..., 2] > 0
    assert torch.isfinite(made).all()
    assert not made[~seen].any()
    if lost in ('root', 'trunk'):  # about as large as a body, around 0
        spread = made[..., :2][seen].norm(dim=-1).mean()
        assert .3 < float(spread) < 4
        torch.testing.assert_close(
            made[..., :2].sum(-2), torch.zeros(2, FRAMES, 2), atol=1e-3,
            rtol=0)
    motion = run(AppendMotion(), made, layout)
    limbs = AppendagePartition.partition(made, layout)
    (motion.square().sum() + limbs.square().sum()).backward()
    assert torch.isfinite(x.grad).all()
    assert not x.grad[..., :2][~seen].any()


def test_a_root_that_is_lost_for_a_while_goes_on():
    """Between where it was and where it is again, in a straight line."""
    x = walker()
    x[..., :2] -= x[..., HIPS, :2].mean(-2, keepdim=True)
    x[..., :2] += torch.arange(FRAMES)[:, None, None] * torch.tensor([9., 1])
    clean = normalize(x)
    made = normalize(lose(x, HIPS[:1], slice(4, 9)))
    others = [j for j in range(17) if j != HIPS[0]]
    scale = clean[0, 0, 5, 0] / made[0, 0, 5, 0]
    torch.testing.assert_close(made[:, :, others, :2] * scale,
                               clean[:, :, others, :2], atol=1e-4, rtol=0)
    # At the ends it stays where it was last seen.
    made = normalize(lose(x, HIPS[:1], slice(9, None)))
    step = made[0, 9:, others, :2] - made[0, 8, others, :2]
    clean_step = clean[0, 9:, others, :2] - clean[0, 8, others, :2]
    went = torch.arange(1, 4)[:, None, None] * torch.tensor([9., 1])
    scale = clean[0, 0, 5, 0] / made[0, 0, 5, 0]
    size = (x[0, 0, 5, 0] / clean[0, 0, 5, 0])
    torch.testing.assert_close(step * scale, clean_step + went / size,
                               atol=1e-4, rtol=0)


def test_an_absent_person_of_3d_data_does_not_shrink():
    """MMAction2 pads with 0 the frames in which somebody is not there."""
    layout = get_layout('nturgb+d')
    generator = torch.Generator().manual_seed(0)
    x = 3 + torch.randn(1, FRAMES, 25, 3, generator=generator)
    made = normalize(x[:, 8:], layout)
    x[:, :8] = 0  # most of the time
    found = normalize(x, layout)
    assert not found[:, :8].any()
    torch.testing.assert_close(found[:, 8:], made)


def test_who_is_absent_in_3d_stays_so():
    """Neither noise nor another frame rate makes half a person of nobody."""
    layout = get_layout('nturgb+d')
    generator = torch.Generator().manual_seed(0)
    x = 3 + torch.randn(2, FRAMES, 25, 3, generator=generator)
    x[1, 4:7] = 0
    noisy = run(SensorNoise(.1), x[None], layout)[0]
    assert not noisy[1, 4:7].any()
    assert (noisy[0] != x[0]).all() and (noisy[1, :4] != x[1, :4]).all()
    made = run(ResampleFrames(20.), x, layout, total_frames=FRAMES)
    # 20 Hz: frame 3 is at 4.5, between 4 and 5; 5 is at 7.5; 2 is at 3.
    assert not made[1, 3].any() and torch.equal(made[1, 2], x[1, 3])
    torch.testing.assert_close(made[1, 5], (x[1, 7] + x[1, 8]) / 2)
    # Frame 1 of 45 Hz, at 2/3, and 5, at 3 1/3, where 4 is nobody.
    made = run(ResampleFrames(45.), x, layout, total_frames=FRAMES)
    torch.testing.assert_close(made[1, 1], torch.lerp(x[1, 0], x[1, 1], 2 / 3))
    torch.testing.assert_close(made[1, 5], x[1, 3])


def test_nobody_moves_from_or_to_absence_in_3d():
    layout = get_layout('nturgb+d')
    generator = torch.Generator().manual_seed(0)
    x = 3 + torch.randn(2, FRAMES, 25, 3, generator=generator)
    x[1, 4:7] = 0
    expected = x.diff(dim=1, prepend=x[:, :1])
    expected[1, 4:8] = 0
    for motion in (run(AppendMotion(), x, layout)[..., 3:],
                   run(ToMotion(), x, layout)):
        assert torch.equal(motion, expected)
    limbs = AppendagePartition.partition(x, layout)
    there = AppendagePartition.partition(x[:, :4], layout)
    assert not limbs[1, :, 4:7].any() and not limbs[1, :, 7, :, 3:].any()
    assert limbs[1, :, 7, 1:, :3].all()
    assert torch.equal(limbs[:, :, :4], there)


def slow_velocity(x, seen):
    made = torch.zeros_like(x)
    for t in range(1, x.shape[-3]):
        both = seen[..., t, :] & seen[..., t - 1, :]
        made[..., t, :, :] = (x[..., t, :, :]
                              - x[..., t - 1, :, :]) * both[..., None]
    return made


@LAYOUTS
def test_motion_neither_from_nor_to_a_missing_joint(name):
    layout = get_layout(name)
    x = lose(walker(layout), [2, 7], slice(4, 6))
    x = lose(x, [5], slice(0, 1))
    made = run(AppendMotion(), x, layout)
    assert made.shape[-1] == 5
    assert torch.equal(made[..., :3], x)
    torch.testing.assert_close(
        made[..., 3:], slow_velocity(x[..., :2], x[..., 2] > 0))
    assert not made[:, 4:7, 2, 3:].any() and made[:, 7, 2, 3:].any()
    # Without scores all was seen.
    assert torch.equal(run(AppendMotion(), x[..., :2], layout)[..., 2:],
                       slow_velocity(x[..., :2], x[..., 2] > -1))
    # The layout may be the transform's own.
    alone = AppendMotion(name)(dict(keypoint=x))['keypoint']
    assert torch.equal(alone, made)


@LAYOUTS
def test_limbs_of_missing_joints(name):
    layout = get_layout(name)
    shoulder, elbow, wrist = layout.limbs['left_arm']
    hip, knee, ankle = layout.limbs['right_leg']
    x = lose(walker(layout), [shoulder, knee], slice(4, 6))
    limbs = AppendagePartition.partition(x, layout)
    clean = AppendagePartition.partition(walker(layout), layout)
    assert limbs.shape == (1, 4, FRAMES, 3, 4)
    arm, leg = LIMBS.index('left_arm'), LIMBS.index('right_leg')
    # Without its root a limb is nowhere; a knee falls onto the hip alone.
    assert not limbs[:, arm, 4:6].any()
    assert not limbs[:, leg, 4:6, 1].any()
    assert torch.equal(limbs[:, leg, :, 2], clean[:, leg, :, 2])
    assert not limbs[:, arm, 6, :, 2:].any()
    assert not limbs[:, leg, 6, 1, 2:].any()
    same = [p for p in range(4) if p not in (arm, leg)]
    assert torch.equal(limbs[:, same], clean[:, same])
    for frames in (slice(0, 4), slice(7, None)):
        assert torch.equal(limbs[:, :, frames], clean[:, :, frames])
    # With motion behind, the score is still the third.
    with_motion = run(AppendMotion(), x, layout)
    assert torch.equal(AppendagePartition.partition(with_motion, layout),
                       limbs)


@LAYOUTS
def test_views_leave_scores_and_missing_joints_alone(name):
    layout = get_layout(name)
    x = normalize(lose(walker(layout), [3, 9], slice(2, 8)), layout)
    windows = x.expand(2, *x.shape)
    missing = windows[..., 2] == 0
    mirror = list(layout.mirror)
    for transform in (RandomBodySize(.5), SensorNoise(.3)):
        made = run(transform, windows, layout)
        assert torch.equal(made[..., 2], windows[..., 2])
        assert not made[missing].any()
        assert (made[..., :2] != windows[..., :2])[~missing].float(
            ).mean() > .9
        # By itself, without a dataset.
        own = type(transform)(layout=name)
        assert own.score_of(dict(keypoint=windows)) is not None
    made = run(RandomMirror(1.), windows, layout)
    flip = torch.tensor([-1., 1., 1.])
    assert torch.equal(made, windows[..., mirror, :] * flip)
    made = run(DropJoints(1.), windows, layout)
    assert not made.any()


def test_body_size_of_2d_data():
    x = normalize(walker())[None]
    made = run(RandomBodySize(.5), x)
    factor = (made[..., :2] / x[..., :2]).flatten()
    torch.testing.assert_close(factor, factor[:1].expand_as(factor),
                               atol=1e-4, rtol=1e-4)
    assert abs(float(factor[0]) - 1) > .01


@pytest.mark.parametrize('fps', [30., 20., 45., 15.])
def test_resampling_does_not_mix_with_what_is_missing(fps):
    lost = lose(walker(), [4], slice(3, 7), junk=-900.)
    made = run(ResampleFrames(fps), lost, total_frames=FRAMES)
    clean = run(ResampleFrames(fps), walker(), total_frames=FRAMES)
    others = [j for j in range(17) if j != 4]
    assert torch.equal(made[:, :, others], clean[:, :, others])
    for t in range(made.shape[1]):
        at = t * 30 / fps
        low, high = int(at), min(int(at) + 1, FRAMES - 1)
        if at == low:
            high = low
        if {low, high} & {3, 4, 5, 6}:
            nearest = low if at - low <= .5 else high
            torch.testing.assert_close(made[0, t, 4], lost[0, nearest, 4])
        else:
            torch.testing.assert_close(made[0, t, 4], clean[0, t, 4])


def slow_gaps(x, longest):
    """Joint by joint, frame by frame."""
    made = x.clone()
    for m in range(x.shape[0]):
        for j in range(x.shape[2]):
            seen = [t for t in range(x.shape[1]) if x[m, t, j, 2] > 0]
            for a, b in zip(seen, seen[1:]):
                if 1 < b - a <= longest + 1:
                    for t in range(a + 1, b):
                        w = (t - a) / (b - a)
                        made[m, t, j] = (1 - w) * x[m, a, j] + w * x[m, b, j]
    return made


@pytest.mark.parametrize('frames', [0, 1, 2, 3, 12])
def test_gaps_against_a_slow_reference(frames):
    x = walker(persons=2)
    x[..., 2] *= torch.rand(x.shape[:-1],
                            generator=torch.Generator().manual_seed(3)) > .4
    made = run(FillGaps(frames / 30), x)
    torch.testing.assert_close(made, slow_gaps(x, frames))
    assert torch.equal(run(FillGaps(frames / 30), walker()), walker())


def test_gaps_of_absent_persons_in_3d():
    x = torch.arange(1., 11)[None, :, None, None].expand(2, 10, 25, 3).clone()
    x[0, 4:6] = 0
    x[1, :3] = 0
    x[:, 2, 7] = 0  # one joint at the origin is no gap
    made = run(FillGaps(.1), x, get_layout('nturgb+d'))
    torch.testing.assert_close(made[0, 4:6, 0, 0], torch.tensor([5., 6.]))
    assert not made[1, :3].any() and not made[0, 2, 7].any()
    made[0, 4:6] = 0
    assert torch.equal(made, x)


def test_gaps_need_a_rate():
    with pytest.raises(InputError, match='^S1: has no fps, expected its '
                       'frame rate'):
        FillGaps()(dict(keypoint=walker(), layout=COCO, frame_dir='S1'))


def test_neighbors_by_hand():
    seen = torch.tensor([0, 1, 0, 0, 1, 0], dtype=bool)[:, None]
    before, after = neighbors(seen)
    assert before.flatten().tolist() == [-1, 1, 1, 1, 4, 4]
    assert after.flatten().tolist() == [1, 1, 4, 4, 4, 6]
    x = torch.tensor([9., 1, 9, 9, 4, 9])[:, None, None]
    made = interpolate(x, before, after).flatten()
    torch.testing.assert_close(made, torch.tensor([1., 1, 2, 3, 4, 4]))
    nothing = neighbors(torch.zeros(6, 1, dtype=bool))
    assert torch.equal(interpolate(x, *nothing), x)
