"""Converters of data sets that can be had from their authors alone.

On hand-made files of the documented formats, and of everything that may be
wrong with them.
"""
import json

import numpy as np
import pytest
from tiny_runs import run_tool, sentence

from mmair.datasets import EBMDataset, EmilyaDataset, KDAEDataset
from mmair.datasets.readers import load_annotations
from mmair.datasets.synthetic import generate_recording
from mmair.layouts import get_layout

FINGERS = [f'{side}{part}' for side in ('Left', 'Right') for part in (
    *(f'HandThumb{i}' for i in (1, 2, 3)), *(
        name for finger in ('Index', 'Middle', 'Ring', 'Pinky') for name in (
            f'InHand{finger}', *(f'Hand{finger}{i}' for i in (1, 2, 3)))))]


def body(layout, number=0):
    """Positions of three frames in metres, (3, V, 3); y up."""
    made = generate_recording('joy', 1, 'wave', number, 0, layout, 10.)
    return made['keypoint'][0, :3]


def write_bvh(path, positions, layout, scale=100, time=.008, more=()):
    """Joints that have positions for channels, which replace the offsets."""
    layout = get_layout(layout)

    def joint(index):
        children = [j for j, p in enumerate(layout.parents) if p == index]
        extra = ''.join(f'JOINT {name} {{ OFFSET 1 2 3 CHANNELS 0 }} '
                        for name in (more if index == layout.center else ()))
        return (f'{"ROOT" if index == layout.center else "JOINT"} '
                f'{layout.joints[index]} {{ OFFSET 7 7 7 CHANNELS 3 '
                'Xposition Yposition Zposition '
                + extra + ' '.join(map(joint, children))
                + ('' if children else 'End Site { OFFSET 0 1 0 }') + ' }')

    def order(index):
        children = [j for j, p in enumerate(layout.parents) if p == index]
        return [index] + [j for child in children for j in order(child)]

    local = positions - np.array(
        [positions[:, p] if p >= 0 else 0 * positions[:, 0]
         for p in layout.parents]).swapaxes(0, 1)
    rows = (scale * local[:, order(layout.center)]).reshape(len(local), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'HIERARCHY\n{joint(layout.center)}\nMOTION\nFrames: {len(rows)}\n'
        f'Frame Time: {time}\n' + ''.join(
            ' '.join(map('{:.7g}'.format, row)) + '\n' for row in rows))


def write_csv(path, positions, names, extra='Frame,', separator=','):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = extra + separator.join(
        f'{name}.{axis}' for name in names for axis in 'xyz')
    path.write_text(header + '\n' + ''.join(
        (f'{i}{separator}' if extra else '')
        + separator.join(map(repr, map(float, row.ravel()))) + '\n'
        for i, row in enumerate(positions)))


def convert(name, root, capsys, *args):
    """Run a converter: annotations by name, what was skipped, all output."""
    out = root.parent / 'out.pkl'
    out.unlink(missing_ok=True)
    capsys.readouterr()
    status = run_tool(f'dataset_converters/{name}.py', root, '--out', out,
                      '--workers', '1', *args)
    if status:
        assert status == 2 and not out.exists()
        return None
    printed = capsys.readouterr().out
    skipped = dict(line[len('skipped '):].split(': ', 1)
                   for line in printed.splitlines()
                   if line.startswith('skipped '))
    data = load_annotations(out)
    return data, {a['frame_dir']: a for a in data['annotations']}, (
        skipped), printed


def close(annotation, positions):
    assert annotation['keypoint'].dtype == np.float32
    np.testing.assert_allclose(annotation['keypoint'], positions[None],
                               atol=1e-4)


@pytest.fixture
def root(tmp_path):
    return tmp_path / 'raw'


def write_kdae(root, name, row=None, **kwargs):
    """A file and its row; the positions."""
    positions = body('kdae', len(list(root.rglob('*.bvh'))))
    write_bvh(root / 'BVH' / name[:3] / f'{name}.bvh', positions, 'kdae',
              **{'more': FINGERS, **kwargs})
    info = root / 'file-info.csv'
    if not info.exists():
        info.write_text('filename,actor_ID,actor_gender,emotion,scenario_ID,'
                        'version\n')
    if row:
        info.write_text(info.read_text() + row + '\n')
    return positions


