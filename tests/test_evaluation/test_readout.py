import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mmair.evaluation.readout as readout
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.models.heads import pool_windows
from mmair.evaluation.readout import (batches, extra_trees,
                                      extract_features, folds_of,
                                      logistic_regression,
                                      nearest_neighbours, out_of_fold,
                                      predict_folds, standardise_per_actor,
                                      support_vectors, tuning_folds)

#: Four actors, three recordings each.
NAMES = [f'{actor}{take}' for actor in 'abcd' for take in range(3)]


def dataset(**changes):
    splits = dict(
        xsub_train=[n for n in NAMES if n[0] in 'abc'],
        xsub_test=[n for n in NAMES if n[0] == 'd'])
    for number, actor in enumerate('abcd'):
        splits[f'xsub_f{number}_test'] = [n for n in NAMES if n[0] == actor]
        splits[f'xsub_f{number}_train'] = [n for n in NAMES if n[0] != actor]
    for number in range(3):
        for split in ('xseq', 'random'):
            splits[f'{split}_f{number}_test'] = NAMES[number::3]
            splits[f'{split}_f{number}_train'] = [
                n for n in NAMES if n not in NAMES[number::3]]
    splits.update(changes)
    return SimpleNamespace(recordings=[dict(frame_dir=n) for n in NAMES],
                           splits=splits)


def names(fold):
    return [[NAMES[i] for i in part] for part in fold]


@pytest.mark.parametrize('protocol, number', [
    ('xsub', 4), ('xseq', 3), ('random', 3), ('xsub_fixed', 1)])
def test_every_recording_is_tested_once(protocol, number):
    folds = folds_of(dataset(), protocol)
    assert len(folds) == number
    tested = np.concatenate([test for _, test in folds])
    assert len(set(tested)) == len(tested)
    if number > 1:
        assert sorted(tested) == list(range(len(NAMES)))


def test_folds_in_the_order_of_their_numbers():
    many = {f'xrec_f{i}_{part}': [NAMES[i]] if part == 'test' else
            [n for n in NAMES if n != NAMES[i]]
            for i in range(12) for part in ('train', 'test')}
    tested = [names(fold)[1] for fold in folds_of(dataset(**many), 'xrec')]
    assert tested == [[n] for n in NAMES]


def test_folds_of_other_files():
    """MMAction2's own call the test part val; a name may hold _f."""
    parts = dict(a_f1st_f0_train=NAMES[:6], a_f1st_f0_test=NAMES[6:],
                 ntu_train=NAMES[:4], ntu_val=NAMES[4:])
    for protocol, cut in (('a_f1st', 6), ('ntu_fixed', 4)):
        assert [names(fold) for fold in folds_of(
            dataset(**parts), protocol)] == [[NAMES[:cut], NAMES[cut:]]]
    with pytest.raises(InputError, match="no folds of 'half_fixed'"):
        folds_of(dataset(half_train=NAMES), 'half_fixed')


@pytest.mark.parametrize('changes, protocol, message', [
    ({}, 'xrec', "no folds of 'xrec' in the data, which has random, xseq, "
     'xsub; convert'),
    (dict(xsub_test=[]), 'xsub_fixed', "fold 'xsub' has 9 training and 0 "
     'test'),
    (dict(xsub_test=['c1', 'd0']), 'xsub_fixed',
     "fold 'xsub' has c1 in its training and its test part")])
def test_folds_of_no_use_are_refused(changes, protocol, message):
    with pytest.raises(InputError, match=message):
        folds_of(dataset(**changes), protocol)


@pytest.mark.parametrize('protocol, number', [
    ('xsub', 3), ('xsub_fixed', 3), ('xseq', 3), ('random', 3)])
