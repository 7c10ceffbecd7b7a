import builtins
import copyreg
import os
import pickle

import numpy as np
import pytest
from mmaction.datasets import PoseDataset

from mmair.datasets.readers import (annotation_file, load_annotations,
                                    save_annotations)
from mmair.errors import InputError


def annotation(name, **changes):
    rng = np.random.default_rng(0)
    keypoint = rng.normal(size=(1, 4, 5, 3)).astype(np.float32)
    return dict(dict(frame_dir=name, label=1, actor='A', recording='r',
                     fps=30., total_frames=4, keypoint=keypoint), **changes)


@pytest.fixture
def data():
    return dict(
        meta=dict(dataset='some', layout='ebedb', classes=['joy', 'fear'],
                  unit='m', up_axis='y', source_sha256='0'),
        split=dict(xsub_train=['a'], xsub_test=['b']),
        annotations=[annotation('a'), annotation('b', label=0)])


@pytest.fixture
def load(tmp_path):

    def loader(content):
        path = tmp_path / 'data.pkl'
        if not isinstance(content, bytes):
            content = pickle.dumps(content)
        path.write_bytes(content)
        return load_annotations(path)

    return loader


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for number, item in enumerate(expected):
            assert_same(found[number], item)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype.newbyteorder('=')
        assert found.dtype.isnative
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


def test_round_trip(data, tmp_path):
    path = tmp_path / 'new' / 'data.pkl'
    save_annotations(data, path)
    assert_same(load_annotations(path), data)
    assert os.listdir(path.parent) == ['data.pkl']


@pytest.mark.parametrize('protocol', range(2, 6))
@pytest.mark.parametrize('make', [
    lambda k: k, np.asfortranarray, lambda k: k.astype(np.float16),
    lambda k: k.astype('>f8'), lambda k: k[:, :, ::-1],
    lambda k: k.transpose(0, 2, 1, 3)[:, :4].copy().transpose(0, 2, 1, 3),
])
def test_every_protocol_and_memory_order(data, load, protocol, make):
    first = data['annotations'][0]
    first['keypoint'] = make(first['keypoint'])
    other = data['annotations'][1]
    other['keypoint'] = other['keypoint'][:, :, :first['keypoint'].shape[2]]
    first.update(img_shape=(np.int64(2), 3), subject=np.str_('né'),
                 extra=[np.arange(3), np.array(['x', 'yz']),
                        np.float32(.5), np.True_, {1, 2}, b'z', None])
    found = load(pickle.dumps(data, protocol))
    extra = found['annotations'][0].pop('extra')
    expected = first.pop('extra')
    assert_same(found, data)
    for number, item in enumerate(expected):
        np.testing.assert_array_equal(extra[number], item)
    # What was loaded can be sent to a worker process and saved again.
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(extra))[0],
                                  [0, 1, 2])


@pytest.mark.parametrize('protocol', [2, 3])
@pytest.mark.parametrize('core', [b'numpy.core', b'numpy._core'])
def test_numpy_1_and_2(data, load, protocol, core):
    written = pickle.dumps(data, protocol)
    for name in (b'numpy.core', b'numpy._core'):
        written = written.replace(name, core)
    assert core in written
    assert_same(load(written), data)


def test_mmaction2_files(load):
    score = np.ones((1, 4, 5), np.float16)
    entries = [dict(frame_dir=name, label=3, img_shape=(1080, 1920),
                    original_shape=(1080, 1920), total_frames=4,
                    keypoint=np.zeros((1, 4, 5, 2), np.float16),
                    keypoint_score=score) for name in 'ab']
    entries[1].update(keypoint=np.zeros((2, 4, 5, 2), np.float16),
                      keypoint_score=np.ones((2, 4, 5), np.float16))
    assert_same(load(entries),
                dict(meta={}, split={}, annotations=entries))
    split = dict(xsub_train=['a', 'b'], xsub_val=[])
    assert_same(load(dict(split=split, annotations=entries)),
                dict(meta={}, split=split, annotations=entries))


def test_mmaction2_reads_ours(data, tmp_path):
    path = tmp_path / 'data.pkl'
    save_annotations(data, path)
    dataset = PoseDataset(ann_file=str(path), pipeline=[], split='xsub_test')
    assert len(dataset) == 1
    np.testing.assert_array_equal(dataset[0]['keypoint'],
                                  data['annotations'][1]['keypoint'])