def test_kdae(root, capsys):
    names = {
        'F01SA3V1': 'F01,F,Sad,3,1', 'F01SA3V2': 'F01,F,Sad,3,2',
        'F01SU0V1': 'F01,F,Surprise,0,1', 'F12A1V6': 'F12,F,Angry,1,6',
        'M01D2V1': 'M01,M,Disgust,2,1', 'M01F4V1': 'M01,M,Fearful,4,1',
        'M11H5V1': 'M11,M,Happy,5,1', 'M11N1V1': 'M11,M,Neutral,1,1'}
    truth = {name: write_kdae(root, name, f'{name},{row}')
             for name, row in names.items()}
    upper = root / 'BVH/F12/F12A1V6.bvh'
    upper.rename(upper.with_suffix('.BVH'))
    data, found, skipped, printed = convert('kdae', root, capsys)
    assert not skipped and 'missing' not in printed
    assert data['meta']['dataset'] == 'KDAE'
    assert data['meta']['layout'] == 'kdae'
    classes = data['meta']['classes']
    assert tuple(classes) == KDAEDataset.METAINFO['classes']
    assert {n: classes[a['label']] for n, a in found.items()} == dict(
        F01SA3V1='sadness', F01SA3V2='sadness', F01SU0V1='surprise',
        F12A1V6='anger', M01D2V1='disgust', M01F4V1='fear', M11H5V1='joy',
        M11N1V1='neutral')
    assert {n: a['actor'] for n, a in found.items()} == {
        n: n[:3] for n in names}
    assert {n: a['recording'] for n, a in found.items()} == {
        n: n[:-2] for n in names}
    assert found['F01SU0V1']['action'] == 'scenario 0'
    assert found['F01SA3V2']['action'] == 'scenario 3'
    for name, positions in truth.items():
        assert found[name]['fps'] == 125.
        close(found[name], positions)
    assert {found[n]['actor'] for n in data['split']['xsub_test']} == {'M01'}


def test_kdae_mismatches_are_reported(root, capsys):
    write_kdae(root, 'F01A1V1', 'F01A1V1,F01,F,Angry,1,1')
    write_kdae(root, 'F01A1V2', 'F01A1V2,F01,F,Happy,1,2')
    write_kdae(root, 'F01A1V3', 'F01A1V3,F02,F,Angry,2,4')
    write_kdae(root, 'F01A1V4')
    write_kdae(root, 'F01X1V1', 'F01X1V1,F01,F,Angry,1,1')
    write_kdae(root, 'F01A2V1', 'F01A2V1,F01,F,Angry,2,1', more=['Prop1'])
    write_kdae(root, 'F01A3V1', 'F01A3V1,F01,F,Angry,3,1', scale=1000)
    write_kdae(root, 'F01A4V1', 'F01A4V1,F01,F,Angry,4,1')
    (root / 'BVH' / 'F02').mkdir()
    (root / 'BVH/F01/F01A4V1.bvh').rename(root / 'BVH/F02/F01A4V1.bvh')
    write_kdae(root, 'F01A5V1', 'F01A5V1,F01,F,Angry,5,1')
    (root / 'BVH/F01/F01A5V1.bvh').unlink()
    _, found, skipped, printed = convert('kdae', root, capsys)
    assert list(found) == ['F01A1V1']
    assert ('missing F01A5V1: file-info.csv has a row of it, and BVH no file'
            in printed)
    skipped = {name.split('/')[-1][:-4]: why for name, why in skipped.items()}
    assert skipped.pop('F01A1V2') == (
        "emotion is 'anger' in the name and 'joy' in file-info.csv, expected "
        'the same')
    assert skipped.pop('F01A1V3') == (
        "actor is 'F01' in the name and 'F02' in file-info.csv and scenario "
        "is '1' in the name and '2' in file-info.csv and version is '3' in "
        "the name and '4' in file-info.csv, expected the same")
    assert skipped.pop('F01A1V4') == 'file-info.csv has no row of it'
    assert 'expected actor, emotion, scenario' in skipped.pop('F01X1V1')
    assert "the unexpected 'Prop1'" in skipped.pop('F01A2V1')
    assert 'in cm; it would be one in mm' in skipped.pop('F01A3V1')
    assert 'actor F01 and the folder F02' in skipped.pop('F01A4V1')
    assert not skipped