def test_the_fixed_test_actors_choose_nothing(protocol, number):
    folds = tuning_folds(dataset(), protocol, 'xsub_fixed')
    assert len(folds) == number
    for train, test in map(names, folds):
        assert not {n[0] for n in train + test} & {'d'}
        assert train and test and not set(train) & set(test)
    if protocol.startswith('xsub'):
        assert [set(n[0] for n in names(f)[1]) for f in folds] == [
            {'a'}, {'b'}, {'c'}]


def test_one_fold_by_its_number():
    (train, test), = folds_of(dataset(), 'xsub_f1')
    assert {n[0] for n in names((train, test))[1]} == {'b'}
    assert len(train) + len(test) == len(NAMES)


@pytest.mark.parametrize('protocol', ['xsub', 'xsub_f3', 'xseq'])
def test_settings_may_be_chosen_inside_any_one_fold(protocol):
    folds = tuning_folds(dataset(), protocol, inside='xsub_f1')
    assert len(folds) == 3
    for train, test in map(names, folds):
        assert 'b' not in {n[0] for n in train + test}


def test_settings_are_not_chosen_inside_all_folds():
    with pytest.raises(InputError, match="inside 'xseq', which is 3 folds, "
                       'expected one: xseq_fixed or xseq_f0'):
        tuning_folds(dataset(), 'xsub', inside='xseq')


def blobs(seed=0, classes=3, total=90, dims=6, gap=1.):
    rng = np.random.default_rng(seed)
    labels = np.arange(total) % classes
    centres = gap * rng.normal(size=(classes, dims))
    return centres[labels] + rng.normal(size=(total, dims)), labels


FOLDS = [(np.flatnonzero(np.arange(90) % 5 != i),
          np.flatnonzero(np.arange(90) % 5 == i)) for i in range(5)]


@pytest.mark.parametrize('readout', [
    logistic_regression(.1), support_vectors(1.), extra_trees(0),
    nearest_neighbours(5)])
def test_readouts_learn(readout):
    features, labels = blobs(gap=2.)
    (train, test), *_ = FOLDS
    predicted, = readout(features[train], labels[train], features[test])
    assert (predicted == labels[test]).mean() > .8


@pytest.mark.parametrize('readout', [
    logistic_regression(.1), support_vectors(1.), nearest_neighbours(5)])
def test_readouts_ignore_the_scale_of_features(readout):
    features, labels = blobs(gap=2.)
    scores, = out_of_fold(features, labels, FOLDS, readout)
    scale = np.array([1e3, 1, 1e-3, 1, 1, 10])
    scaled, = out_of_fold(features * scale + 7, labels, FOLDS, readout)
    assert scaled['macro_f1'] == pytest.approx(scores['macro_f1'], abs=3)
    predictions, = predict_folds(features, labels, FOLDS, readout)
    assert scores['top1'] == pytest.approx(100 * np.mean([
        (p == labels[test]).mean() for p, (_, test) in zip(predictions,
                                                           FOLDS)]))


