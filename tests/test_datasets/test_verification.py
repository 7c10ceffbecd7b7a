"""Each fault is planted alone, and found alone."""
import copy
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_runs import run_tool, sentence

from mmair.datasets.readers import save_annotations
from mmair.datasets.synthetic import generate_annotations
from mmair.datasets.verification import UNLABELLED, verify
from mmair.datasets.verification.body_checks import check_movement
from mmair.datasets.verification.measure import _leaps
from mmair.datasets.verification.split_checks import Pair, check_copies
from mmair.errors import InputError
from mmair.layouts import LAYOUTS, get_layout

GENERATOR = dict(num_actors=4, actions=['knock', 'wave'], takes=1,
                 classes=['joy', 'neutral', 'sadness'])
THREE_D = [name for name, layout in LAYOUTS.items() if layout.dims == 3]
_CLEAN = generate_annotations(**GENERATOR)


@pytest.fixture
def data():
    return copy.deepcopy(_CLEAN)


def found(data, **kwargs):
    return {(f.level, f.check) for f in verify(data, **kwargs).findings}


def text_of(data):
    finding, = verify(data).findings
    return finding.text


def test_a_label_out_of_all_range(data):
    del data['meta']['classes']
    data['annotations'][0]['label'] = 2 * 10**7
    report = verify(data)
    assert len(report.classes) == 4
    assert sum(c['20000000'] for c in report.counts.values()) == 1


@pytest.mark.parametrize('layout', THREE_D)
def test_clean_data_gives_no_finding(layout):
    data = _CLEAN if layout == 'ebedb' else generate_annotations(
        2, ['walk', 'throw'], 1, ['anger', 'sadness'], layout)
    assert verify(data).findings == []


def test_numbers_are_those_of_the_recordings(data):
    del data['annotations'][0]['label']
    report = verify(data)
    assert report.classes == ['joy', 'neutral', 'sadness', UNLABELLED]
    assert report.counts['S01'] == {'joy': 1, 'neutral': 2, 'sadness': 2,
                                    UNLABELLED: 1}
    assert sum(sum(c.values()) for c in report.counts.values()) == 24
    layout = get_layout('ebedb')
    trunk = [0, 1, 2, 3, 4, 5]
    for annotation, m in zip(data['annotations'], report.recordings):
        x, body = annotation['keypoint'][0].astype(float), m.bodies[0]
        assert (m.name, m.frames) == (annotation['frame_dir'], len(x))
        assert body.trunk == pytest.approx(np.median(
            [sum(np.linalg.norm(frame[a] - frame[b])
                 for a, b in zip(trunk, trunk[1:])) for frame in x]))
        lengths = [np.linalg.norm(x[:, j] - x[:, p], axis=1)
                   for j, p in layout.bones]
        assert body.bone_length == pytest.approx(
            np.mean(lengths, axis=1), rel=1e-5)
        assert body.travel == pytest.approx(
            max(np.ptp(x[:, j, axis]) for j in range(23)
                for axis in range(3)) / body.trunk)
    wrist = [a['keypoint'][0, :, 10] - a['keypoint'][0, :, 0]
             for a in data['annotations']]
    assert report.low[10] == pytest.approx(np.concatenate(wrist).min(0))
    assert report.high[10] == pytest.approx(np.concatenate(wrist).max(0))
    assert report.splits['xsub'] == dict(train=18, test=6, neither=0)


