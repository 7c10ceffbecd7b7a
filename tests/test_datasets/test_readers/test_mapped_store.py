import json
import os
import pickle

import numpy as np
import pytest

from mmair.datasets.readers import (AnnotationChecker, load_annotations,
                                    mapped_store, save_annotations)
from mmair.errors import InputError


def annotation(name, persons=1, frames=4, dtype=np.float32, **changes):
    rng = np.random.default_rng(len(name) + persons)
    keypoint = rng.normal(size=(persons, frames, 5, 3)).astype(dtype)
    return dict(dict(frame_dir=name, label=1, actor='A', recording='r',
                     action='knock', fps=30., total_frames=frames,
                     keypoint=keypoint), **changes)


@pytest.fixture
def data():
    unlabelled = annotation('né', frames=7, fps=29.97)
    del unlabelled['label'], unlabelled['actor']
    return dict(
        meta=dict(dataset='some', layout='ebedb', classes=['joy', 'fear'],
                  unit='m'),
        split=dict(xsub_train=['b', 'a'], xsub_test=['né'], empty=[]),
        annotations=[annotation('a'), annotation('b', 3, 1, label=0),
                     unlabelled])


@pytest.fixture
def store(data, tmp_path):
    save_annotations(data, tmp_path / 'store')
    return tmp_path / 'store'


def assert_same(found, expected):
    assert {k: v for k, v in found.items() if k != 'annotations'} == {
        k: v for k, v in expected.items() if k != 'annotations'}
    assert len(found['annotations']) == len(expected['annotations'])
    for one, two in zip(found['annotations'], expected['annotations']):
        assert one.keys() == two.keys()
        for key in two:
            if isinstance(two[key], np.ndarray):
                assert one[key].dtype == two[key].dtype
                np.testing.assert_array_equal(one[key], two[key])
            else:
                assert one[key] == two[key]


def test_round_trip(store, data, tmp_path):
    found = load_annotations(store)
    assert_same(found, data)
    assert sorted(os.listdir(store)) == ['index.json', 'keypoint.npy',
                                         'split.npy']
    assert os.listdir(tmp_path) == ['store']
    # And by way of a pickle, which plain Python reads.
    save_annotations(found, tmp_path / 'data.pkl')
    assert_same(load_annotations(tmp_path / 'data.pkl'), data)
    assert_same(pickle.loads((tmp_path / 'data.pkl').read_bytes()), data)


def test_arrays_stay_in_the_file(store):
    for found in load_annotations(store)['annotations']:
        base = found['keypoint']
        assert type(base) is np.ndarray and not base.flags.writeable
        while isinstance(base.base, np.ndarray):
            base = base.base
        assert isinstance(base, np.memmap)


def test_files_are_what_the_format_says(store, data):
    """A reader of twenty lines that shares nothing with ours."""
    index = json.loads((store / 'index.json').read_text())
    rows = np.load(store / 'keypoint.npy')
    members = np.load(store / 'split.npy').tolist()
    columns = index['columns']
    for i, expected in enumerate(data['annotations']):
        for m in range(columns['persons'][i]):
            frames = columns['total_frames'][i]
            np.testing.assert_array_equal(rows[:frames],
                                          expected['keypoint'][m])
            rows = rows[frames:]
    assert len(rows) == 0
    for name, size in index['split'].items():
        assert [columns['frame_dir'][n] for n in members[:size]] == data[
            'split'][name]
        members = members[size:]


@pytest.mark.parametrize('types', [
    (np.float16, ), (np.float64, ), ('>f4', ), (np.float16, np.float32)])
def test_two_dimensional_data_with_scores(tmp_path, types):
    entries = []
    for number in range(3):
        x = annotation('abc'[number], 2, dtype=types[number % len(types)],
                       img_shape=(1080, 1920), label=np.int64(number))
        x['keypoint_score'] = x['keypoint'][..., 2].astype(np.float16)
        x['keypoint'] = x['keypoint'][..., :2]
        entries.append(x)
    save_annotations(dict(annotations=entries), tmp_path / 'store')
    found = load_annotations(tmp_path / 'store')
    for one, two in zip(found['annotations'], entries):
        assert one['img_shape'] == [1080, 1920]
        assert one['label'] == two['label'] and type(one['label']) is int
        assert one['keypoint'].dtype == np.result_type(
            *types).newbyteorder('=')
        assert one['keypoint_score'].dtype == np.float16
        for key in ('keypoint', 'keypoint_score'):
            np.testing.assert_array_equal(one[key], two[key])


