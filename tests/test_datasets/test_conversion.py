import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from mmair import cli
from mmair.datasets.readers import load_annotations
from mmair.errors import InputError
from mmair.layouts import get_layout

TOOLS = Path(__file__).parents[2] / 'tools'
LAYOUT = get_layout('ebedb')


@pytest.fixture
def ebedb(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS / 'dataset_converters')
    import ebedb
    return ebedb


def write_bvh(path, hips=((10, 90, 20), (11, 90, 20)), more=''):
    """A body without rotations, one joint above the other."""

    def joint(index):
        children = [j for j, p in enumerate(LAYOUT.parents) if p == index]
        return (f'{"JOINT" if index else "ROOT"} {LAYOUT.joints[index]} {{ '
                'OFFSET 0 10 0 CHANNELS '
                + ('0' if index else '3 Xposition Yposition Zposition') + ' '
                + ' '.join(map(joint, children)) + ('' if index else more)
                + ' }')

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = '\n'.join(' '.join(map(str, row)) for row in hips)
    path.write_text(f'HIERARCHY {joint(0)}\nMOTION\nFrames: {len(hips)}\n'
                    f'Frame Time: 0.033332\n{rows}\n')


@pytest.fixture
def corpus(tmp_path):
    """A small EBEDB with everything that is wrong with the large one."""
    root = tmp_path / 'raw'
    for a, actor in enumerate(('AnBh', 'DiMi', 'Sinead')):
        for session in range(4):
            for e, emotion in enumerate(('Joy', 'Pride')):
                write_bvh(root / emotion /
                          f'{actor}_s{session}_nv_{emotion.lower()}_'
                          f'{session}1-99.bvh',
                          hips=[(1 + a, 90, 2 + session)] * (2 + e))
    name = 'DiMi_0709_ftf_wd_t1-002_4_451_508_57_Pride.bvh'
    write_bvh(root / 'Pride' / name, hips=[(0, 95, 0), (10, 90, 20)])
    (root / 'Relief').mkdir()
    (root / 'Relief' / name).write_bytes((root / 'Pride' / name).read_bytes())
    write_bvh(root / 'Joy' / 'AnBh_nan_joy_1-2.bvh',
              hips=[(1, '-1.#IND00', 3)])
    write_bvh(root / 'Joy' / 'AnBh_prop_joy_1-2.bvh',
              more='JOINT Prop1 { OFFSET 0 0 0 CHANNELS 0 }')
    write_bvh(root / 'Joy' / 'AnBh_reference_joy_1-2.bvh', hips=[(0, 95, 0)])
    write_bvh(root / 'Joy' / 'Nobody_nv_joy_1-2.bvh', hips=[(7, 7, 7)])
    write_bvh(root / 'Joy' / 'AnBh_nv_joy.bvh', hips=[(7, 7, 8)])
    write_bvh(root / 'Relief' / 'AnBh_s0_nv_joy_01-99.bvh', hips=[(7, 7, 9)])
    return root


def convert(ebedb, monkeypatch, root, out):
    monkeypatch.setattr(sys, 'argv', ['ebedb.py', str(root), '--out',
                                      str(out)])
    ebedb.main()
    return load_annotations(out)


