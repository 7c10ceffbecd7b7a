"""The BVH writer, against the reader and the definition of the format."""
from itertools import permutations

import numpy as np
import pytest

from mmair.datasets.bvh_writer import write_bvh
from mmair.datasets.kinematics import (
    euler_to_matrix,
    forward_kinematics,
    matrix_to_euler,
)
from mmair.datasets.readers import read_bvh

JOINTS = ('tip', 'hips', 'hand', 'neck', 'arm')  # not depth first
PARENTS = (2, -1, 4, 1, 1)


@pytest.fixture
def motion():
    rng = np.random.default_rng(0)
    angles = rng.uniform(-np.pi, np.pi, (6, 5, 3))
    # The middle angle a right one: two rotations about one axis.
    angles[:3, :, 1] = np.pi / 2 * np.sign(angles[:3, :, 1])
    return dict(joints=JOINTS, parents=PARENTS,
                offsets=rng.normal(0, 30, (5, 3)),
                rotations=euler_to_matrix(angles, (1, 0, 2)),
                root_positions=rng.normal(0, 100, (6, 3)))


@pytest.mark.parametrize('axes', list(permutations(range(3))))
def test_angles_make_the_matrix_again(axes):
    rng = np.random.default_rng(1)
    angles = rng.uniform(-np.pi, np.pi, (200, 3))
    angles[:50, 1] = np.pi / 2
    angles[50:100, 1] = -np.pi / 2
    angles[100] = 0
    matrix = euler_to_matrix(angles, axes)
    found = matrix_to_euler(matrix, axes)
    assert np.all(np.abs(found[:, 1]) <= np.pi / 2)
    assert np.allclose(euler_to_matrix(found, axes), matrix, atol=1e-12)


@pytest.mark.parametrize('order', ('YXZ', 'ZXY', 'ZYX', 'XZY'))
def test_reads_back(motion, order, tmp_path):
    write_bvh(tmp_path / 'a.bvh', **motion, fps=120., order=order)
    found = read_bvh(tmp_path / 'a.bvh')
    expected = forward_kinematics(
        PARENTS, motion['offsets'], motion['rotations'],
        motion['root_positions'])
    assert found.joints == ('hips', 'neck', 'arm', 'hand', 'tip')
    assert found.parents == (-1, 0, 0, 2, 3)
    assert found.fps == 120
    assert np.allclose(found.select(JOINTS), expected, atol=1e-4)


def test_positions_replace_the_offset(motion, tmp_path):
    moving = np.random.default_rng(2).normal(0, 30, (6, 5, 3))
    write_bvh(tmp_path / 'a.bvh', **motion, fps=125., local_positions=moving)
    expected = forward_kinematics(PARENTS, moving, motion['rotations'],
                                  motion['root_positions'])
    found = read_bvh(tmp_path / 'a.bvh')
    assert np.allclose(found.select(JOINTS), expected, atol=1e-4)
    assert np.allclose(
        found.offsets[found.joints.index('tip')], motion['offsets'][0],
        atol=1e-6)


def test_text_of_a_known_pose(tmp_path):
    """A shoulder bent by 90 degrees about z, written by hand."""
    bend = euler_to_matrix(np.array([[[0.], [np.pi / 2]]]), [2])
    write_bvh(tmp_path / 'a.bvh', ('hips', 'arm'), (-1, 0),
              np.array([[0, 0, 0], [10, 20, 0]]), bend, np.array([[1, 2, 3]]),
              125.)
    text = (tmp_path / 'a.bvh').read_text().replace('-0.000000', '0.000000')
    assert text.split() == '''
        HIERARCHY
        ROOT hips {
            OFFSET 0.000000 0.000000 0.000000
            CHANNELS 6 Xposition Yposition Zposition
                       Yrotation Xrotation Zrotation
            JOINT arm {
                OFFSET 10.000000 20.000000 0.000000
                CHANNELS 3 Yrotation Xrotation Zrotation
                End Site { OFFSET 3.000000 6.000000 0.000000 }
            }
        }
        MOTION
        Frames: 1
        Frame Time: 0.008000
        1.000000 2.000000 3.000000 0.000000 0.000000 0.000000
        0.000000 0.000000 90.000000'''.split()
