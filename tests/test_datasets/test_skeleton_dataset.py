"""The dataset: what it selects, and that views depend on nothing else."""
import copy
import pickle

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope, init_default_scope
from tiny_runs import GENERATOR
from torch.utils.data import DataLoader

import mmair.datasets.emotion_datasets as emotion_datasets
import mmair.datasets.skeleton_dataset as skeleton_dataset
from mmair.compat import get_gt_label
from mmair.datasets import (EBEDBDataset, SkeletonDataset,
                            SyntheticEmotionDataset)
from mmair.datasets.readers import save_annotations
from mmair.datasets.synthetic import generate_annotations
from mmair.datasets.transforms import SampleWindows, SkeletonTransform
from mmair.datasets.readers import of_split
from mmair.errors import InputError
from mmair.layouts import get_layout

init_default_scope('mmaction')

CLASSES = ['joy', 'fear', 'pride']
LABELS = [0, 1, 2, 0, 1, None, 2, 0, None, 1, 2]
WINDOWS = dict(type='mmair.SampleWindows', clip_len=8, num_clips=2)
VIEWS = [
    WINDOWS, dict(type='mmair.RandomYaw'), dict(type='mmair.RandomMirror'),
    dict(type='mmair.RandomBodySize'), dict(type='mmair.SensorNoise'),
    dict(type='mmair.DropJoints'), dict(type='mmair.AppendagePartition'),
    dict(type='mmair.AppendMotion')
]
PACK = dict(type='mmair.PackSkeletonInputs')
NORMALIZE = dict(type='mmair.NormalizeSkeleton')
RESAMPLE = dict(type='mmair.ResampleFrames', fps=15)
TEST = [dict(WINDOWS, test_mode=True, num_clips=4), PACK]


@pytest.fixture
def data():
    """Recordings of 1 to 21 frames whose length tells which one it is."""
    rng = np.random.default_rng(0)
    annotations = []
    for number, label in enumerate(LABELS):
        frames = 2 * number + 1
        annotations.append(dict(
            frame_dir=f'r{number}', actor=f'A{number % 3}', fps=30.,
            recording=f's{number % 4}', total_frames=frames,
            keypoint=rng.normal(size=(1, frames, 23, 3)).astype(np.float32)))
        if label is not None:
            annotations[-1]['label'] = label
    names = [a['frame_dir'] for a in annotations]
    return dict(
        meta=dict(dataset='toy', layout='ebedb', classes=CLASSES, unit='m',
                  up_axis='y', source_sha256='0'),
        split=dict(xsub_train=names[:7], xsub_test=names[7:], none=[]),
        annotations=annotations)


@pytest.fixture
def build(data, tmp_path):
    path = tmp_path / 'toy.pkl'

    def builder(pipeline=(), cls=SkeletonDataset, **kwargs):
        save_annotations(data, path)
        return cls(ann_file=str(path), pipeline=list(pipeline), **kwargs)

    return builder


def names(dataset):
    return [r['frame_dir'] for r in dataset.recordings]


def assert_same(found, expected):
    """Packed samples, to the bit but for the ends of vectors."""
    assert found.keys() == expected.keys()
    one, two = found['inputs'], expected['inputs']
    if not isinstance(one, dict):
        one, two = dict(keypoint=one), dict(keypoint=two)
    assert one.keys() == two.keys()
    for name in two:
        torch.testing.assert_close(one[name], two[name], atol=1e-6, rtol=0)
    one, two = found['data_samples'], expected['data_samples']
    assert one.metainfo == two.metainfo
    one, two = (get_gt_label(s.to_dict()) for s in (one, two))
    assert (one is None and two is None) or torch.equal(one, two)


def assert_all_same(found, expected):
    assert len(found) == len(expected)
    for one, two in zip(found, expected):
        assert_same(one, two)


def singles(dataset, indices):
    """Sample by sample, whatever the dataset could do at once."""
    return [dataset[i] for i in indices]


# What is read


def test_recordings_are_those_of_the_file(build, data):
    dataset = build()
    assert len(dataset) == len(LABELS)
    assert dataset.metainfo['classes'] == tuple(CLASSES)
    assert dataset.layout is get_layout('ebedb')
    for found, given in zip(dataset.recordings, data['annotations']):
        x = found['keypoint']  # (T, M, V, C)
        assert x.dtype == torch.float32 and x.is_contiguous()
        np.testing.assert_array_equal(x.transpose(0, 1).numpy(),
                                      given['keypoint'])
        for key in ('frame_dir', 'actor', 'recording', 'fps',
                    'total_frames'):
            assert found[key] == given[key]
        # Without labels they are first-class.
        assert found.get('label') == given.get('label')
        assert 'label' in given or 'label' not in found