class Reduced:
    """Pickles as the call of a function."""

    def __init__(self, function, *args, state=None):
        self.reduced = (function, args, state)

    def __reduce__(self):
        return self.reduced


def object_array(item):
    array = np.empty(1, object)
    array[0] = item
    return array


@pytest.mark.parametrize('hide', [
    lambda evil: evil,
    lambda evil: [annotation('a', extra=[evil])],
    lambda evil: [annotation('a', keypoint=object_array(evil))],
    lambda evil: [annotation('a', extra=object_array([evil]))],
], ids=['alone', 'in an annotation', 'as keypoint', 'in an object array'])
@pytest.mark.parametrize('protocol', range(2, 6))
def test_hostile_pickles_do_nothing(load, tmp_path, hide, protocol):
    mark = tmp_path / 'mark'
    attacks = [
        (os.system, f'touch {mark}'),
        (builtins.eval, f'open({str(mark)!r}, "w")'),
        (builtins.exec, f'open({str(mark)!r}, "w")'),
        (builtins.open, str(mark), 'w'),
        (np.save, str(mark), 1),
        (builtins.getattr, 'x', 'upper'),
    ]
    for function, *args in attacks:
        evil = hide(Reduced(function, *args))
        with pytest.raises(InputError, match='asks for|of type') as error:
            load(pickle.dumps(evil, protocol))
        assert '\n' not in str(error.value)
        assert os.listdir(tmp_path) == ['data.pkl']
    with pytest.raises(InputError, match=r'asks for \w+\.system, which'):
        load(pickle.dumps(Reduced(os.system, 'true'), protocol))


@pytest.mark.parametrize('content', [
    object_array('plain'),
    np.zeros(2, [('a', 'f4')]),
    np.zeros(2, [('a', 'O')]),
    np.datetime64('2020-01-01'),
    np.array(['2020-01-01'], 'M8[D]'),
    np.random.default_rng(0),
    np.ma.zeros(2),
    Reduced(np.dtype, 'f4', state=(3, '<', None, ('a', ), {'a': ('O', 0)},
                                   8, 8, 0)),
    Reduced(copyreg._reconstructor, object, object, None),
    Reduced(pickle.loads, b''),
    slice(1),
    print,
    np.linalg.norm,
])
def test_nothing_but_plain_data(load, content):
    for protocol in range(2, 6):
        with pytest.raises(InputError):
            load(pickle.dumps([annotation('a', extra=content)], protocol)
                 if not isinstance(content, Reduced)
                 else pickle.dumps(content, protocol))


@pytest.mark.parametrize('attack', [
    # BUILD on what stands for a global: attributes, then slots.
    b"cnumpy\ndtype\n}X\x04\x00\x00\x00codeK\x01sb.",
    b"cnumpy\ndtype\nN}X\x0c\x00\x00\x00__defaults__K\x01s\x86b.",
    b"cbuiltins\nset\n}X\x03\x00\x00\x00addK\x01sb.",
    b"cnumpy\nndarray\n(K\x0atR.",
    b"cnumpy\nndarray\n)\x81.",
    b"cnumpy\nndarray.tofile\n.",
    b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__base__\x93.",
    # A shape far beyond the bytes that follow.
    b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01J\xff\xff\xff\x7f\x85"
    b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x85RI00\nC\x01ztb.",
    b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
])
def test_forged_opcodes(load, attack):
    before = dict(vars(set))
    with pytest.raises(InputError):
        load(attack)
    assert dict(vars(set)) == before
    assert_same(load([annotation('a')])['annotations'], [annotation('a')])


@pytest.mark.parametrize('content', [
    b'', b'\x00' * 100, b'HIERARCHY\nROOT', pickle.dumps([1] * 1000)[:-300],
    b'\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f', b'(' * 10**6,
])
def test_garbage(load, tmp_path, content):
    with pytest.raises(InputError, match='data.pkl: is no annotation file'):
        load(content)


def test_unreadable(tmp_path):
    for path in (tmp_path, tmp_path / 'none.pkl'):
        with pytest.raises(InputError, match=f'{path}: cannot be read'):
            load_annotations(path)


def nan(keypoint):
    keypoint = keypoint.copy()
    keypoint[0, 1, 2, 0] = np.nan
    return keypoint


KEYPOINT = annotation('a')['keypoint']