@pytest.mark.parametrize('constant', [0, 30, 100])
@pytest.mark.parametrize('C', [.3, 10.])
def test_support_vectors_of_a_linear_and_a_gaussian_kernel(C, constant):
    """Pair by pair, of features wider than recordings are many, some of which
    are the same in all; of a soft margin it is neither kernel alone."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(90, 100)) * rng.uniform(.1, 9, 100) + 5
    features[:, :constant] = 2.
    labels = np.arange(90) % 3
    features[:, 50:] += rng.normal(size=(3, 50))[labels]
    train, test = features[:40], features[40:]
    if constant == 100:
        train = test = np.full_like(train, 2.)

    def linear(x, y):
        return x @ y / varied

    def gaussian(x, y):
        return np.exp(-sum((x - y)**2) / varied)

    varied = (train.std(0) > 0).sum() or 100  # features of variance 1

    def machine(*kernels):
        return make_pipeline(StandardScaler(), SVC(
            C=C, class_weight='balanced', kernel=lambda a, b: np.array(
                [[sum(k(x, y) for k in kernels) for y in b] for x in a])))

    def of(*kernels):
        return machine(*kernels).fit(train, labels[:40]).predict(test).tolist()

    found = support_vectors(C)(train, labels[:40], test)[0].tolist()
    assert found == of(linear, gaussian)
    if C < 1 and not constant:
        assert found != of(linear) and found != of(gaussian)


@pytest.mark.parametrize('make, settings', [
    (logistic_regression, (1e-3, .1, 10.)), (support_vectors, (.01, .1, 1.)),
    (nearest_neighbours, (1, 5, 25))])
@pytest.mark.parametrize('dims', [6, 200])
def test_many_settings_are_each_by_itself(make, settings, dims):
    """In their order, whatever they share."""
    features, labels = blobs(gap=1.2 / dims**.5, dims=dims)
    found = predict_folds(features, labels, FOLDS[:2], make(*settings))
    assert len(found) == len(settings)
    for setting, predictions in zip(settings, found):
        alone, = predict_folds(features, labels, FOLDS[:2], make(setting))
        assert all(map(np.array_equal, predictions, alone))
    assert not all(map(np.array_equal, found[0], found[-1]))
    assert [scores['macro_f1'] for scores in out_of_fold(
        features, labels, FOLDS[:2], make(*settings))] == [
            out_of_fold(features, labels, FOLDS[:2], make(s))[0]['macro_f1']
            for s in settings]


def test_features_standardised_per_actor():
    """An actor's offset and scale are gone, whatever they were."""
    features, _ = blobs()
    actors = np.array(list('abc')).repeat(30)
    expected = np.concatenate([
        (f - f.mean(0)) / f.std(0) for f in np.split(features, 3)])
    found = standardise_per_actor(features, actors)
    np.testing.assert_allclose(found, expected)
    moved = features * np.repeat([1, 2, 9], 30)[:, None] + np.repeat(
        [0, 5, -7], 30)[:, None]
    np.testing.assert_allclose(standardise_per_actor(moved, actors), found)
    # One recording of an actor tells nothing but what all others have.
    alone = standardise_per_actor(features[:1], ['x'])
    assert not alone.any()


class Windows:
    """Five recordings of two windows."""
    sample_layout = get_layout('ebedb')
    x = torch.randn(5, 2, 1, 6, 23, 3,
                    generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(self.x)

    def __getitems__(self, indices):
        return [dict(inputs=self.x[i]) for i in indices]


class Channels(torch.nn.Linear):
    """A backbone that looks at every joint by itself."""

    def forward(self, x):
        return super().forward(x).permute(0, 1, 4, 2, 3)


@pytest.mark.parametrize('size, sizes', [
    (1, [1] * 3 + [2]), (2, [2, 3]), (3, [3, 2]), (4, [5]), (5, [5]),
    (9, [5])])
def test_no_recording_is_alone_in_the_last_batch(size, sizes):
    found = list(batches(Windows(), size, None))
    assert [len(batch) for batch in found] == sizes
    assert torch.equal(torch.cat(found), Windows.x)


def test_features_are_held_once(monkeypatch):
    made, alive = [], []

    def pool(*args, **kwargs):
        alive.append(sum(batch() is not None for batch in made))
        array = pool_windows(*args, **kwargs).numpy()
        made.append(weakref.ref(array))
        return SimpleNamespace(
            cpu=lambda: SimpleNamespace(numpy=lambda: array))

    monkeypatch.setattr(readout, 'pool_windows', pool)
    extract_features(Channels(3, 4), Windows(), batch_size=1,
                     description=None)
    assert len(alive) == 4 and max(alive) <= 1


def test_features_are_pooled_over_parts_of_the_data():
    backbone, data = Channels(3, 4), Windows()
    found = extract_features(backbone, data, batch_size=2, description=None)
    assert found.shape == (5, 4 * 2 * 3)
    with torch.no_grad():
        maps = backbone(data.x.flatten(0, 1))
    np.testing.assert_allclose(found, pool_windows(
        maps, 2, layout='ebedb'), atol=1e-6)