def test_a_plain_mmaction2_file(build, data):
    del data['meta']['classes'], data['meta']['layout']
    for annotation in data['annotations']:
        annotation['keypoint'] = np.zeros((2, 3, 25, 3), np.float16)
        annotation['total_frames'] = 3
        for key in ('actor', 'recording', 'fps'):
            del annotation[key]
    dataset = build([WINDOWS, PACK])
    assert dataset.layout.name == 'nturgb+d'
    assert dataset.metainfo['classes'] == ()
    assert dataset[3]['inputs'].shape == (2, 2, 8, 25, 3)
    assert dataset[3]['data_samples'].recording == 'r3'
    with pytest.raises(InputError, match="unknown class 'joy'; the data has "
                       'none'):
        build(classes=['joy'])


def test_preparation_runs_once_a_recording(build):
    dataset = build([NORMALIZE], prepare=[RESAMPLE, NORMALIZE])
    for found in dataset.recordings:
        assert found['fps'] == 15
        assert found['total_frames'] == len(found['keypoint'])
    assert [r['total_frames'] for r in dataset.recordings] == list(
        range(1, len(LABELS) + 1))
    root = dataset[4]['keypoint'][..., 0, :]
    torch.testing.assert_close(root, torch.zeros_like(root))


def test_of_many_folds_the_first_are_named():
    splits = {f'{kind}_f{n}_{part}': [] for kind in ('xsub', 'xrec')
              for n in range(12) for part in ('train', 'test')}
    with pytest.raises(InputError) as caught:
        of_split('a.pkl', dict(split={**splits, 'xsub_train': []}), 'none')
    assert str(caught.value) == (
        "a.pkl: there is no split 'none'; the file has xrec_f0_test, "
        'xrec_f0_train, xsub_f0_test, xsub_f0_train, xsub_train and 44 more '
        'folds')


def test_splits(build):
    assert names(build(split='xsub_test')) == ['r7', 'r8', 'r9', 'r10']
    assert len(build(split='xsub_train')) == 7
    assert set(build(split='xsub_train').splits) == {'xsub_train',
                                                     'xsub_test', 'none'}
    with pytest.raises(InputError, match="toy.pkl: there is no split "
                       "'xset_train'; the file has none, xsub_test, "
                       'xsub_train'):
        build(split='xset_train')
    with pytest.raises(InputError, match="no recording is left with "
                       "split='none'"):
        build(split='none')


def test_some_classes(build, monkeypatch):
    told = []
    monkeypatch.setattr(skeleton_dataset, 'print_log',
                        lambda message, **kwargs: told.append(message))
    dataset = build(classes=('pride', 'joy'))
    assert dataset.metainfo['classes'] == ('pride', 'joy')
    assert {r['frame_dir']: r['label'] for r in dataset.recordings} == {
        f'r{i}': {2: 0, 0: 1}[label] for i, label in enumerate(LABELS)
        if label in (0, 2)}
    # What is left out is counted, recordings without a label too.
    assert len(told) == 1 and told[0].endswith(
        '6 recordings of 2 classes; left out by `classes`: 3 fear, '
        '2 unlabelled')
    build()
    assert len(told) == 1
    with pytest.raises(InputError, match="unknown class 'bliss'; the data "
                       'has joy, fear, pride'):
        build(classes=('joy', 'bliss'))
    for wrong in (['joy', 'joy'], 'joy', ['joy', ' ']):
        with pytest.raises(InputError, match='`classes`: the class names are '
                           '.* of which none is twice or empty'):
            build(classes=wrong)


def test_classes_of_the_data_set_where_the_file_has_none(build, data):
    del data['meta']['classes']
    dataset = build(cls=EBEDBDataset, classes=('anger', 'disgust'))
    assert [r['label'] for r in dataset.recordings] == [
        (label - 1) for label in LABELS if label in (1, 2)]
    for label, says in ((10, 'r3 has the label 10, expected 0 to 9'),
                        (-1, "'r3': label is -1, expected at least 0")):
        data['annotations'][3]['label'] = label
        with pytest.raises(InputError, match=says):
            build(cls=EBEDBDataset)