@pytest.mark.parametrize('changes, says', [
    (dict(mood=np.zeros(3)), "annotation 'a': mood is array"),
    (dict(mood={1, 2}), 'mood is {1, 2}, expected text, numbers'),
    (dict(mood=float('nan')), 'holds what JSON cannot keep'),
    (dict(persons=3), "a key of the annotations is 'persons'"),
    (dict(keypoint_score=np.ones((1, 4, 5))),
     "keypoint_score of annotation 'b' is None"),
    (dict(keypoint=np.full((1, 4, 5, 3), np.inf)), 'is inf, expected finite'),
])
def test_what_a_store_cannot_keep(store, data, changes, says):
    before = {p: p.read_bytes() for p in store.iterdir()}
    data['annotations'][0].update(changes)
    with pytest.raises(InputError, match=says) as error:
        save_annotations(data, store)
    assert '\n' not in str(error.value)
    assert {p: p.read_bytes() for p in store.iterdir()} == before
    assert os.listdir(store.parent) == ['store']


@pytest.mark.parametrize('exchange', [True, False])
def test_an_old_store_is_replaced(store, data, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(mapped_store, '_exchange', lambda *_: False)
    old = load_annotations(store)
    del data['annotations'][0], data['split']['xsub_train']
    save_annotations(data, store)
    assert_same(load_annotations(store), data)
    assert os.listdir(store.parent) == ['store']
    # Who had it open goes on reading what was there.
    assert np.isfinite(old['annotations'][0]['keypoint']).all()


def test_the_place_is_never_empty(store, data, monkeypatch):
    """Where the system can exchange names, as Linux can."""
    states = []
    exchange = mapped_store._exchange

    def watched(part, path):
        states.append(len(load_annotations(path)['annotations']))
        done = exchange(part, path)
        states.append(len(load_annotations(path)['annotations']))
        return done

    monkeypatch.setattr(mapped_store, '_exchange', watched)
    monkeypatch.setattr(os, 'rename', None)
    save_annotations(dict(data, split={},
                          annotations=data['annotations'][:1]), store)
    assert states == [3, 1]


def test_a_full_disk(store, data, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, 'No space left on device')

    before = {p: p.read_bytes() for p in store.iterdir()}
    monkeypatch.setattr(np, 'save', full)
    with pytest.raises(InputError, match='store: cannot be written .No spa'):
        save_annotations(data, store)
    assert {p: p.read_bytes() for p in store.iterdir()} == before
    assert os.listdir(store.parent) == ['store']


def test_an_index_that_is_too_large(store, data, monkeypatch):
    """It is refused before anything is written, and when it is read."""
    assert mapped_store._MAX_INDEX > 10**6 * 1000
    before = {p: p.read_bytes() for p in store.iterdir()}
    size = len(before[store / 'index.json'])
    monkeypatch.setattr(mapped_store, '_MAX_INDEX', size)
    save_annotations(data, store)
    assert_same(load_annotations(store), data)
    monkeypatch.setattr(mapped_store, '_MAX_INDEX', size - 1)
    monkeypatch.setattr(mapped_store, '_write_rows', None)
    with pytest.raises(InputError, match=f'of 3 recordings takes {size} bytes'
                       f', expected at most {size - 1}; divide the rec'):
        save_annotations(data, store)
    assert {p: p.read_bytes() for p in store.iterdir()} == before
    assert os.listdir(store.parent) == ['store']
    with pytest.raises(InputError, match=f'holds {size} bytes.* several sto'):
        load_annotations(store)


def test_links_and_other_folders_are_left_alone(store, data, tmp_path):
    link = tmp_path / 'link'
    link.symlink_to(store)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'notes').touch()
    for path in (link, tmp_path / 'mine'):
        with pytest.raises(InputError, match='give another name'):
            save_annotations(data, path)
    assert_same(load_annotations(link), data)


