"""Generated trees against what is documented of the data sets."""
import csv
import re
from collections import Counter

import numpy as np
import pytest
from tiny_runs import run_tool, sentence

from mmair.datasets.native_trees import (
    EGBM_PATTERN,
    EMILYA_ACTORS,
    KDAE_ACTORS,
    write_egbm,
    write_emilya,
    write_kdae,
)
from mmair.datasets.readers import read_bvh
from mmair.datasets.synthetic import generate_recording
from mmair.errors import InputError

KDAE_NAME = re.compile(r'^([FM]\d{2})(SA|SU|A|D|F|H|N)(\d)V(\d)$')
NOUN = dict(A='anger', D='disgust', F='fear', H='joy', N='neutral',
            SA='sadness', SU='surprise')
WORD = dict(A='Angry', D='Disgust', F='Fearful', H='Happy', N='Neutral',
            SA='Sad', SU='Surprise')
FINGERS = ('HandThumb1 HandThumb2 HandThumb3 '
           'InHandIndex HandIndex1 HandIndex2 HandIndex3 '
           'InHandMiddle HandMiddle1 HandMiddle2 HandMiddle3 '
           'InHandRing HandRing1 HandRing2 HandRing3 '
           'InHandPinky HandPinky1 HandPinky2 HandPinky3').split()
NEURON = ('Hips RightUpLeg RightLeg RightFoot LeftUpLeg LeftLeg LeftFoot '
          'Spine Spine1 Spine2 Spine3 Neck Head RightShoulder RightArm '
          'RightForeArm RightHand').split()
NEURON += [f'Right{finger}' for finger in FINGERS]
NEURON += 'LeftShoulder LeftArm LeftForeArm LeftHand'.split()
NEURON += [f'Left{finger}' for finger in FINGERS]
XSENS = ('Hips LeftHip LeftKnee LeftAnkle LeftToe RightHip RightKnee '
         'RightAnkle RightToe Chest Chest2 Chest3 Chest4 LeftCollar '
         'LeftShoulder LeftElbow LeftWrist RightCollar RightShoulder '
         'RightElbow RightWrist Neck Head').split()


def channels(text):
    """Numbers of channels of the joints of a BVH file."""
    return [int(n) for n in re.findall(r'CHANNELS (\d)', text)]