def test_the_frame_rate_of_those_that_do_not_tell(build):
    for fps in (0, 1e-5, 1e300, '30'):
        with pytest.raises(InputError, match=f'SkeletonDataset: fps is {fps!r}'
                           .replace('+', '.') + ', expected 0.1 to 10000'):
            build(fps=fps)


# Layouts


def test_layout_must_be_that_of_the_file(build, data):
    assert build(layout='ebedb').layout.name == 'ebedb'
    with pytest.raises(InputError, match="toy.pkl: meta.layout is 'ebedb' "
                       ".23 joints., expected 'emilya' .23 joints.; they "
                       'differ in joints, parents, .*; set `layout` to that '
                       'of the data'):
        build(layout='emilya')
    del data['meta']['layout']
    with pytest.raises(InputError, match="toy.pkl: r0 has 23 joints, the "
                       "layout 'nturgb.d' .25 joints."):
        build()
    assert build(layout='emilya').layout.name == 'emilya'


def test_a_file_may_describe_its_own_layout(build, data):
    own = dict(get_layout('ebedb').to_dict(), name='own')
    data['meta']['layout'] = own
    assert build().layout == get_layout(own)
    assert build(layout=own).layout.name == 'own'
    # The same skeleton, whatever its file is called.
    assert build(layout='ebedb').layout.name == 'ebedb'
    own['trunk'] = own['trunk'][1:]
    with pytest.raises(InputError, match="meta.layout is 'own' .23 joints., "
                       "expected 'ebedb' .23 joints.; they differ in trunk; "):
        build(layout='ebedb')
    own['parents'] = 5
    with pytest.raises(InputError, match="layout 'own': parents is 5"):
        build()


@pytest.mark.parametrize('path', ['json', 'yaml'])
def test_a_file_may_not_name_another_file(build, data, path, tmp_path):
    """Who wrote the annotations must not choose what else is read."""
    mark = tmp_path / 'executed'
    other = tmp_path / f'layout.{path}'
    other.write_text(f'!!python/object/apply:os.system ["touch {mark}"]')
    for found in (str(other), 'unheard of', ['ebedb'], 3):
        data['meta']['layout'] = found
        with pytest.raises(InputError, match='toy.pkl: meta.layout is .*, '
                           'expected one of coco, ebedb, .* or a dict'):
            build()
        with pytest.raises(InputError, match='meta.layout is'):
            build(layout='ebedb')
    assert not mark.exists()


# Samples


PIPELINES = dict(
    views=[*VIEWS, PACK], test=TEST, windows=[WINDOWS, PACK],
    # What cannot run on a batch of recordings falls back.
    not_packed=[WINDOWS], empty=[], only_packed=[PACK],
    normalised_before=[NORMALIZE, *VIEWS, PACK],
    noise_before=[dict(type='mmair.SensorNoise'), WINDOWS, PACK],
    resampled=[RESAMPLE, WINDOWS, PACK],
    normalised_after=[WINDOWS, NORMALIZE, PACK],
    resampled_after=[WINDOWS, RESAMPLE, PACK],
    windows_of_windows=[WINDOWS, dict(WINDOWS, clip_len=4), PACK],
    of_a_user=[WINDOWS, dict, PACK],
    more_meta=[WINDOWS, dict(PACK, meta_keys=('mood', 'total_frames',
                                              'fps', 'num_clips'))])


@pytest.mark.parametrize('pipeline', PIPELINES)
@pytest.mark.parametrize('mixed', [None, 'fps', 'persons'])
def test_a_batch_is_its_samples(build, data, pipeline, mixed):
    for number, annotation in enumerate(data['annotations']):
        # The file cannot choose what is ours to choose.
        annotation.update(mood=f'm{number}', key=3, sample_idx=0)
        if mixed == 'fps' and number % 2:
            annotation['fps'] = 60.
        if mixed == 'persons' and number % 3 == 0:
            annotation['keypoint'] = annotation['keypoint'].repeat(2, 0)
    dataset = build(PIPELINES[pipeline])
    dataset.set_epoch(seed=1, epoch=2)
    for indices in ([3, 10, 0, 5, 5], [7], range(11), [-1, 2]):
        found = dataset.__getitems__(indices)
        expected = singles(dataset, indices)
        if PIPELINES[pipeline][-1:] == [PACK]:
            assert_all_same(found, expected)
        elif pipeline == 'more_meta':
            for one, two in zip(found, expected):
                assert one['data_samples'].mood.startswith('m')
                assert_same(one, two)
        else:
            for one, two in zip(found, expected):
                assert one.keys() == two.keys()
                assert torch.equal(one['keypoint'], two['keypoint'])