def test_numbers_are_checked_on_access(store, data):
    rows = np.load(store / 'keypoint.npy', mmap_mode='r+')
    rows[5, 1, 2] = np.nan
    rows.flush()
    found = load_annotations(store)
    checker = AnnotationChecker(store)
    checker.check_finite(found['annotations'][0])
    with pytest.raises(InputError, match=r"store: annotation 'b': "
                       r'keypoint\[1, 0, 1, 2\] is nan, expected finite'):
        checker.check_finite(found['annotations'][1])


# Hostile and broken stores


def change_index(store, change):
    index = json.loads((store / 'index.json').read_text())
    change(index)
    (store / 'index.json').write_text(json.dumps(index))


def columns(**changes):
    return lambda index: index['columns'].update(changes)


def huge_sizes(index):
    # The frames of all would be 12 again, modulo 2^64.
    index['columns'].update(persons=[2**32, 1, 1],
                            total_frames=[2**32, 5, 7])


@pytest.mark.parametrize('change, says', [
    (lambda index: index.update(format='zip'), "format of index.json is 'zip"),
    (lambda index: index.update(version=2), 'a newer mmair may read it'),
    (lambda index: index.update(meta=[]), 'meta of index.json is'),
    (lambda index: index.update(split=['a']), 'split of index.json is'),
    (lambda index: index.pop('columns'), 'columns of index.json is None'),
    (lambda index: index['columns'].pop('persons'), "'persons' in it"),
    (columns(keypoint=['a'] * 3), "a column of index.json is 'keypoint'"),
    (columns(label=[0, 1]), "column 'label' of index.json is .* as long as"),
    (columns(frame_dir='abc'), "column 'frame_dir' of index.json is 'abc'"),
    (columns(persons=[1, 0, 1]), 'annotation 1: persons is 0'),
    (columns(persons=[1, True, 1]), 'annotation 1: persons is True'),
    (columns(total_frames=[4, -1, 7]), 'total_frames is -1'),
    (columns(total_frames=[4, 1., 7]), 'total_frames is 1.0'),
    (columns(total_frames=[4, 1, 8]), 'keypoint.npy is 14, expected 15'),
    (columns(total_frames=[4, 1, 10**30]), 'length of keypoint.npy is 14'),
    (huge_sizes, 'length of keypoint.npy is 14'),
    (columns(frame_dir=['a', 'a', 'c']), 'a name that no other'),
    (columns(frame_dir=['a', None, 'c']), "'frame_dir' in it"),
    (columns(frame_dir=['a', ['b'], 'c']), 'expected a string'),
    (columns(label=[0, 7, 1]), 'label is 7, expected 0 to 1'),
    (columns(fps=[30, 'x', 1]), "fps is 'x', expected 0.1 to 10000"),
    (columns(fps=[30, 0, 1]), 'fps is 0, expected 0.1 to 10000'),
    (columns(actor=['a', 3, None]), 'actor is 3, expected a string'),
    (columns(frame_dir=[], persons=[], total_frames=[], label=[], actor=[],
             recording=[], action=[], fps=[]), 'length of keypoint.npy'),
    (lambda index: index['split'].update(empty=-1), 'its number of members'),
    (lambda index: index['split'].update(empty='a'), 'its number of members'),
    (lambda index: index['split'].update(empty=1),
     'length of split.npy is 3, expected 4'),
    (lambda index: index['meta'].update(layout='../other.yaml'),
     'meta.layout is'),
    (lambda index: index['meta'].update(classes=[1]), 'meta.classes is'),
])
def test_hostile_index(store, change, says):
    change_index(store, change)
    with pytest.raises(InputError, match=says) as error:
        load_annotations(store)
    assert str(error.value).startswith(f'{store}: ')
    assert '\n' not in str(error.value) and len(str(error.value)) < 600