@pytest.mark.parametrize('info, says', [
    (None, 'cannot be read'),
    ('filename,emotion\nF01A1V1,Angry\n', 'expected filename, actor_ID'),
    ('filename,actor_ID,emotion,scenario_ID,version\n'
     'F01A1V1,F01,Bored,1,1\n', "emotion of 'F01A1V1' is 'Bored'"),
    ('filename,actor_ID,emotion,scenario_ID,version\n'
     + 2 * 'F01A1V1,F01,Angry,1,1\n', "filename is 'F01A1V1' in a row"),
])
def test_kdae_unusable_table(root, capsys, info, says):
    write_kdae(root, 'F01A1V1')
    (root / 'file-info.csv').unlink()
    if info:
        (root / 'file-info.csv').write_text(info)
    assert convert('kdae', root, capsys) is None
    error = sentence(capsys)
    assert f'error: {root / "file-info.csv"}: ' in error and says in error


def write_emilya(root, path, **kwargs):
    positions = body('emilya', len(list(root.rglob('*.bvh'))))
    write_bvh(root / f'{path}.bvh', positions, 'emilya',
              **{'time': 1 / 120, **kwargs})
    return positions


@pytest.mark.parametrize('top', ['', 'All_BvH_Files/', 'PerAction/'])
def test_emilya(root, capsys, top):
    older = top == 'PerAction/'
    where = {
        'Nt1KD1': ('Knocking on the Door' if older else 'KD', 'Neutral'),
        'Nt1KD2': ('Knocking' if older else 'KD', 'Neutral'),
        'Nt1SW1': ('Simple Walk' if older else 'SW', 'Neutral'),
        'PF2BS1': ('Being Seated' if older else 'BS', 'Panic Fear'),
        'PF2TrSW1': ('Turn' if older else 'Tr', 'PanicFear'),
        'Sh10Th12': ('Throw' if older else 'Th', 'shame')}
    truth, actors = {}, ('Ann', 'Bob') if older else ('Actor1', 'Actor10')
    for actor in actors:
        for name, (action, emotion) in where.items():
            name = f'{name}_{actor}'
            truth[name] = write_emilya(
                root, f'{top}{action}/{emotion}/{actor}/{name}')
    upper = next(root.rglob(f'{name}.bvh'))
    upper.rename(upper.with_suffix('.BVH'))
    data, found, skipped, _ = convert('emilya', root, capsys)
    assert not skipped and set(found) == set(truth)
    assert data['meta']['layout'] == 'emilya'
    classes = data['meta']['classes']
    assert tuple(classes) == EmilyaDataset.METAINFO['classes']
    for name, positions in truth.items():
        close(found[name], positions)
        assert found[name]['fps'] == 120.
        assert found[name]['actor'] == name.split('_')[1]
    actor = actors[1]
    assert {n: (classes[a['label']], a['recording'], a['action'])
            for n, a in found.items() if a['actor'] == actor} == {
        f'Nt1KD1_{actor}': ('neutral', f'{actor}_Nt1', 'Knocking'),
        f'Nt1KD2_{actor}': ('neutral', f'{actor}_Nt1', 'Knocking'),
        f'Nt1SW1_{actor}': ('neutral', f'{actor}_Nt1', 'Simple Walk'),
        f'PF2BS1_{actor}': ('panic fear', f'{actor}_PF2', 'Being Seated'),
        f'PF2TrSW1_{actor}': ('panic fear', f'{actor}_PF2', 'Turn'),
        f'Sh10Th12_{actor}': ('shame', f'{actor}_Sh10', 'Throw')}
    # Actions in alphabetical order; one is left out.
    assert set(data['split']['xact_f1_test']) == {
        f'Nt1KD{i}_{actor}' for i in (1, 2) for actor in actors}