def test_ebedb(ebedb, monkeypatch, corpus, tmp_path, capsys):
    data = convert(ebedb, monkeypatch, corpus, tmp_path / 'out.pkl')
    printed = capsys.readouterr().out
    assert data['meta'] == dict(
        dataset='EBEDB', layout='ebedb', unit='m', up_axis='y',
        classes=['amusement', 'anger', 'disgust', 'fear', 'joy', 'neutral',
                 'pride', 'sadness', 'shame', 'surprise'],
        source_sha256=data['meta']['source_sha256'])
    skipped = dict(line[len('skipped '):].split(': ', 1)
                   for line in printed.splitlines()
                   if line.startswith('skipped '))
    name = 'DiMi_0709_ftf_wd_t1-002_4_451_508_57_Pride'
    assert skipped.keys() == {
        f'Relief/{name}.bvh', 'Joy/AnBh_nan_joy_1-2.bvh',
        'Joy/AnBh_prop_joy_1-2.bvh', 'Joy/AnBh_reference_joy_1-2.bvh',
        'Joy/Nobody_nv_joy_1-2.bvh', 'Joy/AnBh_nv_joy.bvh',
        'Relief/AnBh_s0_nv_joy_01-99.bvh'}
    assert skipped[f'Relief/{name}.bvh'] == f'byte-equal to Pride/{name}.bvh'
    assert "'-1.#IND00'" in skipped['Joy/AnBh_nan_joy_1-2.bvh']
    assert "24 joints holds the unexpected 'Prop1'" in skipped[
        'Joy/AnBh_prop_joy_1-2.bvh']
    assert 'reference pose only' in skipped['Joy/AnBh_reference_joy_1-2.bvh']
    assert 'actors []' in skipped['Joy/Nobody_nv_joy_1-2.bvh']
    assert 'no take number' in skipped['Joy/AnBh_nv_joy.bvh']
    assert ('has the name of Joy/AnBh_s0_nv_joy_01-99.bvh' in
            skipped['Relief/AnBh_s0_nv_joy_01-99.bvh'])
    assert '32 files found, 7 skipped, 25 usable' in printed
    assert 'joy 12, neutral 0, pride 13' in printed
    assert 'AnBh 8, DiMi 9, SiGl 8' in printed
    assert data['meta']['source_sha256'] in printed

    found = {a['frame_dir']: a for a in data['annotations']}
    assert len(found) == 25
    take = dict(found[name])
    keypoint = take.pop('keypoint')
    assert take == dict(frame_dir=name, label=6, actor='DiMi', fps=30.,
                        recording='DiMi_0709_ftf_wd_t1-002',
                        action='ftf_whiteduck', total_frames=1)
    # Metres, the pose over the origin is gone, joints are where they belong.
    assert keypoint.dtype == np.float32 and keypoint.shape == (1, 1, 23, 3)
    depth = []
    for parent in LAYOUT.parents:
        depth.append(0 if parent < 0 else depth[parent] + 1)
    np.testing.assert_allclose(keypoint[0, 0, :, 0], .1, rtol=1e-6)
    np.testing.assert_allclose(keypoint[0, 0, :, 1],
                               .9 + .1 * np.array(depth), rtol=1e-6)
    np.testing.assert_allclose(keypoint[0, 0, :, 2], .2, rtol=1e-6)
    assert sorted(data['split']['xsub_test']) == sorted(
        n for n in found if 'DiMi' in n)
    assert data['split']['xsub_f2_test'] == [n for n in found
                                             if 'Sinead' in n]


def test_source_hash(ebedb, monkeypatch, corpus, tmp_path):
    def source():
        data = convert(ebedb, monkeypatch, root, tmp_path / 'out.pkl')
        return data['meta']['source_sha256']

    root = corpus
    first = source()
    root = corpus.rename(tmp_path / 'elsewhere')
    assert source() == first
    take = root / 'Joy' / 'AnBh_s1_nv_joy_11-99.bvh'
    take.write_text(take.read_text() + '\n')
    second = source()
    assert second != first
    # The name counts as well, though the order of the files is the same.
    take.rename(take.with_name('AnBh_s1_nv_joy_11-98.bvh'))
    assert source() not in (first, second)