@pytest.mark.parametrize('changes, says', [
    (dict(keypoint=KEYPOINT[0]),
     r"annotation 'b': shape of keypoint is \(4, 5, 3\), expected \(M, T"),
    (dict(keypoint=KEYPOINT[..., :1]), 'shape of keypoint is'),
    (dict(keypoint=KEYPOINT[:0]), 'shape of keypoint is'),
    (dict(keypoint=KEYPOINT[:, :, :4]),
     r'joints and coordinates of keypoint is \(4, 3\), expected \(5, 3\)'),
    (dict(keypoint=nan(KEYPOINT)),
     r"'b': keypoint\[0, 1, 2, 0\] is nan, expected finite"),
    (dict(keypoint=KEYPOINT.astype(int)), 'keypoint is dtype'),
    (dict(keypoint=KEYPOINT.tolist()), "keypoint is 'list'"),
    (dict(keypoint_score=np.ones((1, 4, 4))), 'shape of keypoint_score is'),
    (dict(total_frames=5), "total_frames is 5, expected 4, the frames"),
    (dict(total_frames='4'), "total_frames is '4', expected an integer"),
    (dict(total_frames=10**5000), 'data.pkl'),
    (dict(frame_dir='a'), "annotation 1: frame_dir is 'a', expected a name"),
    (dict(frame_dir=7), 'annotation 1: frame_dir is 7, expected a string'),
    (dict(label=2), "'b': label is 2, expected 0 to 1"),
    (dict(label=-1), "'b': label is -1"),
    (dict(label='joy'), "'b': label is 'joy', expected an integer"),
    (dict(fps=0), 'fps is 0, expected 0.1 to 10000 frames a second'),
    (dict(fps=1e-4), 'fps is 0.0001'), (dict(fps=1e30), 'fps is 1e'),
    (dict(fps=float('nan')), 'fps is nan'),
    (dict(actor=3), 'actor is 3, expected a string'),
])
def test_faulty_annotation(data, load, changes, says):
    data['annotations'][1].update(changes)
    with pytest.raises(InputError, match=says) as error:
        load(data)
    assert '\n' not in str(error.value) and 'data.pkl: ' in str(error.value)


def test_a_score_that_is_none_is_left_out(data, load):
    data['annotations'][1]['keypoint_score'] = None
    assert 'keypoint_score' not in load(data)['annotations'][1]


def test_a_label_is_not_negative_without_class_names(data, load):
    data['meta'].pop('classes')
    data['annotations'][1]['label'] = -5
    with pytest.raises(InputError, match="'b': label is -5, expected at "):
        load(data)


@pytest.mark.parametrize('changes, says', [
    (dict(split=dict(train=['a', 'c'])),
     "a member of split 'train' is 'c', expected the frame_dir"),
    (dict(split=dict(train='ab')), "split 'train' is 'ab', expected a list"),
    (dict(split=['a']), 'split is .*, expected a dict of lists'),
    (dict(meta=3), 'meta is 3'),
    (dict(meta=dict(classes=['joy', 'joy'])), 'meta.classes is'),
    (dict(annotations=[]), 'expected at least one annotation'),
    (dict(annotations=dict()), 'annotations is {}, expected a list'),
    (dict(annotations=['a']), "annotation 0 is 'a', expected a dict"),
])
def test_faulty_file(data, load, changes, says):
    with pytest.raises(InputError, match=says):
        load(dict(data, **changes))


@pytest.mark.parametrize('key', ['frame_dir', 'total_frames', 'keypoint'])
def test_missing_key(data, load, key):
    del data['annotations'][1][key]
    with pytest.raises(InputError, match=f"annotation 1: .*'{key}' in it"):
        load(data)


def test_missing_annotations(load):
    with pytest.raises(InputError, match='"annotations" in it'):
        load(dict(split={}))
    with pytest.raises(InputError, match='expected a dict or list'):
        load(3)


def test_unlabelled(data, load):
    del data['annotations'][0]['label']
    assert_same(load(data), data)


def test_saving_is_whole_or_not_at_all(data, tmp_path, monkeypatch):
    path = tmp_path / 'data.pkl'
    save_annotations(data, path)
    before = path.read_bytes()
    faulty = dict(data, split=dict(train=['nobody']))
    with pytest.raises(InputError, match="'nobody'"):
        save_annotations(faulty, path)

    def full(*args, **kwargs):
        args[1].write(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(annotation_file, '_write_pickle', full)
    with pytest.raises(InputError, match='cannot be written .No space'):
        save_annotations(data, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ['data.pkl']
    with pytest.raises(InputError, match='cannot be written'):
        save_annotations(data, path / 'below' / 'a_file.pkl')