def test_emilya_leaves_out(root, capsys):
    top = 'All_BvH_Files'
    write_emilya(root, f'{top}/KD/Joy/Actor1/Jy1KD1_Actor1')
    write_emilya(root, f'{top}/KD/Joy/Actor1/Jy1KD1_Actor1zyx')
    write_emilya(root, f'{top}/SDBS/Joy/Actor1/Jy1SDBS1_Actor1')
    write_emilya(root, f'{top}/CS/Joy/Actor1/Jy1CS_Actor1')
    write_emilya(root, f'{top}/KD/Joy/Actor1/Sd1KD1_Actor1')
    write_emilya(root, f'{top}/KD/Hope/Actor1/Jy2KD1_Actor1')
    write_emilya(root, f'{top}/SW/Joy/Actor1/Jy3KD1_Actor1')
    write_emilya(root, 'Knocking on the Door/Joy/Ann/Jy8Lf1_Ann')
    write_emilya(root, f'{top}/KD/Joy/Actor1/Jy4KD1_Actor2')
    write_emilya(root, f'{top}/KD/Joy/Actor1/notes')
    write_emilya(root, f'{top}/KD/Joy/Actor1/Jy5KD1_Actor1', scale=1000)
    write_emilya(root, f'{top}/KD/Joy/Actor1/Jy6KD1_Actor1')
    broken = root / f'{top}/KD/Joy/Actor1/Jy6KD1_Actor1.bvh'
    broken.write_bytes(broken.read_bytes()[:-99])
    (root / f'{top}/KD/Joy/Actor1/Jy7KD1_Actor1.bvh').mkdir()
    _, found, skipped, printed = convert('emilya', root, capsys)
    assert list(found) == ['Jy1KD1_Actor1']
    assert '13 files found, 12 skipped, 1 usable' in printed
    says = {name.split('/')[-1][:-4]: why for name, why in skipped.items()}
    for name, why in dict(
            Jy1KD1_Actor1zyx='once more', Jy1SDBS1_Actor1='shows SDBS',
            Jy1CS_Actor1='shows CS', Sd1KD1_Actor1='says sadness and the '
            "folder 'Joy'", Jy2KD1_Actor1="says joy and the folder 'Hope'",
            Jy3KD1_Actor1="says action KD and the folder 'SW'",
            Jy8Lf1_Ann="says action Lf and the folder 'Knocking on the Door'",
            Jy4KD1_Actor2='says Actor2 and the folder Actor1',
            notes="named 'notes', expected emotion, take",
            Jy5KD1_Actor1='in cm; it would be one in mm',
            Jy6KD1_Actor1='truncated', Jy7KD1_Actor1='folder').items():
        assert why in says.pop(name), name
    assert not says


def test_egbm_needs_emotion_and_actor(root, capsys):
    write_csv(root / 'a.csv', body('nturgb+d', 0),
              get_layout('nturgb+d').joints)
    manifest = root / 'manifest.csv'
    manifest.write_text('file,emo,actor\na.csv,happy,A\n')
    assert run_tool('dataset_converters/egbm.py', root, '--out',
                    root / 'x.pkl', '--manifest', manifest) == 2
    assert 'tells actor of the recordings, expected emotion' in sentence(
        capsys)