@pytest.mark.parametrize('content', [
    b'', b'{', b'\xff\xfe', b'[' * 10**5, b'{"a": NaN}', b'1' * 10**5,
    b'\0' * 100, b'null', b'[]', b'{"format": 1}'])
def test_index_that_is_none(store, content):
    (store / 'index.json').write_bytes(content)
    with pytest.raises(InputError, match='index.json') as error:
        load_annotations(store)
    assert '\n' not in str(error.value) and len(str(error.value)) < 600


class Evil:
    def __reduce__(self):
        return os.system, ('touch executed', )


def header(shape, descr='<f4', fortran=False):
    def write(path):
        with open(path, 'wb') as file:
            np.lib.format.write_array_header_1_0(
                file, dict(descr=descr, fortran_order=fortran, shape=shape))
            file.write(b'\0' * 1000)
    return write


def saved(array):
    return lambda path: np.save(path, array, allow_pickle=True)


def written(content):
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize('write, says', [
    (saved(np.zeros((14, 5))), 'is \\[.*, \\(14, 5\\)\\], expected an array'),
    (saved(np.zeros((14, 5, 3), int)), "expected an array of 3 axes"),
    (saved(np.zeros((14, 5, 3), '>f4')), "of type <f2, <f4, <f8"),
    (saved(np.zeros((14, 5, 3), 'f4,f4')), 'expected an array of 3 axes'),
    (saved(np.asfortranarray(np.zeros((14, 5, 3)))), 'in C order'),
    (saved(np.zeros((14, 5, 4), 'f4')), '2 or 3 coordinates'),
    (saved(np.zeros((13, 5, 3), 'f4')), 'length of keypoint.npy is 13'),
    (saved(np.array([Evil()] * 14, object)), 'no whole array'),
    (written(pickle.dumps(Evil())), 'no whole array'),
    (header((14, 5, 3)), 'size of keypoint.npy is 1128, expected 968 bytes'),
    (header((10**15, 5, 3)), 'no whole array'),
    (header((14, 5, 0)), 'keypoint.npy'), (header((-1, 5, 3)), 'no whole'),
    (written(b''), 'no whole array'), (written(b'\x93NUMPY'), 'no whole'),
    (written(b'\x93NUMPY\1\0\xff\xff{' + b'(' * 65534), 'no whole array'),
    (lambda path: np.savez(open(path, 'wb'), np.zeros(3)), 'expected an'),
    (lambda path: path.unlink(), 'cannot be read .it is missing'),
    (lambda path: (path.unlink(), os.mkfifo(path)), 'no regular file'),
    (lambda path: (path.unlink(), path.mkdir()), 'no regular file'),
])
def test_hostile_arrays(store, write, says, monkeypatch):
    monkeypatch.chdir(store.parent)
    write(store / 'keypoint.npy')
    with pytest.raises(InputError, match=says) as error:
        load_annotations(store)
    assert '\n' not in str(error.value)
    assert not os.path.exists('executed')


@pytest.mark.parametrize('members, says', [
    ([0, 1, 3], 'a member in split.npy is 3, expected 0 to 2'),
    ([0, -1, 1], 'a member in split.npy is -1'),
    ([0, 1], 'length of split.npy is 2'), ([0., 1., 2.], 'split.npy is'),
    ([[0, 1, 2]], 'split.npy is'), ([0, 1, 2**63], 'split.npy is'),
    ([], 'split.npy')])
def test_hostile_split(store, members, says):
    np.save(store / 'split.npy', np.array(members))
    with pytest.raises(InputError, match=says):
        load_annotations(store)


def test_no_store(tmp_path):
    with pytest.raises(InputError, match=f'{tmp_path}: cannot be read as a '
                       'store .*index.json'):
        load_annotations(tmp_path)


def test_truncated_anywhere(store):
    for name in ('index.json', 'keypoint.npy', 'split.npy'):
        whole = (store / name).read_bytes()
        for end in range(0, len(whole), max(1, len(whole) // 50)):
            (store / name).write_bytes(whole[:end])
            with pytest.raises(InputError):
                load_annotations(store)
        (store / name).write_bytes(whole)
    load_annotations(store)