@pytest.mark.parametrize('pipeline, at_once', [
    ('views', True), ('test', True), ('normalised_after', True),
    ('normalised_before', False), ('noise_before', False),
    ('of_a_user', False), ('empty', False)])
def test_batches_are_made_at_once_where_they_can(build, monkeypatch,
                                                 pipeline, at_once):
    dataset = build(PIPELINES[pipeline])
    one_by_one = []
    monkeypatch.setattr(
        SkeletonDataset, '__getitem__',
        lambda self, i: one_by_one.append(i) or dict(keypoint=None))
    dataset.__getitems__([3, 4])
    assert one_by_one == ([] if at_once else [3, 4])


def test_unlabelled_samples_have_no_label(build):
    dataset = build([*VIEWS, PACK])
    for i, sample in enumerate(dataset.__getitems__(range(len(LABELS)))):
        label = get_gt_label(sample['data_samples'].to_dict())
        assert (label if LABELS[i] is None else int(label)) == LABELS[i]
        assert sample['data_samples'].sample_idx == i


def test_packing_is_not_changed_by_the_sample_before(build):
    dataset = build([*VIEWS, PACK])
    pack = dataset.pipeline.transforms[-1]
    assert isinstance(dataset[0]['inputs'], dict)
    alone = pack(dict(keypoint=torch.zeros(2, 1, 8, 23, 3)))
    assert isinstance(alone['inputs'], torch.Tensor)


def test_views_are_a_function_of_seed_epoch_and_index(build):
    dataset, other = build([*VIEWS, PACK]), build([*VIEWS, PACK])

    def views(dataset, seed, epoch, indices):
        dataset.set_epoch(seed, epoch)
        return dataset.__getitems__(indices)

    reference = views(dataset, 5, 3, range(11))
    # Another order, other batches, another process, in between others.
    views(other, 5, 2, [4, 5])
    order = [7, 2, 10, 0, 1, 9, 3, 8, 6, 5, 4]
    found = views(other, 5, 3, order[:4]) + views(other, 5, 3, order[4:])
    assert_all_same(found, [reference[i] for i in order])
    for seed, epoch in ((5, 4), (6, 3), (3, 5)):
        changed = views(dataset, seed, epoch, range(11))
        for one, two in zip(changed, reference):
            assert not torch.equal(one['inputs']['keypoint'],
                                   two['inputs']['keypoint'])
    # The two views of a sample differ, and so do equal recordings.
    x = reference[10]['inputs']['keypoint']
    assert not torch.equal(x[0], x[1])


def test_without_an_epoch_views_follow_torchs_seed(build):
    dataset = build([*VIEWS, PACK])

    def views(seed):
        torch.manual_seed(seed)
        return dataset.__getitems__([3, 4, 5])

    assert_all_same(views(0), views(0))
    keys = {s['data_samples'].key for s in views(0) + views(1)}
    assert len(keys) == 6


# Workers


def loader(dataset, workers, batch_size=4, **kwargs):
    if workers:
        kwargs.update(persistent_workers=True, prefetch_factor=2)
    return DataLoader(dataset, batch_size, num_workers=workers,
                      collate_fn=pseudo_collate, **kwargs)


def epoch_of(batches):
    """The samples of an epoch by index."""
    samples = {}
    for batch in batches:
        inputs = batch['inputs']
        for i, sample in enumerate(batch['data_samples']):
            samples[sample.sample_idx] = {
                name: copy.deepcopy(x[i]) for name, x in inputs.items()}
    return samples


def test_workers_change_no_view_and_see_the_epoch(build):
    dataset = build([*VIEWS, PACK])
    generator = torch.Generator().manual_seed(0)
    alone = loader(dataset, 0)
    workers = loader(dataset, 2, batch_size=3, shuffle=True,
                     generator=generator)
    seen = []
    for epoch in range(3):
        dataset.set_epoch(7, epoch)
        one, two = epoch_of(alone), epoch_of(workers)
        assert sorted(one) == sorted(two) == list(range(len(LABELS)))
        for i, inputs in one.items():
            for name, x in inputs.items():
                torch.testing.assert_close(two[i][name], x, atol=1e-6,
                                           rtol=0)
        seen.append(one[10]['keypoint'])
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])


def test_the_loader_asks_for_batches(build, monkeypatch):
    asked = []
    original = SkeletonDataset.__getitems__

    def spy(self, indices):
        asked.append(list(indices))
        return original(self, indices)

    monkeypatch.setattr(SkeletonDataset, '__getitems__', spy)
    epoch_of(loader(build([*VIEWS, PACK]), 0))
    assert asked == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


