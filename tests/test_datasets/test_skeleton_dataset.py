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
from mmair.datasets.transforms import SkeletonTransform
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


def test_classes_of_the_data_set_where_the_file_has_none(build, data):
    del data['meta']['classes']
    dataset = build(cls=EBEDBDataset, classes=('anger', 'disgust'))
    assert [r['label'] for r in dataset.recordings] == [
        (label - 1) for label in LABELS if label in (1, 2)]
    for label in (10, -1):
        data['annotations'][3]['label'] = label
        with pytest.raises(InputError, match=f'r3 has the label {label}, '
                           'expected 0 to 9'):
            build(cls=EBEDBDataset)


# Layouts


def test_layout_must_be_that_of_the_file(build, data):
    assert build(layout='ebedb').layout.name == 'ebedb'
    with pytest.raises(InputError, match="toy.pkl: meta.layout is 'ebedb' "
                       ".23 joints., expected 'emilya' .23 joints.; set "
                       '`layout` to that of the data'):
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
    with pytest.raises(InputError, match="meta.layout is 'own'"):
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