def table(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def kdae(tmp_path_factory):
    """Both variants of a tree."""
    return {n: (root, write_kdae(root, 2, 1, channels=n))
            for n, root in ((n, tmp_path_factory.mktemp(f'kdae{n}'))
                            for n in (3, 6))}


@pytest.fixture(scope='module')
def emilya(tmp_path_factory):
    """Both folder layouts of a tree."""
    return {folders: (root, write_emilya(root, 2, 2, 1, 1, folders))
            for folders, root in ((f, tmp_path_factory.mktemp(f'emilya_{f}'))
                                  for f in ('code', 'name'))}


def test_kdae_has_22_actors():
    women = [f'F{i:02d}' for i in range(1, 13) if i != 4]
    assert sorted(KDAE_ACTORS) == women + [f'M{i:02d}' for i in range(1, 12)]


@pytest.mark.parametrize('number', (3, 6))
def test_kdae_tree(kdae, number):
    root, tree = kdae[number]
    files = sorted(root.rglob('*.bvh'))
    assert len(files) == 14 and not tree.skipped
    rows = {row['filename']: row for row in table(root / 'file-info.csv')}
    assert sorted(rows) == [path.stem for path in files]
    truth = {recording['frame_dir']: recording
             for recording in tree.recordings}
    for path in files:
        actor, code, scenario, version = KDAE_NAME.match(path.stem).groups()
        assert path == root / 'BVH' / actor / path.name
        assert rows[path.stem] == dict(
            filename=path.stem, actor_ID=actor, actor_gender=actor[0],
            emotion=WORD[code], scenario_ID=scenario, version=version)
        assert truth[path.stem]['emotion'] == NOUN[code]
        assert truth[path.stem]['actor'] == actor
        assert path.stem.startswith(truth[path.stem]['recording'])
    text = files[0].read_text()
    assert re.search(r'Frame Time: (\S+)', text)[1] == '0.008000'
    assert channels(text) == [6] + 58 * [number]
    motion = read_bvh(files[0])
    assert list(motion.joints) == NEURON
    assert motion.joints[motion.parents[NEURON.index('Neck')]] == 'Spine3'
    assert {motion.joints[motion.parents[NEURON.index(f'{side}Shoulder')]]
            for side in ('Left', 'Right')} == {'Spine3'}


def test_kdae_motion_is_the_generators(kdae):
    expected = generate_recording('fear', 2, 'talk', 1, layout='kdae',
                                  fps=125)['keypoint'][0]
    three, six = (read_bvh(root / 'BVH/M01/M01F0V1.bvh')
                  for root, _ in kdae.values())
    body = [NEURON.index(joint) for joint in NEURON
            if joint.endswith('Hand') or 'Hand' not in joint]
    assert np.allclose(three.positions[:, body] / 100, expected, atol=1e-5)
    assert np.allclose(six.positions, three.positions, atol=1e-3)
    # Who adds positions to offsets, or uses offsets alone, is found out.
    assert np.abs(six.offsets - three.offsets).max(1).min() > .9
    # Fingers are there, and at the hands.
    hand = three.positions[:, [NEURON.index('LeftHand')]]
    tips = three.positions[:, [i for i, joint in enumerate(NEURON)
                               if re.match('LeftHand.*3', joint)]]
    away = np.linalg.norm(tips - hand, axis=-1)
    assert 8 < away.min() and away.max() < 25


def test_kdae_first_release_has_no_surprise(tmp_path):
    tree = write_kdae(tmp_path, 1, 1, release='1.0.0')
    assert Counter(row['emotion'] for row in table(
        tmp_path / 'file-info.csv')) == Counter(
            word for word in WORD.values() if word != 'Surprise')
    assert len(tree.recordings) == 6


@pytest.mark.parametrize('folders', ('code', 'name'))
def test_emilya_tree(emilya, folders):
    root, tree = emilya[folders]
    # As documented: names of emotions, actions and actors in both forms.
    emotions = dict(Ag='Anger', Ax='Anxiety', Jy='Joy', Nt='Neutral',
                    PF='Panic Fear', Pr='Pride', Sd='Sadness', Sh='Shame')
    actions = dict(SW='Simple Walk', KD='Knocking on the Door')
    assert len(EMILYA_ACTORS) == 12
    actors = (('Actor1', 'Actor2') if folders == 'code'
              else EMILYA_ACTORS[:2])
    top = root / ('All_BvH_Files' if folders == 'code' else 'PerAction')
    expected = {
        top / (code if folders == 'code' else actions[code]) / emotions[emo]
        / actor / f'{emo}1{code}1_{actor}.bvh'
        for emo in emotions for code in actions for actor in actors}
    assert {r['path'] for r in tree.recordings} == expected
    assert set(root.rglob('*.bvh')) == expected | set(tree.skipped)
    for recording in tree.recordings:
        assert recording['emotion'] == recording['path'].parts[-3].lower()
        assert recording['actor'] == recording['path'].parts[-2]
    path = tree.recordings[0]['path']
    text = path.read_text()
    assert text.count('End Site') == 5
    assert channels(text) == [6] + 22 * [3]
    motion = read_bvh(path)
    assert list(motion.joints) == XSENS and motion.fps == 120
    assert np.allclose(motion.positions / 100,
                       tree.recordings[0]['keypoint'][0], atol=1e-5)


def test_emilya_files_of_no_use(emilya):
    _, tree = emilya['code']
    twins = [path for path in tree.skipped if path.stem.endswith('zyx')]
    unused = [path for path in tree.skipped
              if {'SDBS', 'CS'} & set(path.parts)]
    broken, = set(tree.skipped) - set(twins) - set(unused)
    assert len(twins) == 2 and len(unused) == 4
    for twin in twins:
        text = twin.read_text()
        assert 'Zrotation Yrotation Xrotation' in text
        path = twin.with_name(twin.name.replace('_zyx', ''))
        assert text != path.read_text()
        assert np.allclose(read_bvh(twin).positions, read_bvh(path).positions,
                           atol=1e-3)
    with pytest.raises(InputError, match='truncated'):
        read_bvh(broken)


def test_emilya_recordings_differ(emilya):
    """Also where emotions and actions share the motion of the generator."""
    _, tree = emilya['code']
    contents = {recording['keypoint'].tobytes()
                for recording in tree.recordings}
    assert len(contents) == len(tree.recordings) == 32


def test_emilya_segments_share_a_recording(tmp_path):
    tree = write_emilya(tmp_path, 1, 1, 2, 2)
    assert Counter(r['recording'] for r in tree.recordings) == {
        f'Actor1_{emotion}{take}': 2
        for emotion in ('Ag', 'Ax', 'Jy', 'Nt', 'PF', 'Pr', 'Sd', 'Sh')
        for take in (1, 2)}


@pytest.mark.parametrize('suffix, header', (
    ('csv', True), ('csv', False), ('txt', True), ('npy', False)))
def test_egbm_recordings(tmp_path, suffix, header):
    tree = write_egbm(tmp_path, 1, 1, suffix, header)
    for recording in tree.recordings:
        path = recording['path']
        assert path.suffix[1:] == suffix
        if suffix == 'npy':
            found = np.load(path)
        else:
            lines = path.read_text().splitlines()
            delimiter = ',' if suffix == 'csv' else '\t'
            if header:
                names = lines.pop(0).split(delimiter)
                assert len(names) == 75
                assert names[:3] == ['SpineBase_x', 'SpineBase_y',
                                     'SpineBase_z']
                assert names[63] == 'HandTipLeft_x'
            found = np.array([[float(word) for word in line.split(delimiter)]
                              for line in lines]).reshape(-1, 25, 3)
        assert found.shape == recording['keypoint'][0].shape
        assert np.allclose(found, recording['keypoint'][0], atol=1e-6)
    expected = generate_recording('joy', 1, 'talk', 1, layout='nturgb+d')
    assert np.array_equal(expected['keypoint'], tree.recordings[0]['keypoint'])


def test_egbm_labels(tmp_path):
    words = ['happy', 'sad', 'surprise', 'fear', 'anger', 'disgust',
             'neutral']
    tree = write_egbm(tmp_path / 'a', 3, 2, 'npy', unlabelled=5)
    rows = {row['file']: row for row in table(tmp_path / 'a/manifest.csv')}
    assert len(rows) == len(tree.recordings) == 3 * 7 * 2
    assert sum(row['emotion'] == '' for row in rows.values()) == 42 // 5
    for recording in tree.recordings:
        row = rows[recording['path'].name]
        assert row['actor'] == recording['actor']
        assert row['recording'] == recording['recording']
        assert (row['emotion'] == '') == ('emotion' not in recording)
    tree = write_egbm(tmp_path / 'b', 3, 2, 'npy', manifest=False)
    assert not (tmp_path / 'b/manifest.csv').exists()
    found = [re.fullmatch(EGBM_PATTERN, r['path'].stem).groupdict()
             for r in tree.recordings]
    assert Counter(f['emotion'] for f in found) == dict.fromkeys(words, 6)
    assert ([f['actor'] for f in found]
            == [r['actor'] for r in tree.recordings])


@pytest.mark.parametrize('call, message', (
    (lambda out: write_kdae(out, 23), 'actors: found 23, expected a number '
     'from 1 to 22'),
    (lambda out: write_kdae(out, channels=5), 'channels: found 5'),
    (lambda out: write_kdae(out, release='3'), "release: found '3'"),
    (lambda out: write_emilya(out, num_takes=0), 'takes: found 0'),
    (lambda out: write_emilya(out, folders='x'), "folders: found 'x'"),
    (lambda out: write_egbm(out, suffix='mat'), "suffix: found 'mat'"),
    (lambda out: write_egbm(out, manifest=False, unlabelled=2),
     'unlabelled: found 2, expected 0 or, with a manifest')))
def test_arguments_out_of_range(tmp_path, call, message):
    with pytest.raises(InputError, match=message):
        call(tmp_path)
    assert not list(tmp_path.iterdir())


def test_tool(tmp_path, capsys):
    tool = 'dataset_converters/write_synthetic.py'
    out = tmp_path / 'tree'
    assert run_tool(tool, 'egbm', out, '--actors', 1, '--clips', 1,
                    '--suffix', 'npy', '--no-manifest') == 0
    assert '7 recordings' in capsys.readouterr().out
    assert len(list(out.rglob('*.npy'))) == 7
    assert run_tool(tool, 'egbm', out) == 2
    assert 'exists' in sentence(capsys)
    (tmp_path / 'file').touch()
    assert run_tool(tool, 'kdae', tmp_path / 'file' / 'x') == 2
    assert 'x: cannot be written (Not a directory)' in sentence(capsys)