def test_our_names_are_known_without_a_runner(build, monkeypatch):
    """In a notebook there is no default scope."""
    monkeypatch.setattr(DefaultScope, 'get_current_instance', lambda: None)
    dataset = build([*VIEWS, PACK], prepare=[dict(type='NormalizeSkeleton')])
    assert len(dataset.__getitems__([1, 2])) == 2


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
@pytest.mark.parametrize('persons', [1, 2])
@pytest.mark.parametrize('test_mode', [True, False])
def test_a_batch_is_not_padded(build, data, monkeypatch, layout, persons,
                               test_mode):
    """And is to the bit what padding to the longest made of it."""
    class Padded(SampleWindows):
        def apply(self, results):
            assert results['keypoint'].shape[-3] == 2 * len(LABELS) - 1
            super().apply(results)

    shape = (len(get_layout(layout)), get_layout(layout).dims)
    rng = np.random.default_rng(0)
    data['meta']['layout'] = layout
    for annotation in data['annotations']:
        annotation['keypoint'] = rng.normal(size=(
            persons, annotation['total_frames'], *shape))
    args = dict(clip_len=8, num_clips=3, test_mode=test_mode)
    rest = [dict(type='mmair.RandomMirror'), dict(type='mmair.DropJoints'),
            PACK]
    plain, padded = (build([step, *rest]) for step in (
        SampleWindows(**args), Padded(**args)))
    for dataset in (plain, padded):
        dataset.set_epoch(seed=3, epoch=1)
    indices = [3, 10, 0, 5, 5, -2]
    expected = padded.__getitems__(indices)
    monkeypatch.setattr(torch.nn.utils.rnn, 'pad_sequence', None)
    for found in (plain.__getitems__(indices), singles(plain, indices)):
        for one, two in zip(found, expected, strict=True):
            assert torch.equal(one['inputs'], two['inputs'])
            assert one['data_samples'].metainfo == two[
                'data_samples'].metainfo


# Sets that are too large for the memory


BOTH = dict(prepare=[RESAMPLE, NORMALIZE])


@pytest.fixture
def kept(data, tmp_path):
    """The same data as a pickle in memory, and as a store on the disk."""
    save_annotations(data, tmp_path / 'toy.pkl')
    save_annotations(data, tmp_path / 'store')

    def builder(resident, pipeline=(*VIEWS, PACK), **kwargs):
        path = tmp_path / ('toy.pkl' if resident else 'store')
        dataset = SkeletonDataset(str(path), pipeline=list(pipeline),
                                  resident=resident, **BOTH, **kwargs)
        dataset.set_epoch(seed=3, epoch=1)
        return dataset

    return builder


def assert_bit_equal(found, expected):
    assert found.keys() == expected.keys()
    for i, inputs in expected.items():
        for name, x in inputs.items():
            assert torch.equal(found[i][name], x)


def test_what_is_not_resident_gives_the_same_batches(kept):
    resident, mapped = kept(True), kept(False)
    expected = epoch_of(loader(resident, 0))
    assert sorted(expected) == list(range(len(LABELS)))
    assert_bit_equal(epoch_of(loader(mapped, 0)), expected)
    assert_bit_equal(epoch_of(loader(mapped, 2)), expected)
    # What a worker gets that is not forked, and opens the store itself.
    assert_bit_equal(epoch_of(loader(copy.deepcopy(mapped), 0)), expected)


@pytest.mark.parametrize('pipeline', ['views', 'empty', 'noise_before'])
def test_what_is_not_resident_gives_the_same_samples(kept, pipeline):
    resident, mapped = (kept(r, PIPELINES[pipeline]) for r in (True, False))
    indices = [3, 10, 0, 5, 5, -2]
    for one, two in zip(mapped.__getitems__(indices) + singles(mapped, [4]),
                        resident.__getitems__(indices) + singles(resident,
                                                                 [4])):
        if pipeline == 'empty':
            assert one.keys() == two.keys()
            assert torch.equal(one['keypoint'], two['keypoint'])
            assert one['sample_idx'] == two['sample_idx']
        else:
            assert_same(one, two)
    for one, two in zip(mapped.recordings, resident.recordings):
        assert one.get('label') == two.get('label')
        assert one.get('key') is None and one.get('fps') == two['fps'] == 15
        for key in ('frame_dir', 'recording', 'actor', 'total_frames'):
            assert one[key] == two[key]
        assert torch.equal(one['keypoint'], two['keypoint'])
    assert len(mapped.recordings) == len(LABELS)
    with pytest.raises(IndexError):
        mapped.recordings[len(LABELS)]
    with pytest.raises(KeyError):
        mapped.recordings[0]['mood']