def test_result_does_not_depend_on_the_order_of_files(
        ebedb, monkeypatch, corpus, tmp_path):
    one, two = tmp_path / 'one.pkl', tmp_path / 'two.pkl'
    convert(ebedb, monkeypatch, corpus, one)
    find_sources = ebedb.find_sources
    monkeypatch.setattr(ebedb, 'find_sources', lambda *args: sorted(
        find_sources(*args), reverse=True))
    convert(ebedb, monkeypatch, corpus, two)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize('files, says', [
    ([], 'no source file found'),
    (['notes.txt'], 'no source file found'),
    (['bad.bvh'], 'none of the 1 source files is usable'),
])
def test_nothing_usable(ebedb, monkeypatch, tmp_path, capsys, files, says):
    for name in files:
        (tmp_path / name).write_text('no motion')
    out = tmp_path / 'out.pkl'
    monkeypatch.setattr(sys, 'argv', ['ebedb.py', str(tmp_path), '--out',
                                      str(out)])
    with pytest.raises(SystemExit) as end:
        cli.run(ebedb.main)
    error = capsys.readouterr().err
    assert end.value.code == 2 and not out.exists()
    assert f'error: {tmp_path}: {says}' in error and 'Trace' not in error


def test_tools_hide_no_error_of_ours():
    def broken():
        raise ValueError('ours')

    with pytest.raises(ValueError, match='ours'):
        cli.run(broken)


@pytest.mark.parametrize('name, emotion, actor, recording, action', [
    ('AnBh_0708_ftf_bluebeard_t3-001_24_213925_219158_5233_Amusement',
     'amusement', 'AnBh', 'AnBh_0708_ftf_bluebeard_t3-001',
     'ftf_bluebeard'),
    ('Session2_AnBh-012_90_399208_401817_2609_Pride', 'pride', 'AnBh',
     'Session2_AnBh-012', None),
    ('MaMaftoe-005_1_64200_68341_4141_Neutral', 'neutral', 'MaMa',
     'MaMaftoe-005', None),
    ('NoVo_s1_ftf_hedgehog-003_0_15516_19683_4167_Amusement', 'amusement',
     'NoVo', 'NoVo_s1_ftf_hedgehog-003', 'ftf_hedgehog'),
    ('AnBh_ft_nr_amusement_17207-18240', 'amusement', 'AnBh', 'AnBh_ft_nr',
     'ft_nr'),
    ('AnBh_nv_so_shame_005_10294-10580', 'shame', 'AnBh', 'AnBh_nv_so',
     'nv_so'),
    ('MaMa_ft_ch_anger_0_138_1114_976_anger', 'anger', 'MaMa', 'MaMa_ft_ch',
     'ft_ch'),
    ('Sinead_2007_ftf_sw_t2-003_60_309600_314208_4608_Joy', 'joy', 'SiGl',
     'Sinead_2007_ftf_sw_t2-003', 'ftf_swineherd'),
    ('SiGl_2007_ftf_hh_t1.5-001_19_189458_193650_4192_SADNESS', 'sadness',
     'SiGl', 'SiGl_2007_ftf_hh_t1.5-001', 'ftf_hedgehog'),
])
def test_names(ebedb, name, emotion, actor, recording, action):
    # The folder is not asked.
    assert ebedb.parse_name(Path('Relief') / f'{name}.bvh') == dict(
        emotion=emotion, actor=actor, recording=recording,
        **(dict(action=action) if action else {}))


@pytest.mark.parametrize('name', [
    'AnBh_ft_nr_17207-18240', 'ft_nr_joy_17207-18240', 'AnBh_ft_nr_joy',
    'AnBh_DiMi_nr_joy_1-2', 'AnBh_nr_anger_1_2_3_4_joy'])
def test_names_that_say_too_little_or_too_much(ebedb, name):
    with pytest.raises(InputError, match=f'{name}.bvh: the name shows'):
        ebedb.parse_name(Path(f'{name}.bvh'))


def test_written_file_is_plain(ebedb, monkeypatch, corpus, tmp_path):
    """MMAction2 loads it with nothing but numpy."""
    out = tmp_path / 'out.pkl'
    convert(ebedb, monkeypatch, corpus, out)
    data = pickle.loads(out.read_bytes())
    for annotation in data['annotations']:
        assert {type(v) for v in annotation.values()} <= {
            str, int, float, np.ndarray}
    assert {type(n) for names in data['split'].values()
            for n in names} == {str}
