import numpy as np
import pytest
import torch

from mmair.datasets.missing_joints import fill_missing, seen_of
from mmair.datasets.transforms import DropJoints, NormalizeSkeleton
from mmair.errors import InputError
from mmair.layouts import get_layout

LAYOUT = get_layout('ebedb')


@pytest.fixture
def body():
    x = np.random.default_rng(0).normal(size=(30, len(LAYOUT), 3))
    return (x + np.arange(3)).astype(np.float32)


def test_without_nan_it_is_the_same(body):
    assert fill_missing(body, LAYOUT, 30) is body


def test_who_is_absent_is_no_end_of_a_gap(body):
    """All coordinates 0 are not seen, as NaN is not."""
    x = body.copy()
    x[8:20] = np.nan
    x[20:] = 0
    filled = fill_missing(x, LAYOUT, 30)
    assert not filled[8:].any() and np.array_equal(filled[:8], body[:8])


def test_short_gaps_are_filled_and_long_ones_lie_at_the_root(body):
    wrist, ankle = LAYOUT.limbs['left_arm'][2], LAYOUT.limbs['left_leg'][2]
    x = body.copy()
    # 6 frames are 0.2 s, and one coordinate is enough.
    x[5:11, wrist, 1] = np.nan
    x[5:12, ankle] = np.nan
    filled = fill_missing(x, LAYOUT, 30)
    for i in range(6):
        np.testing.assert_allclose(
            filled[5 + i, wrist], body[4, wrist] + (i + 1) / 7 * (
                body[11, wrist] - body[4, wrist]), rtol=1e-5, atol=1e-5)
    assert np.array_equal(filled[5:12, ankle], body[5:12, LAYOUT.root[0]])
    there = np.isfinite(x).all(-1)
    assert np.array_equal(filled[there], body[there])


def test_a_lost_joint_is_where_training_puts_it(body):
    wrist = LAYOUT.limbs['left_arm'][2]
    x = body.copy()
    x[:, wrist] = np.nan
    normalize = NormalizeSkeleton('ebedb')
    found = normalize(dict(keypoint=torch.from_numpy(
        fill_missing(x, LAYOUT, 30)[None])))['keypoint']
    expected = normalize(dict(keypoint=torch.from_numpy(body[None])))[
        'keypoint'].clone()
    dropped = DropJoints(1.)(dict(keypoint=expected[None], key=torch.tensor(
        0)))['keypoint'][0]
    expected[..., wrist, :] = dropped[..., wrist, :]
    torch.testing.assert_close(found, expected)


def test_trunk_shoulders_and_hips_are_always_interpolated(body):
    for joint in (*LAYOUT.root, LAYOUT.limbs['right_arm'][0],
                  LAYOUT.limbs['left_leg'][0]):
        x = body.copy()
        x[5:25, joint] = np.nan
        filled = fill_missing(x, LAYOUT, 30)
        np.testing.assert_allclose(
            filled[15, joint], body[4, joint] + 11 / 21 * (
                body[25, joint] - body[4, joint]), rtol=1e-5, atol=1e-5)
        x[5:, joint] = np.nan  # at the end it stays
        assert np.array_equal(fill_missing(x, LAYOUT, 30)[29, joint],
                              body[4, joint])
        x[:, joint] = np.nan
        with pytest.raises(InputError, match='never seen'):
            fill_missing(x, LAYOUT, 30)


def test_a_frame_without_a_body_is_absent(body):
    x = body.copy()
    x[3:20] = np.nan
    x[3, 5] = 1.  # but here there is one joint
    filled = fill_missing(x, LAYOUT, 30)
    assert not filled[4:20].any() and filled[3].any()
    assert not seen_of(filled, LAYOUT)[4:20].any()
    assert np.array_equal(seen_of(x, LAYOUT), np.isfinite(x).all(-1))


def test_2d_is_left_to_the_scores():
    layout = get_layout('coco')
    x = np.random.default_rng(0).uniform(1, 2, (9, 17, 3)).astype(np.float32)
    x[2:4, 5, 0] = np.nan
    x[6, 7, 2] = 0
    filled = fill_missing(x, layout, 30)
    assert not filled[2:4, 5].any()
    expected = np.ones((9, 17), bool)
    expected[2:4, 5] = expected[6, 7] = False
    assert np.array_equal(seen_of(x, layout), expected)
    assert np.array_equal(seen_of(filled, layout), expected)
    bare = filled[..., :2].copy()
    bare[6, 7] = 0
    assert np.array_equal(seen_of(bare, layout), expected)