def test_nothing_is_kept_of_what_is_not_resident(kept):
    mapped = kept(False)
    epoch_of(loader(mapped, 0))
    for raw in mapped.data_list:
        assert isinstance(raw['keypoint'], np.ndarray)
        assert not raw['keypoint'].flags.writeable
    # A worker that is spawned is sent no data.
    mapped.full_init()
    assert len(pickle.dumps(mapped.__getstate__()['data_list'])) < 100


def test_size_decides_what_is_resident(kept, monkeypatch):
    assert kept(None, split='xsub_test').resident is True
    total = 4 * sum(2 * n + 1 for n in range(len(LABELS))) * 23 * 3
    monkeypatch.setattr(skeleton_dataset, 'RESIDENT_SIZE', total)
    assert kept(None).resident is True
    monkeypatch.setattr(skeleton_dataset, 'RESIDENT_SIZE', total - 1)
    assert kept(None).resident is False
    assert kept(None, split='xsub_test').resident is True


def test_half_of_the_free_memory_of_a_gpu_is_taken(kept, monkeypatch):
    total = 4 * sum(2 * n + 1 for n in range(len(LABELS))) * 23 * 3
    free, told = [2 * total], told_lines(monkeypatch)
    monkeypatch.setattr(torch.cuda, 'mem_get_info',
                        lambda device: (free[0], 0))
    monkeypatch.setattr(skeleton_dataset, 'RESIDENT_SIZE', 0)
    monkeypatch.setattr(SkeletonDataset, '_prepared', lambda self, x: x)
    assert kept(None, device='cuda').resident is True and not told
    free[0] -= 1
    dataset = kept(None, device='cuda:0')
    assert len(dataset.recordings) == len(LABELS)  # which ask no more
    assert dataset.resident is False and len(told) == 1
    assert "use device='cpu' with num_workers" in told[0]
    assert kept(False, device='cuda').resident is False and len(told) == 1


def test_names_do_not_need_the_keypoints(kept, monkeypatch):
    mapped = kept(False)
    monkeypatch.setattr(SkeletonDataset, '_prepared', None)
    assert names(mapped) == [f'r{i}' for i in range(len(LABELS))]
    assert [r['label'] for r in mapped.recordings if 'label' in r] == [
        label for label in LABELS if label is not None]


@pytest.mark.parametrize('resident', [True, False])
def test_numbers_of_a_store_are_checked(kept, tmp_path, resident):
    kept(True)
    rows = np.load(tmp_path / 'store' / 'keypoint.npy', mmap_mode='r+')
    rows[2, 1, 2] = np.inf
    rows.flush()
    with pytest.raises(InputError, match=r"store: annotation 'r1': "
                       r'keypoint\[0, 1, 1, 2\] is inf, expected finite'):
        SkeletonDataset(str(tmp_path / 'store'), resident=resident)[1]


def test_numbers_beyond_float32(build, data):
    data['annotations'][3]['keypoint'] = data['annotations'][3][
        'keypoint'].astype(np.float64) * 1e300
    with pytest.raises(InputError, match=r"'r3': keypoint.* is -?inf, exp"):
        build()


# Several persons, two dimensions, and other things of MMAction2's files


def told_lines(monkeypatch):
    told = []
    monkeypatch.setattr(skeleton_dataset, 'print_log',
                        lambda message, **kwargs: told.append(message))
    return told