def test_ebm(root, capsys):
    joints, truth = get_layout('ebm').joints, {}
    for number, name in enumerate(('15_2_3_1', '15_2_4_1', '9_1_4_1',
                                   '9_3_4_1', '1_1_1_7', '2_1_1_8',
                                   '3_1_1_2')):
        truth[name] = body('ebm', number)
        write_csv(root / f'{name}.csv', 100 * truth[name], joints)
    # A copy whose bytes differ; of another pair the second is no copy.
    path = root / '15_2_4_1.csv'
    path.write_text((root / '15_2_3_1.csv').read_text() + '\n')
    write_csv(root / '3_1_1_2.csv', truth['3_1_1_2'][:, :-1], joints[:-1])
    (root / '1_1_1_7.csv').rename(root / '1_1_1_7.CSV')
    data, found, skipped, _ = convert('ebm', root, capsys)
    assert set(found) == {'15_2_3_1', '9_1_4_1', '9_3_4_1', '1_1_1_7'}
    assert skipped['15_2_4_1.csv'] == 'holds the positions of 15_2_3_1.csv'
    assert 'an emotion of 1 to 7' in skipped['2_1_1_8.csv']
    assert "lacks 'LeftFoot.x'" in skipped['3_1_1_2.csv']
    classes = data['meta']['classes']
    assert tuple(classes) == EBMDataset.METAINFO['classes']
    assert {n: (classes[a['label']], a['actor'], a['recording'])
            for n, a in found.items()} == {
        '15_2_3_1': ('joy', '15', '15_2'), '9_1_4_1': ('joy', '09', '09_1'),
        '9_3_4_1': ('joy', '09', '09_3'),
        '1_1_1_7': ('neutral', '01', '01_1')}
    for name, annotation in found.items():
        close(annotation, truth[name])
        assert annotation['fps'] == 30.


@pytest.fixture
def kinect(root):
    """Tables and arrays of two people, named after what they show."""
    truth = {}
    for actor in ('Ann', 'Bob'):
        for emotion in ('happy', 'SAD'):
            name = f'{actor}_{emotion}_1'
            truth[name] = body('nturgb+d', len(truth))
            (root / actor).mkdir(parents=True, exist_ok=True)
            if emotion == 'happy':
                np.savetxt(root / actor / f'{name}.txt',
                           truth[name].reshape(3, 75), delimiter=' ')
            else:
                np.save(root / actor / f'{name}.npy', truth[name])
    return truth


PATTERN = r'(?P<recording>(?P<actor>\w+?)_(?P<emotion>\w+)_\d)\.'


def test_egbm_by_pattern(root, kinect, capsys):
    data, found, skipped, _ = convert('egbm', root, capsys, '--pattern',
                                      PATTERN)
    assert not skipped and set(found) == set(kinect)
    assert data['meta']['layout'] == 'nturgb+d'
    for name, positions in kinect.items():
        close(found[name], positions)
        assert found[name]['fps'] == 30.
        assert found[name]['actor'] == name[:3]
        assert found[name]['recording'] == name
        assert data['meta']['classes'][found[name]['label']] == (
            'joy' if 'happy' in name else 'sadness')


def test_egbm_by_manifest(root, kinect, capsys):
    (root / 'who.csv').write_text(
        'file;emotion;actor\nAnn/Ann_happy_1.txt;fearful;A\n'
        'Ann/Ann_SAD_1;;A\nBob/Bob_SAD_1.npy;bored;B\nBob/none.csv;joy;B\n')
    data, found, skipped, printed = convert(
        'egbm', root, capsys, '--manifest', root / 'who.csv')
    assert set(found) == {'Ann_happy_1', 'Ann_SAD_1'}
    assert 'label' not in found['Ann_SAD_1']
    assert found['Ann_happy_1']['label'] == 2 and 'unlabelled 1' in printed
    assert found['Ann_happy_1']['actor'] == 'A'
    assert "the emotion 'bored' is none of anger" in skipped[
        'Bob/Bob_SAD_1.npy']
    assert 'has no row of it' in skipped['Bob/Bob_happy_1.txt']
    assert 'missing Bob/none.csv' in printed


def test_twenty_missing_files_are_named(root, kinect, capsys):
    (root / 'who.csv').write_text('file,emotion,actor\n' + ''.join(
        f'none{i},joy,A\n' for i in range(23)) + 'Ann/Ann_SAD_1,sad,A\n')
    printed = convert('egbm', root, capsys, '--manifest',
                      root / 'who.csv')[-1]
    said = [line for line in printed.splitlines()
            if line.startswith('missing ')]
    assert len(said) == 21 and said[19].startswith('missing none19: ')
    assert said[20].startswith('missing 3 more files that ')