def test_the_work_of_findings_grows_as_their_number():
    asked = []

    class Name(str):
        def __hash__(self):
            asked.append(self)
            return super().__hash__()

    class Index(int):
        def __eq__(self, other):
            asked.append(self)
            return super().__eq__(other)

        __hash__ = int.__hash__

    size = 100
    still = [SimpleNamespace(name=Name(i), nonfinite=False, still=1, fps=30.,
                             bodies=[SimpleNamespace(travel=0.)])
             for i in range(size)]
    (_, text), = check_movement(still)[1]
    assert f'in {size} recordings: 0, 1, 2 and 97 more' in text
    assert len(asked) < 10 * size
    asked.clear()
    copies = [SimpleNamespace(name=str(i), label=i % 4 // 3)
              for i in range(2 * size)]
    findings = check_copies(copies, [
        Pair(Index(i), Index(i + 1), True) for i in range(0, 2 * size, 2)])
    assert [text.split(': ')[1] for _, text in findings[1]] == [
        '3 = 2, 7 = 6, 11 = 10 and 47 more', '1 = 0, 5 = 4, 9 = 8 and 47 more']
    assert len(asked) < 10 * size


# Faults of a recording: (level, check), what the sentence says.

def nan(a):
    a['keypoint'][0, 3, 4, 1] = np.nan
    a['keypoint'][0, 5, 4, 1] = -np.inf


def frozen(a):
    a['keypoint'][:] = a['keypoint'][:, :1]


def held(a):
    a['keypoint'][:, 20:60] = a['keypoint'][:, 20:21]


def teleport(a):
    a['keypoint'][:, 30:, :, 0] += 1.


def spike(a):
    a['keypoint'][0, 30, 10] += (.8, 0, 0)


def stretch(a):
    x = a['keypoint']
    wave = 1 + .3 * np.sin(np.arange(x.shape[1]) / 20)[:, None]
    x[0, :, 10] = x[0, :, 9] + wave * (x[0, :, 10] - x[0, :, 9])


def far(a):
    a['keypoint'][0, :, 10] += (3, 0, 0)


def lying(a):
    a['keypoint'] = a['keypoint'][..., [1, 0, 2]] * np.float32([1, -1, 1])


def swapped(a):
    a['keypoint'] = a['keypoint'][:, :, get_layout('ebedb').mirror]


def swapped_arms(a):
    mirror = np.array(get_layout('ebedb').mirror)
    mirror[15:] = np.arange(15, 23)
    a['keypoint'] = a['keypoint'][:, :, mirror]


def centimetres(a):
    a['keypoint'] = a['keypoint'] * 100


def normalised(a):
    a['keypoint'] = a['keypoint'] * 10


def no_fps(a):
    del a['fps']


def slow(a):
    a['fps'] = 1.


@pytest.mark.parametrize('plant, level, check, says', [
    (nan, 'error', 'values', '2 values'),
    (frozen, 'warning', 'movement', 'nothing moves in 1 recording:'),
    (held, 'warning', 'movement', '(40 of '),
    (teleport, 'warning', 'jumps', '(the body at frame 30)'),
    (stretch, 'warning', 'bone lengths', '(RightElbow to RightWrist '),
    (lying, 'warning', 'up axis', 'points along +x in 1 recording,'),
    (swapped, 'warning', 'left and right', 'to the back in 1 recording,'),
    (swapped_arms, 'error', 'left and right', 'shoulders point the other way'),
    (centimetres, 'error', 'units', 'looks like centimetres'),
    (normalised, 'warning', 'units', 'fits no unit'),
    (no_fps, 'note', 'frame rate', '30 Hz were assumed'),
])
def test_fault_of_one_recording(data, plant, level, check, says):
    plant(data['annotations'][5])
    finding, = verify(data).findings
    assert finding[:2] == (level, check) and says in finding.text
    assert data['annotations'][5]['frame_dir'] in finding.text


def test_joint_that_is_far_away_or_jumps(data):
    spike(data['annotations'][5])
    texts = {f.check: f.text for f in verify(data).findings}
    assert set(texts) == {'bone lengths', 'jumps'}
    assert '_1 (RightWrist at frame 3' in texts['jumps']
    data = copy.deepcopy(_CLEAN)
    far(data['annotations'][5])
    assert found(data) == {('warning', 'joint ranges')}
    x = data['annotations'][5]['keypoint'][0]
    reach = np.linalg.norm(x[:, 10] - x[:, 0], axis=1).max()
    trunk = verify(data).recordings[5].bodies[0].trunk
    assert f'(RightWrist {reach / trunk:.1f})' in text_of(data)


def test_speed_out_of_nothing_by_hand():
    """Steps of .01 but for one; at the ends only one side can be calm."""
    for jump in (1, 10, 19):
        x = np.arange(20)[:, None, None] * .01 + np.zeros((20, 2, 3))
        x[jump:, 1, 0] += 1.01
        speeds = _leaps(x, fps=10.)
        size = 10 * np.linalg.norm([1.02, .01, .01])
        assert np.argwhere(speeds).tolist() == [[jump, 1]]
        assert speeds[jump, 1] == pytest.approx(size)
    # Gathered over several frames it is no jump, however fast.
    x[..., 0] = np.cumsum(.02 * 2. ** np.minimum(np.arange(20), 8))[:, None]
    assert not _leaps(x, fps=10.).any()


def test_recording_that_begins_too_high(data):
    data['annotations'][5]['keypoint'][:, 0, :, 1] += .2
    assert '1 recording, 1 of them at the very start' in text_of(data)
    assert '(the body at frame 1)' in text_of(data)


@pytest.mark.parametrize('factor, unit', [
    (100, 'centimetres'), (1000, 'millimetres'), (1 / .0254, 'inches'),
    (1 / .3048, 'feet')])
def test_units_of_a_whole_file(data, factor, unit):
    for a in data['annotations']:
        a['keypoint'] = a['keypoint'] * np.float32(factor)
    assert found(data) == {('error', 'units')}
    text = text_of(data)
    assert f'looks like {unit}' in text and 'in 24 recordings' in text
    assert f'multiply by {1 / factor:g}' in text and 'and 21 more' in text


def test_axes_and_sides_of_a_whole_file(data):
    z_up = copy.deepcopy(data)
    for a in z_up['annotations']:
        a['keypoint'] = a['keypoint'][..., [2, 0, 1]]  # a rotation
    assert found(z_up) == {('error', 'up axis')}
    assert 'points along +z in 24 recordings' in text_of(z_up)
    for plant in (swapped, lambda a: a['keypoint'].__imul__(
            np.float32([1, 1, -1]))):
        wrong = copy.deepcopy(data)
        for a in wrong['annotations']:
            plant(a)
        assert found(wrong) == {('error', 'left and right')}
        assert 'swapped, or one axis is mirrored' in text_of(wrong)


@pytest.mark.parametrize('layout', THREE_D)
def test_swapped_sides_are_seen_on_every_layout(layout):
    data = generate_annotations(2, ['talk'], 1, ['joy', 'neutral'], layout)
    mirror = list(get_layout(layout).mirror)
    for a in data['annotations']:
        a['keypoint'] = a['keypoint'][:, :, mirror]
    assert found(data) == {('error', 'left and right')}


def test_frame_rates(data):
    slow(data['annotations'][0])
    assert found(data) == {('warning', 'frame rate'), ('note', 'frame rate')}


def test_copies(data):
    a, b, c = data['annotations'][:3]
    for split in data['split'].values():  # all on one side
        if b['frame_dir'] in split:
            split.remove(b['frame_dir'])
        if a['frame_dir'] in split:
            split.append(b['frame_dir'])
    b['keypoint'], b['total_frames'] = a['keypoint'], a['total_frames']
    assert found(data) == {('error', 'copies')}  # of another label
    b['label'] = a['label']
    assert found(data) == {('warning', 'copies')}
    assert text_of(data).endswith(f': {b["frame_dir"]} = {a["frame_dir"]}')


def test_excerpts_that_overlap_and_stand_on_both_sides(data):
    a, b = data['annotations'][0], data['annotations'][-1]
    a['keypoint'] = a['keypoint'][:, :80]
    b['keypoint'] = a['keypoint'][:, 20:]
    a['total_frames'], b['total_frames'] = 80, 60
    report = verify(data)
    assert {f[:2] for f in report.findings} == {('warning', 'copies'),
                                                ('error', 'splits')}
    for finding in report.findings:
        assert a['frame_dir'] in finding.text and b['frame_dir'] in (
            finding.text)
    assert any('share frames on both sides of xsub' in f.text
               for f in report.findings)


def test_a_pose_that_all_recordings_begin_with_is_no_overlap(data):
    for a in data['annotations']:
        a['keypoint'][:, 0] = data['annotations'][0]['keypoint'][:, 0]
    assert ('warning', 'copies') not in found(data)


@pytest.mark.parametrize('base, kind, says', [
    ('xsub', 'actor', '1 actor on both sides of xsub: S01'),
    ('xrec', 'recording', '1 session on both sides of xrec'),
    ('xact_f0', 'action', '1 action on both sides of xact_f0: knock')])
def test_group_on_both_sides(data, base, kind, says):
    for a in data['annotations']:
        a['action'] = a['recording'].split('_')[1]
    names = [a['frame_dir'] for a in data['annotations']]
    first = data['annotations'][0][kind]
    test = [a['frame_dir'] for a in data['annotations'] if a[kind] == first]
    data['split'] = {f'{base}_train': [n for n in names if n not in test],
                     f'{base}_test': test}
    assert verify(data).findings == []
    data['split'][f'{base}_train'].append(test[0])
    data['split'][f'{base}_test'] = test[1:]
    assert found(data) == {('error', 'splits')}
    assert text_of(data).startswith(says)


def test_recording_on_both_sides_or_in_no_split(data):
    names = [a['frame_dir'] for a in data['annotations']]
    data['split'] = dict(random_train=names[:20], random_val=names[19:])
    assert text_of(data) == f'1 recording on both sides of random: {names[19]}'
    data['split'] = dict(random_train=names[:20], random_val=names[20:23])
    assert found(data) == {('warning', 'splits')}
    assert text_of(data) == f'1 recording in no split: {names[23]}'


def coco(annotation):
    """A 3-D recording as a camera far in front would see it."""
    source = get_layout('ebedb')
    roles = dict(zip(source.joints, range(23)))
    x = annotation['keypoint'][0][:, [roles['Head']] * 5 + [
        roles[f'{side}{joint}'] for joint in
        ('Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle')
        for side in ('Left', 'Right')]]
    pixels = 640 + 300 * x[None, ..., :2] * np.float32([1, -1])
    return {**annotation, 'keypoint': pixels,
            'keypoint_score': np.ones(pixels.shape[:3], np.float32)}


def test_two_dimensions(data):
    data['meta']['layout'] = 'coco'
    data['annotations'] = [coco(a) for a in data['annotations']]
    report = verify(data)
    assert report.findings == []
    assert report.notes['left and right'] == 'not decidable in 2-D'
    # A joint that was not seen is at (0, 0), and no jump.
    for a in data['annotations']:
        a['keypoint'][0, 10:20, 9] = 0
        a['keypoint_score'][0, 10:20, 9] = 0
    assert verify(data).findings == []
    for a in data['annotations']:
        a['keypoint'] = 900 - a['keypoint']
    assert found(data) == {('error', 'up axis')}


def test_padding_is_nobody(data):
    for a in data['annotations']:
        a['keypoint'] = np.concatenate([a['keypoint']] * 2)
        a['keypoint'][1] = 0
        a['keypoint'][:, -40:] = 0
    assert verify(data).findings == []
    data['annotations'][3]['keypoint'][:] = 0
    assert 'nobody is seen in 1 recording' in text_of(data)


def test_layout_that_the_file_does_not_name(data):
    del data['meta']['layout']
    with pytest.raises(InputError, match='23 joints of 3 coordinates fit '
                       'emilya and ebedb.*--layout'):
        verify(data)
    assert verify(data, 'ebedb').findings == []
    with pytest.raises(InputError, match=r"the layout 'kdae' \(21 joints\)"):
        verify(data, 'kdae')


class OnDemand:
    """Annotations that are made when they are asked for."""
    alive = most = 0

    def __init__(self, annotations):
        self.annotations = annotations

    def __len__(self):
        return len(self.annotations)

    def __getitem__(self, index):
        annotation = self.annotations[index]
        keypoint = annotation['keypoint'].copy()
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(keypoint, self.gone)
        return {**annotation, 'keypoint': keypoint}

    def gone(self):
        self.alive -= 1


def test_one_recording_is_held_at_a_time(data):
    data['annotations'] = OnDemand(data['annotations'])
    seen = []
    assert verify(data, track=lambda x: (seen.append(a['frame_dir']) or a
                                         for a in x)).findings == []
    assert len(seen) == 24
    assert data['annotations'].most <= 2 and data['annotations'].alive == 0


@pytest.mark.parametrize('name', ['data.pkl', 'store'])
def test_tool(name, data, tmp_path, capsys):
    path = tmp_path / name
    save_annotations(data, path)
    assert run_tool('dataset_converters/verify.py', path) == 0
    out, err = capsys.readouterr()
    assert 'Findings: 0 errors, 0 warnings, 0 notes' in out
    rows = [line.split() for line in out.splitlines()]
    assert ['joy', 'neutral', 'sadness', 'all'] in rows
    assert ['S02', '2', '2', '2', '6'] in rows
    assert ['all', '8', '8', '8', '24'] in rows
    assert ['xsub', '18', '6', '0'] in rows
    assert max(map(len, out.splitlines())) < 140
    assert 'Checking' in err

    centimetres(data['annotations'][0])
    save_annotations(data, path)
    assert run_tool('dataset_converters/verify.py', path) == 1
    assert 'error (units): the trunk is ' in capsys.readouterr().out


def test_tool_names_twenty_actors(data, tmp_path, capsys):
    data['meta']['classes'] += [f'class{i}' for i in range(20)]
    for number, annotation in enumerate(data['annotations']):
        annotation['actor'] = f'A{number}'
    save_annotations(data, tmp_path / 'data.pkl')
    run_tool('dataset_converters/verify.py', tmp_path / 'data.pkl')
    line, = (line for line in capsys.readouterr().out.splitlines()
             if line.startswith('  actors '))
    assert line.count('A') == 20 and line.endswith(' 1 and 4 more')


def test_tool_on_bad_input(data, tmp_path, capsys):
    tool = 'dataset_converters/verify.py'
    assert run_tool(tool, tmp_path / 'no.pkl') == 2
    assert 'no.pkl: cannot be read' in sentence(capsys)
    assert run_tool(tool, __file__) == 2
    assert 'is no annotation file' in sentence(capsys)
    path = tmp_path / 'data.pkl'
    save_annotations(data, path)
    assert run_tool(tool, path, '--layout', 'coco') == 2
    line = sentence(capsys)
    assert f'{path}: the data has 23 joints' in line and "'coco'" in line
    assert run_tool(tool, path, '--layout', 'mystery') == 2
    assert "unknown layout 'mystery'" in sentence(capsys)