@pytest.mark.parametrize('resident', [True, False])
def test_one_sample_a_person(build, data, monkeypatch, resident):
    told = told_lines(monkeypatch)
    for number, persons in ((0, 2), (2, 3), (5, 2), (8, 2)):
        x = data['annotations'][number]['keypoint'].repeat(persons, 0)
        x *= np.arange(1, persons + 1).reshape(-1, 1, 1, 1)
        data['annotations'][number]['keypoint'] = x
    data['annotations'][2]['keypoint'][1] = 0   # the second of three
    data['annotations'][5]['keypoint'][0] = 0   # one is left
    data['annotations'][8]['keypoint'][:] = 0   # nobody
    # A first frame of zeros makes nobody disappear.
    data['annotations'][10]['keypoint'][:, 0] = 0
    del data['annotations'][2]['recording']
    joint = build(resident=resident)
    assert len(joint) == len(LABELS) and not told
    dataset = build([*VIEWS, PACK], persons='separate', resident=resident)
    assert names(dataset) == ['r0#0', 'r0#1', 'r1', 'r2#0', 'r2#2', 'r3',
                              'r4', 'r5', 'r6', 'r7', 'r9', 'r10']
    for found in dataset.recordings:
        name, _, person = found['frame_dir'].partition('#')
        number = int(name[1:])
        given = data['annotations'][number]
        person = int(person) if person else (number == 5)
        x = torch.tensor(given['keypoint'][person:person + 1])
        assert torch.equal(found['keypoint'].transpose(0, 1), x)
        assert found['recording'] == given.get('recording', name)
        assert found['total_frames'] == given['total_frames']
    assert len(told) == 1 and told[0].endswith(
        '12 samples, one a person, of 11 recordings; left out: 4 persons '
        'whose keypoints are all zero, and so 1 recordings')
    # Splits are of recordings, and the folds of a readout find the samples.
    train = build(persons='separate', split='xsub_train', resident=resident)
    assert names(train) == ['r0#0', 'r0#1', 'r1', 'r2#0', 'r2#2', 'r3', 'r4',
                            'r5', 'r6']
    assert train.splits['xsub_train'] == names(train)
    assert dataset.splits['xsub_test'] == ['r7', 'r9', 'r10']
    with pytest.raises(InputError, match="persons is 'each', expected 'jo"):
        build(persons='each')


def ntu60_3d(rng):
    """As ``ntu60_3d.pkl``: two persons, the second of them often zeros."""
    annotations = []
    for i in range(4):
        x = rng.normal(size=(2, 5 + i, 25, 3)).astype(np.float16)
        x[1] *= i % 2
        annotations.append(dict(frame_dir=f'S001C00{i}P001R001A00{i + 1}',
                                label=i, keypoint=x, total_frames=5 + i))
    return annotations


def ntu60_2d(rng):
    """As ``ntu60_2d.pkl``, by HRNet: pixels with scores."""
    annotations = []
    for i in range(4):
        x = rng.uniform(0, 1920, (1 + i % 2, 5 + i, 17, 2)).astype(np.float16)
        annotations.append(dict(
            frame_dir=f'S001C00{i}P001R001A00{i + 1}', label=i,
            img_shape=(1080, 1920), original_shape=(1080, 1920),
            total_frames=5 + i, keypoint=x,
            keypoint_score=rng.uniform(size=x.shape[:3]).astype(np.float16)))
    return annotations


@pytest.fixture
def mmaction2(tmp_path):
    def builder(annotations, **kwargs):
        named = [a['frame_dir'] for a in annotations]
        path = tmp_path / 'ntu60.pkl'
        path.write_bytes(pickle.dumps(dict(
            split=dict(xsub_train=named[:2], xsub_val=named[2:]),
            annotations=annotations)))
        return SkeletonDataset(str(path), **kwargs)
    return builder


@pytest.mark.parametrize('resident', [True, False])
@pytest.mark.parametrize('persons', ['joint', 'separate'])
def test_ntu60_3d(mmaction2, persons, resident):
    given = ntu60_3d(np.random.default_rng(0))
    dataset = mmaction2(given, split='xsub_val', fps=30, persons=persons,
                        resident=resident, pipeline=[*VIEWS, PACK], **BOTH)
    assert [r['fps'] for r in dataset.recordings] == [15] * len(dataset)
    assert len(dataset) == (2 if persons == 'joint' else 3)
    samples = dataset.__getitems__(range(len(dataset)))
    assert samples[0]['inputs']['keypoint'].shape == (
        2, 2 if persons == 'joint' else 1, 8, 25, 6)
    assert samples[-1]['data_samples'].recording == given[3]['frame_dir']
    with pytest.raises(InputError, match='has no fps'):
        mmaction2(given, **BOTH)[0]


def test_classes_of_a_file_that_has_none(mmaction2):
    """Named as mmengine names them, in `metainfo`."""
    given, names = ntu60_3d(np.random.default_rng(0)), ['a', 'b', 'c', 'd']
    dataset = mmaction2(given, metainfo=dict(classes=names))
    assert dataset.metainfo['classes'] == tuple(names)
    chosen = mmaction2(given, metainfo=dict(classes=names), classes=['c', 'a'])
    assert [(r['frame_dir'], r['label']) for r in chosen.recordings] == [
        (given[0]['frame_dir'], 1), (given[2]['frame_dir'], 0)]