@pytest.mark.parametrize('options, says', [
    ([], 'give --manifest or --pattern'),
    (['--pattern', '(?P<actor>'], 'is no regular expression'),
    (['--pattern', 'x', '--layout', 'none'], "unknown layout 'none'"),
    (['--pattern', 'x', '--layout', 'coco'], 'of two dimensions'),
    (['--pattern', 'x', '--ignore-joints', '('], '--ignore-joints'),
    (['--manifest', 'absent.csv'], 'absent.csv: cannot be read'),
    (['--pattern', PATTERN, '--classes', 'joy=sad', 'sad'], "class 'sad'"),
    (['--pattern', '(?P<actor>zebra)(?P<emotion>x)'],
     'none of the 4 source files'),
    (['--pattern', '(?P<actor>zebra)'], 'expected emotion as well'),
])
def test_egbm_unusable_options(root, kinect, capsys, options, says):
    assert convert('egbm', root, capsys, *options) is None
    assert says in sentence(capsys)


def own_layout(path):
    """A body with other names, in another order than EBEDB's."""
    layout = get_layout('emotion_gait').to_dict()
    layout.pop('name')
    layout['joints'] = [f'my_{joint}' for joint in layout['joints']]
    path.write_text(json.dumps(layout))
    return path, layout['joints']


def test_csv_folder(root, tmp_path, capsys):
    """Own layout, z up, millimetres, and names that are not unique."""
    layout, joints = own_layout(tmp_path / 'mine.json')
    truth = {}
    for actor in ('Ann', 'Bob'):
        for emotion in ('joy', 'rage'):
            name = f'{actor}/{emotion}'
            truth[name] = body('emotion_gait', len(truth))
            x, y, z = np.moveaxis(truth[name], -1, 0)
            write_csv(root / f'{name}.csv',
                      1000 * np.stack((x, -z, y), -1),
                      joints, 'confidence\t', '\t')
    options = ['--layout', layout, '--fps', '25', '--unit', 'mm', '--up-axis',
               'z', '--ignore-joints', 'conf.*', '--pattern',
               r'(?P<actor>\w+)/(?P<emotion>\w+)']
    data, found, skipped, _ = convert('csv_folder', root, capsys, *options)
    assert not skipped and set(found) == set(truth)
    assert data['meta']['dataset'] == 'raw'
    assert data['meta']['layout']['joints'] == joints
    assert data['meta']['classes'] == ['joy', 'rage']
    for name, positions in truth.items():
        close(found[name], positions)
        assert found[name]['fps'] == 25. and 'recording' not in found[name]
        assert found[name]['actor'] == name[:3]
        assert data['meta']['classes'][found[name]['label']] == name[4:]


def test_csv_folder_without_labels(root, kinect, capsys):
    data, found, _, printed = convert('csv_folder', root, capsys, '--layout',
                                      'kinect_v2', '--fps', '30')
    assert set(found) == set(kinect) and data['meta']['classes'] == []
    assert all('label' not in a and 'actor' not in a for a in found.values())
    assert data['meta']['layout'] == 'nturgb+d'
    assert 'unlabelled 4' in printed


