import io

import numpy as np
import pytest

from mmair.datasets.readers import read_positions
from mmair.errors import InputError
from mmair.layouts import get_layout

JOINTS = ['hips', 'left_hand_tip', 'right_hand_tip']
POSITIONS = np.arange(18, dtype=np.float32).reshape(2, 3, 3) / 8


def csv(path, names, values):
    lines = [','.join(names)] if names else []
    lines += [','.join(map(str, row)) for row in values]
    path.write_text('\n'.join(lines))
    return path


@pytest.mark.parametrize('names', [
    None,
    [f'{j}.{a}' for j in JOINTS for a in 'xyz'],
    [f'{j}_{a}' for j in ('Hips', 'HandTipLeft', 'HandTipRight')
     for a in 'XYZ'],
    [f'{j}{a}' for j in ('HIPS', 'LeftHandTip', 'Hand Tip_Right')
     for a in (' x', ': y', '-z')],
])
def test_tables(tmp_path, names):
    path = csv(tmp_path / 'a.CSV', names, POSITIONS.reshape(2, 9))
    found = read_positions(path, JOINTS)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, POSITIONS)


def test_columns_are_found_by_name(tmp_path):
    names = ['Frame', 'time'] + [f'{j}.{a}' for j in JOINTS for a in 'xyz']
    names += ['Prop.x', 'left_hand_tip.confidence']
    values = np.hstack((np.full((2, 2), 77), POSITIONS.reshape(2, 9),
                        np.full((2, 2), 99)))
    order = np.random.default_rng(0).permutation(len(names))
    path = csv(tmp_path / 'a.txt', [names[i] for i in order],
               values[:, order])
    np.testing.assert_array_equal(
        read_positions(path, JOINTS, r'Prop.*|.*confidence'), POSITIONS)
    with pytest.raises(InputError) as error:
        read_positions(path, JOINTS)
    assert 'holds the unexpected ' in str(error.value)
    assert "'left_hand_tip.confidence'" in str(error.value)
    assert "'Prop.x'" in str(error.value)


def test_names_that_differ_in_punctuation_alone(tmp_path):
    joints = ['a1', 'a_1', 'b']
    path = csv(tmp_path / 'a.csv', [f'{j}.{a}' for j in joints for a in 'xyz'],
               POSITIONS.reshape(2, 9))
    np.testing.assert_array_equal(read_positions(path, joints), POSITIONS)


@pytest.mark.parametrize('names, says', [
    (None, 'has 8 columns and no header, expected 9'),
    ([f'{j}.{a}' for j in JOINTS for a in 'xyz'][:8],
     "lacks 'right_hand_tip.z'"),
    (['hips.x', 'Hips_X', *'abcdef'], "names 'Hips_X' twice"),
    ([f'column{i}' for i in range(8)], "'column4' and 3 more; expected "
     '<joint>.x, <joint>.y, <joint>.z of the 3 joints'),
    (['x' * 5000] + list('abcdefg'), '...'),
])
def test_wrong_columns(tmp_path, names, says):
    path = csv(tmp_path / 'a.csv', names, POSITIONS.reshape(2, 9)[:, :8])
    with pytest.raises(InputError) as error:
        read_positions(path, JOINTS)
    text = str(error.value)
    assert text.startswith(f'{path}: ') and says in text and len(text) < 600


@pytest.mark.parametrize('dtype', ['<f4', '>f8', '<f2', '<i4', '|u1'])
@pytest.mark.parametrize('order', 'CF')
def test_npy(tmp_path, dtype, order):
    values = np.asarray(8 * POSITIONS, dtype, order=order)
    np.save(tmp_path / 'a.npy', values)
    found = read_positions(tmp_path / 'a.npy', JOINTS)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, 8 * POSITIONS)


def npy(values, **kwargs):
    file = io.BytesIO()
    np.save(file, values, **kwargs)
    return file.getvalue()


def header(text):
    return (b'\x93NUMPY\x01\x00' + len(text).to_bytes(2, 'little')
            + text.encode() + bytes(72))


@pytest.mark.parametrize('content, says', [
    (b'', 'does not begin as an array'),
    (b'1,2,3\n', 'does not begin as an array'),
    (npy(POSITIONS)[:40], 'does not begin as an array'),
    (header('__import__("os")'), 'does not begin as an array'),
    (b'PK\x03\x04', 'does not begin as an array'),
    (npy(POSITIONS)[:-1], 'holds 71 bytes of values, expected 72'),
    (npy(POSITIONS) + b'0', 'holds 73 bytes'),
    (header("{'descr': '<f4', 'fortran_order': False, 'shape': "
            "(99999999999999999999, 3, 3)}"), 'holds 72 bytes'),
    (npy(POSITIONS.astype(object), allow_pickle=True), "type 'object'"),
    (npy(POSITIONS.astype('c8')), "type 'complex64'"),
    (npy(np.array([['a']])), "type '<U1'"),
    (npy(POSITIONS[0]), "shape '(3, 3)', expected (frames, 3, 3)"),
    (npy(POSITIONS[:0]), "shape '(0, 3, 3)'"),
    (npy(POSITIONS[:, :2]), "shape '(2, 2, 3)'"),
    (npy(np.where(POSITIONS == 1, np.nan, POSITIONS)),
     'value [0, 2, 2] is nan'),
    (npy(np.full((1, 3, 3), np.iinfo(np.int64).min)), 'value [0, 0, 0] is -9'),
    (npy(np.full((1, 3, 3), -np.inf)), 'value [0, 0, 0] is -inf'),
])
def test_npy_refused(tmp_path, content, says):
    path = tmp_path / 'a.npy'
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_positions(path, JOINTS)
    text = str(error.value)
    assert text.startswith(f'{path}: ') and says in text and len(text) < 600


def test_kinect_names_of_the_sensor_are_known(tmp_path):
    sides = [f'{part}{side}' for side in ('Left', 'Right') for part in (
        'Shoulder', 'Elbow', 'Wrist', 'Hand')]
    sides += [f'{part}{side}' for side in ('Left', 'Right') for part in (
        'Hip', 'Knee', 'Ankle', 'Foot')]
    names = ['SpineBase', 'SpineMid', 'Neck', 'Head', *sides, 'SpineShoulder',
             'HandTipLeft', 'ThumbLeft', 'HandTipRight', 'ThumbRight']
    values = np.arange(75.)
    path = csv(tmp_path / 'a.csv', [f'{n}_{a}' for n in names for a in 'xyz'],
               [values])
    np.testing.assert_array_equal(
        read_positions(path, get_layout('nturgb+d').joints)[0],
        values.reshape(25, 3))