def test_labels_as_vectors_are_no_batch_of_numbers(build):
    dataset = build([*TEST], multi_class=True, num_classes=3,
                    split='xsub_train', classes=CLASSES)
    for one, other in zip(dataset.__getitems__([0, 1]),
                          (dataset[0], dataset[1])):
        assert torch.equal(get_gt_label(one['data_samples']),
                           get_gt_label(other['data_samples']))


@pytest.mark.parametrize('resident', [True, False])
def test_ntu60_2d(mmaction2, resident):
    given = ntu60_2d(np.random.default_rng(0))
    for persons in ('joint', 'separate'):
        dataset = mmaction2(given, layout='coco', resident=resident,
                            persons=persons)
        for found in dataset.recordings:
            name, _, m = found['frame_dir'].partition('#')
            one, = (a for a in given if a['frame_dir'] == name)
            x = found['keypoint'].transpose(0, 1).numpy()
            which = [int(m)] if m else slice(None)
            np.testing.assert_array_equal(x[..., :2], one['keypoint'][which])
            np.testing.assert_array_equal(x[..., 2],
                                          one['keypoint_score'][which])
    assert 'keypoint_score' not in dataset[0]
    with pytest.raises(InputError, match='has 17 joints, the layout .nturgb'):
        mmaction2(given)


def test_2d_without_scores(mmaction2):
    given = ntu60_2d(np.random.default_rng(0))
    for annotation in given:
        del annotation['keypoint_score']
    given[1]['keypoint'][1, 2:4, 5] = 0
    given[1]['keypoint'][0, 0, 0] = [0, 7]  # at the border of the picture
    x = mmaction2(given, layout='coco').recordings[1]['keypoint']
    score = np.ones((2, 6, 17))
    score[1, 2:4, 5] = 0
    np.testing.assert_array_equal(x.transpose(0, 1)[..., 2], score)


def test_2d_data_under_a_3d_layout(mmaction2):
    given = [dict(a, keypoint=a['keypoint'][..., :2])
             for a in ntu60_3d(np.random.default_rng(0))]
    with pytest.raises(InputError, match='has 2 coordinates a joint, the '
                       "layout 'nturgb.d' .25 joints. has 3"):
        mmaction2(given)


# The embedded data set


class Vandal(SkeletonTransform):
    """Writes into what it is given."""

    def apply(self, results):
        results['keypoint'].zero_()
        results['frame_dir'] = 'lost'


def test_generated_once_and_kept_as_it_was(monkeypatch):
    made = []

    def generate(**kwargs):
        made.append(kwargs)
        return generate_annotations(**kwargs)

    monkeypatch.setattr(emotion_datasets, 'generate_annotations', generate)
    emotion_datasets._generated.cache_clear()
    first = SyntheticEmotionDataset(GENERATOR, pipeline=TEST)
    kept = pickle.dumps(first.read())
    vandal = SyntheticEmotionDataset(GENERATOR, prepare=[Vandal()],
                                     pipeline=[Vandal()], classes=['joy'],
                                     split='xsub_train')
    assert vandal.recordings[0]['keypoint'].abs().max() == 0
    vandal[0]
    # Order and kind of the arguments' containers do not count.
    again = SyntheticEmotionDataset(
        dict(reversed([(k, tuple(v) if isinstance(v, list) else v)
                       for k, v in GENERATOR.items()])), pipeline=TEST)
    assert len(made) == 1
    assert pickle.dumps(again.read()) == kept
    for dataset in (first, again):
        dataset.set_epoch(0, 0)
    assert_all_same(again.__getitems__([0, 9]), first.__getitems__([0, 9]))
    SyntheticEmotionDataset(dict(GENERATOR, seed=1))
    assert len(made) == 2
    emotion_datasets._generated.cache_clear()


def test_own_layout_of_generated_data(tmp_path):
    own = dict(get_layout('emotion_gait').to_dict(), name='own')
    few = dict(num_actors=1, actions=['knock'], takes=1, classes=['joy'])
    layout = get_layout(own)
    for given in (own, layout):
        dataset = SyntheticEmotionDataset(dict(few, layout=given))
        assert dataset.layout == layout
    # And it survives the way over a file.
    path = tmp_path / 'own.pkl'
    save_annotations(generate_annotations(**few, layout=own), path)
    assert SkeletonDataset(str(path)).layout == layout
    assert generate_annotations(**few, layout='kinect_v2')['meta'][
        'layout'] == 'nturgb+d'