def test_csv_folder_of_a_sensor_that_loses_joints(root, capsys):
    layout = get_layout('kinect_v2')
    wrist, foot = layout.limbs['left_arm'][2], layout.limbs['left_leg'][-1]
    truth = generate_recording('joy', 1, 'wave', 0, 0, 'kinect_v2',
                               30.)['keypoint'][0, :40]
    lost = truth.copy()
    lost[3:7, wrist, 1] = np.nan  # short: it lies on the line between
    lost[10:30, foot] = np.nan  # long: at the root
    lost[31:38] = np.nan  # long: nobody
    (root / 'a').mkdir(parents=True)
    np.savetxt(root / 'text.csv', lost.reshape(40, -1), delimiter=',')
    text = (root / 'text.csv').read_text()
    (root / 'text.csv').write_text(text.replace('nan', ''))
    np.save(root / 'a/array.npy', lost)
    np.save(root / 'whole.npy', truth)
    lost[:21] = np.nan
    np.save(root / 'empty.npy', lost)
    options = ['--layout', 'kinect_v2', '--fps', '30']
    _, found, skipped, printed = convert('csv_folder', root, capsys, *options)
    assert set(found) == {'whole'} and 'unseen' not in found['whole']
    assert 'not seen' not in printed
    _, found, skipped, printed = convert('csv_folder', root, capsys, *options,
                                         '--missing')
    assert set(found) == {'array', 'text', 'whole'}
    assert skipped == {'empty.npy': 'nobody is seen in 28 of 40 frames, '
                       'expected somebody in most; cut out where somebody is'}
    share = (4 + 20 + 7 * 25) / (40 * 25)
    assert f'in 2 of 3 recordings, most in array, {share:.1%}' in printed
    assert 'unseen' not in found['whole']
    for name in ('array', 'text'):
        x = found[name]['keypoint'][0]
        assert found[name]['unseen'] == pytest.approx(share)
        for i in range(1, 5):
            np.testing.assert_allclose(
                x[2 + i, wrist], truth[2, wrist] + i / 5 * (
                    truth[7, wrist] - truth[2, wrist]), atol=1e-5)
        root_of = x[10:30, list(layout.trunk[0])].mean(1)
        np.testing.assert_allclose(x[10:30, foot], root_of, atol=1e-5)
        assert not x[31:38].any()
        rest = np.isfinite(truth).all(-1)
        rest[3:7, wrist] = rest[10:30, foot] = rest[31:38] = False
        np.testing.assert_allclose(x[rest], truth[rest], atol=1e-5)


@pytest.mark.parametrize('name, says', [
    ('none', 'No such file or directory'), ('file', 'Not a directory')])
def test_what_is_no_folder(tmp_path, capsys, name, says):
    (tmp_path / 'file').touch()
    assert convert('bvh_folder', tmp_path / name, capsys, '--layout',
                   'ebedb') is None
    assert f'{name}: cannot be read as a folder ({says})' in sentence(capsys)


@pytest.mark.parametrize('fps', ['0', 'nan', '-3', 'x', '1e-4', '2e4'])
def test_csv_folder_needs_a_frame_rate(root, kinect, capsys, fps):
    assert convert('csv_folder', root, capsys, '--layout', 'kinect_v2',
                   '--fps', fps) is None
    assert f'{fps!r} is no number from 0.1 to 10000' in capsys.readouterr().err


def test_bvh_folder(root, capsys):
    truth = {}
    for name in ('s1/a', 's1/b', 's2/c'):
        truth[name[3:]] = body('ebedb', len(truth))
        write_bvh(root / f'{name}.bvh', truth[name[3:]], 'ebedb',
                  more=['Prop1', 'Prop2'])
    manifest = root / 'manifest.csv'
    manifest.write_text('file,emotion,recording,action\ns1/a.bvh,Awe,s1,sit\n'
                        's1/b.bvh,,s1,sit\ns2/c.bvh,calm,s2,walk\n')
    options = ['--layout', 'ebedb', '--manifest', manifest]
    assert convert('bvh_folder', root, capsys, *options) is None
    assert 'none of the 3 source files' in sentence(capsys)
    data, found, skipped, _ = convert(
        'bvh_folder', root, capsys, *options, '--ignore-joints', r'Prop\d')
    assert not skipped and set(found) == set(truth)
    assert data['meta']['classes'] == ['awe', 'calm']
    assert [(a.get('label'), a['recording'], a['action'])
            for a in found.values()] == [
        (0, 's1', 'sit'), (None, 's1', 'sit'), (1, 's2', 'walk')]
    for name, positions in truth.items():
        close(found[name], positions)
        assert found[name]['fps'] == 125.
