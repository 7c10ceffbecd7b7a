import math
import os
import random
import time

import numpy as np
import pytest

from mmair.datasets.readers import bvh, read_bvh
from mmair.errors import InputError

CHANNELS = [f'{a}{k}' for k in ('position', 'rotation') for a in 'XYZ']
GOOD = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Chest
  {
    OFFSET 1 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 5 0
    }
  }
  JOINT Leg
  {
    OFFSET 0 0 1
    CHANNELS 3 Zrotation Xrotation Yrotation
  }
}
MOTION
Frames: 2
Frame Time: 0.033333
10 20 30 90 90 0 1 2 3 4 5 6
11 21 31 0 0 0 1 2 3 4 5 6
"""


@pytest.fixture
def read(tmp_path):

    def reader(text):
        path = tmp_path / 'some.bvh'
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_bvh(path)

    return reader


def random_bvh(seed, num_joints=12, num_frames=4):
    """Text of a random tree in which every joint has its own channels."""
    rng = random.Random(seed)
    children = {j: [] for j in range(num_joints)}
    for joint in range(1, num_joints):
        children[rng.randrange(joint)].append(joint)
    width = 0

    def write(joint):
        nonlocal width
        chosen = (CHANNELS if joint == 0 or rng.random() < .3 else
                  CHANNELS[3:] if rng.random() < .5 else
                  rng.sample(CHANNELS, rng.randrange(7)))
        chosen = rng.sample(chosen, len(chosen))
        width += len(chosen)
        offset = ' '.join(f'{rng.uniform(-30, 30):.4f}' for _ in range(3))
        body = [write(child) for child in children[joint]]
        if not body and rng.random() < .7:
            body = ['End Site { OFFSET 1 2 3 }']
        # End Sites come before joints, too.
        if body and rng.random() < .3:
            body.insert(0, 'End Site\n{\nOFFSET 1 2 3\n}')
        return (f'{"JOINT" if joint else "ROOT"} j{joint}\n{{\n'
                f'OFFSET {offset}\n'
                f'CHANNELS {len(chosen)} {" ".join(chosen)}\n'
                + '\n'.join(body) + '\n}')

    head = write(0)
    rows = [' '.join(f'{rng.uniform(-180, 180):.5f}' for _ in range(width))
            for _ in range(num_frames)]
    return (f'HIERARCHY\n{head}\nMOTION\nFrames: {num_frames}\n'
            'Frame Time: 0.01\n' + '\n'.join(rows) + '\n')


def slow_positions(text):
    """The definition of the format: recursive, frame by frame, no numpy."""
    words = text.replace('{', ' { ').replace('}', ' } ').split()

    def parse(at):
        node = dict(name=words[at + 1], channels=[], children=[],
                    end=words[at] == 'End')
        at += 3
        while words[at] != '}':
            if words[at] == 'OFFSET':
                node['offset'] = [float(w) for w in words[at + 1:at + 4]]
                at += 4
            elif words[at] == 'CHANNELS':
                count = int(words[at + 1])
                node['channels'] = words[at + 2:at + 2 + count]
                at += 2 + count
            else:
                child, at = parse(at)
                if not child['end']:
                    node['children'].append(child)
        return node, at + 1

    def product(a, b):
        return [[sum(a[i][k] * b[k][j] for k in range(4)) for j in range(4)]
                for i in range(4)]

    def turn(axis, degrees):
        c, s = (f(math.radians(degrees)) for f in (math.cos, math.sin))
        return dict(X=[[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0],
                       [0, 0, 0, 1]],
                    Y=[[c, 0, s, 0], [0, 1, 0, 0], [-s, 0, c, 0],
                       [0, 0, 0, 1]],
                    Z=[[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0],
                       [0, 0, 0, 1]])[axis]

    def pose(node, parent, values, out):
        offset, turns = list(node['offset']), []
        for channel in node['channels']:
            value = values.pop(0)
            if channel.endswith('position'):
                offset['XYZ'.index(channel[0])] = value
            else:
                turns.append((channel[0], value))
        x, y, z = offset
        world = product(parent, [[1, 0, 0, x], [0, 1, 0, y], [0, 0, 1, z],
                                 [0, 0, 0, 1]])
        for axis, degrees in turns:
            world = product(world, turn(axis, degrees))
        out.append([world[i][3] for i in range(3)])
        for child in node['children']:
            pose(child, world, values, out)
        return out

    root, at = parse(1)
    frames = int(words[at + 2])
    values = [float(word) for word in words[at + 6:]]
    width = len(values) // frames
    identity = [[float(i == j) for j in range(4)] for i in range(4)]
    return np.array([
        pose(root, identity, values[i * width:(i + 1) * width], [])
        for i in range(frames)])


@pytest.mark.parametrize('seed', range(20))
def test_against_slow_reference(read, seed):
    text = random_bvh(seed)
    np.testing.assert_allclose(read(text).positions, slow_positions(text),
                               rtol=1e-5, atol=1e-3)


def test_by_hand(read):
    motion = read(GOOD)
    assert motion.joints == ('Hips', 'Chest', 'Leg')
    assert motion.parents == (-1, 0, 0)
    assert motion.fps == 30
    assert motion.positions.dtype == np.float32
    # The hips turn by Rz(90) Rx(90): x goes to y, and z goes over -y to x.
    np.testing.assert_allclose(motion.positions[0],
                               [[10, 20, 30], [10, 21, 30], [11, 20, 30]],
                               atol=1e-5)
    np.testing.assert_allclose(motion.positions[1],
                               [[11, 21, 31], [12, 21, 31], [11, 21, 32]],
                               atol=1e-5)


def test_position_replaces_offset_by_axis(read):
    text = GOOD.replace('OFFSET 1 0 0', 'OFFSET 1 7 0').replace(
        'CHANNELS 3 Zrotation Xrotation Yrotation\n    End',
        'CHANNELS 1 Xposition\n    End').replace('1 2 3 4 5 6', '50 4 5 6')
    np.testing.assert_allclose(read(text).positions[1, 1],
                               [11 + 50, 21 + 7, 31], atol=1e-4)


@pytest.mark.parametrize('change', [
    lambda t: t.replace('\n', '\r\n'),
    lambda t: t.replace('\n', '\r'),
    lambda t: t.replace(' ', '\t\t').replace('Frame\t\tT', 'Frame T'),
    lambda t: t.replace('Frames: 2', 'frames :2').replace('Time: ', 'TIME:'),
    lambda t: t.replace('HIERARCHY', '\n\n hierarchy').replace(
        'ROOT', 'root').replace('End Site', 'END SITE').replace(
            'rotation', 'ROTATION').replace('MOTION', 'Motion'),
    lambda t: t.replace('Hips\n{', 'Hips{').replace('}\n', '}'),
    lambda t: t.replace('\n11 21', '\n\n  \n 1.1e1 +21.0') + '\n\n',
    lambda t: '\ufeff' + t,
    lambda t: t.replace('Chest', 'Motion').replace('Hips', 'Frames:'),
])
def test_same_motion_however_it_is_written(read, change):
    np.testing.assert_array_equal(
        read(change(GOOD)).positions, read(GOOD).positions)


def test_joint_names_may_hold_spaces(read):
    motion = read(GOOD.replace('JOINT Chest', 'JOINT  upper   body'))
    assert motion.joints == ('Hips', 'upper body', 'Leg')


def test_long_recordings_are_posed_in_pieces(read, monkeypatch):
    text = random_bvh(0, num_frames=11)
    whole = read(text).positions
    monkeypatch.setattr(bvh, '_BLOCK', 4 * 12)
    np.testing.assert_allclose(read(text).positions, whole, atol=1e-4)


def test_select(read):
    motion = read(GOOD)
    np.testing.assert_array_equal(motion.select(['Leg', 'Hips', 'Chest']),
                                  motion.positions[:, [2, 0, 1]])
    with pytest.raises(InputError,
                       match="3 joints lacks 'Arm' and holds the unexpected "
                       "'Leg'; expected the 3 joints") as error:
        motion.select(['Hips', 'Chest', 'Arm'])
    assert motion.path in str(error.value)


def swap(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize('text, says', [
    ('', 'ends inside the header'),
    ('\n \n', 'ends inside the header'),
    ('%PDF-1.4 nothing', "'%PDF-1.4' found"),
    (bytes(range(256)) * 50, 'is this a BVH file'),
    (GOOD.encode('utf-16'), 'is this a BVH file'),
    (GOOD[:GOOD.index('CHANNELS')], 'ends inside the header'),
    (GOOD[:GOOD.index('MOTION')], 'ends inside the header'),
    (GOOD[:GOOD.index('Frame Time')], 'Frame Time: <seconds>'),
    (GOOD[:-20], 'frame 2 of 2 holds 3 values, expected 12'),
    (GOOD[:GOOD.index('11 21')], "Frames is '2' and 1 rows follow"),
    (swap('10 20 30', '10 20'), 'frame 1 of 2 holds 11 values, expected 12'),
    (swap('10 20 30', '10 20').replace('11 21', '11 9 21'),
     'frame 1 of 2 holds 11 values'),
    (swap('11 21', '11 -1.#IND00'), "frame 2 of 2, value 2 is '-1.#IND00'"),
    (swap('11 21', '11 nan'), "frame 2 of 2, value 2 is 'nan'"),
    (swap('11 21', '11 -inf'), "frame 2 of 2, value 2 is '-inf'"),
    (swap('11 21', '11 1e999'), "frame 2 of 2, value 2 is '1e999'"),
    (swap('11 21', '11 2,1'), "frame 2 of 2, value 2 is '2,1'"),
    (swap('Frames: 2', 'Frames: 3'), "Frames is '3' and 2 rows follow"),
    (swap('Frames: 2', 'Frames: 1'), "Frames is '1' and 2 rows follow"),
    (swap('Frames: 2', 'Frames: 99999999999999'), 'and 2 rows follow'),
    (swap('Frames: 2', 'Frames: -2'), "Frames is '-2'"),
    (swap('Frames: 2', 'Frames: two'), "Frames is 'two'"),
    (GOOD[:GOOD.index('10 20')].replace('Frames: 2', 'Frames: 0'),
     "Frames is '0' and 0 rows follow"),
    (swap('Frame Time: 0.033333\n', ''), 'Frame Time: <seconds>'),
    (swap('0.033333', '0'), "Frame Time is '0'"),
    (swap('0.033333', '-0.03'), "Frame Time is '-0.03'"),
    (swap('0.033333', 'nan'), "Frame Time is 'nan'"),
    (swap('0.033333', '33.3'), "Frame Time is '33.3'"),
    (swap('OFFSET 1 0 0', 'OFFSET 1 nan 0'), "OFFSET is '1 nan 0'"),
    (swap('OFFSET 1 0 0', 'OFFSET 1 0'), 'OFFSET is .1 0 CHANNELS.'),
    (swap('    OFFSET 1 0 0\n', ''), "joint 'Chest' has no OFFSET"),
    (swap('CHANNELS 6', 'CHANNELS 7'), "of joint 'Hips' is '7', expected 0"),
    (swap('CHANNELS 6', 'CHANNELS 5'), "'Yrotation' found in the header"),
    (swap('CHANNELS 6', 'CHANNELS 9e8'), "is '9e8', expected 0 to 6"),
    (swap('6 Xposition', '6 Xscale'), "CHANNELS of joint 'Hips' are 'xscale"),
    (swap('6 Xposition', '6 Yposition'), 'expected 6 different ones'),
    (swap('JOINT Leg', 'JOINT Chest'), "joint name 'Chest' is used twice"),
    (swap('JOINT Leg', 'JOINT'), "joint name '' is empty"),
    (swap('JOINT Leg', 'BONE Leg'), "'BONE' found in the header inside 1"),
    (swap('End Site', 'End'), "'{' found in the header, expected SITE"),
    (swap('}\nMOTION', '}}\nMOTION'), "'}' found in the header at top level"),
    (swap('}\nMOTION', '\nMOTION'), "'MOTION' found in the header inside 1"),
    ('HIERARCHY MOTION Frames: 0', "'MOTION' found in the header at top"),
    (swap('    OFFSET 1 0 0\n', '    OFFSET 1 0 0\n' * 2), 'comes twice'),
    (swap('OFFSET 0 0 1', 'OFFSET 0 0 1 End Site {} CHANNELS 0'),
     'after a child'),
    (swap('OFFSET 1 0 0', 'JOINT b { OFFSET 0 0 0 } OFFSET 1 0 0'),
     "'Chest' has no OFFSET"),
    (swap('JOINT Leg', 'JOINT\nLeg'), "joint name '' is followed by 'Leg'"),
    (swap('JOINT Leg\n  {', 'JOINT Leg }'), "'Leg' is followed by }"),
    (swap('OFFSET 1', 'OFF\u017fET 1'), 'found in the header inside 2'),
    (swap('Frames: 2', 'Frames: 2.0'), "Frames is '2.0' and 2 rows"),
    (swap('Frames: 2', 'Frames: \u0662'), "Frames is '\u0662'"),
    (swap('0.033333\n', '0.033333 '), 'a line "Frame Time: <seconds>"'),
    (swap('11 21', '1_1 21'), "frame 2 of 2, value 1 is '1_1'"),
    (swap('11 21', '\u0661 21'), "frame 2 of 2, value 1 is '\u0661'"),
    (swap('11 21', '11\xa021'), 'frame 2 of 2 holds 11 values'),
    (GOOD + '1 ' * 2**20, "Frames is '2' and 3 rows"),
    (swap('11 21', '1' * 2**20), 'frame 2 of 2 is a line of 1048'),
])
def test_bad_input_is_told_in_one_sentence(read, tmp_path, text, says):
    with pytest.raises(InputError, match=says) as error:
        read(text)
    message = str(error.value)
    assert message.startswith(f'{tmp_path / "some.bvh"}: ')
    assert '\n' not in message and len(message) < 400


def test_unreadable_file(tmp_path):
    with pytest.raises(InputError, match='cannot be read'):
        read_bvh(tmp_path)
    with pytest.raises(InputError, match='none.bvh: cannot be read'):
        read_bvh(tmp_path / 'none.bvh')


def test_what_is_no_file_is_not_waited_for(tmp_path):
    path = tmp_path / 'pipe.bvh'
    os.mkfifo(path)
    with pytest.raises(InputError, match='pipe.bvh: .* a pipe or device'):
        read_bvh(path)
    path = tmp_path / 'sparse.bvh'
    with open(path, 'wb') as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match='sparse.bvh: holds 1099511627776'):
        read_bvh(path)


def test_names_in_any_encoding(read):
    text = GOOD.replace('Leg', 'H\xfcfte')
    for encoding in ('utf-8', 'latin-1'):
        assert read(text.encode(encoding)).joints[2] == 'H\xfcfte'


@pytest.mark.parametrize('head', [
    'HIERARCHY ROOT a ' + ''.join(
        f'{{ OFFSET 0 0 0 JOINT j{i} ' for i in range(10**6)),
    'HIERARCHY ROOT a { OFFSET 0 0 0 ' + ''.join(
        f'JOINT j{i} {{ OFFSET 0 0 0 }} ' for i in range(10**6)),
    'HIERARCHY ROOT ' + 'a ' * 10**6,
    'HIERARCHY ROOT' + ' ' * 10**7 + '{',
], ids=['deep', 'wide', 'name', 'blank'])
def test_a_million_joints_do_not_hang(read, head):
    start = time.perf_counter()
    with pytest.raises(InputError):
        read(head)
    assert time.perf_counter() - start < 10


def test_few_bytes_do_not_fill_the_memory(read, monkeypatch):
    monkeypatch.setattr(bvh, 'MAX_POSITIONS', 5)
    with pytest.raises(InputError, match='2 frames of 3 joints'):
        read(GOOD)


def test_deep_chain(read):
    """A chain as deep as is allowed needs no recursion."""
    num = bvh.MAX_JOINTS
    head = ''.join(f'{"JOINT" if i else "ROOT"} j{i} {{ OFFSET 0 1 0 '
                   f'CHANNELS {int(i == 0)} {"" if i else "Zrotation"} '
                   for i in range(num)) + '}' * num
    motion = read(f'HIERARCHY {head} MOTION Frames: 1 Frame Time: .1\n90')
    np.testing.assert_allclose(motion.positions[0, -1], [1 - num, 1, 0],
                               atol=1e-3)


def test_damaged_files_never_pass_as_garbage(read):
    """A file is read as finite positions or refused; nothing else happens."""
    text = random_bvh(3, num_joints=6)
    last_row = text.rindex('\n', 0, -1)
    for cut in range(0, last_row, 7):
        with pytest.raises(InputError):
            read(text[:cut])
    rng = random.Random(0)
    for _ in range(400):
        damaged = bytearray(text.encode())
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            motion = read(bytes(damaged))
        except InputError:
            continue
        assert np.isfinite(motion.positions).all()
        assert motion.positions.shape[1] == len(motion.joints)
