"""Statistics of actors against numpy, and that every road applies them."""
from collections import defaultdict

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from mmair.datasets import SyntheticEmotionDataset
from mmair.datasets.transforms.standardize_actor import (
    StandardizeActor, save_actor_statistics)
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.models import SkeletonDataPreprocessor

GENERATOR = dict(num_actors=2, actions=['knock'], takes=1)
WINDOWS = dict(type='mmair.SampleWindows', clip_len=16, num_clips=2,
               test_mode=True)
PACK = dict(type='mmair.PackSkeletonInputs')


def build(*steps):
    with DefaultScope.overwrite_default_scope('mmaction'):
        return SyntheticEmotionDataset(
            GENERATOR, pipeline=[WINDOWS, *steps, PACK],
            prepare=[dict(type='mmair.NormalizeSkeleton')])


@pytest.fixture(scope='module')
def statistics(tmp_path_factory):
    path = str(tmp_path_factory.mktemp('actors') / 'actors.npz')
    save_actor_statistics(build().recordings, get_layout('ebedb'), path)
    return path


def slow(recordings, dims=3):
    """Mean posture and tempo of every actor, one joint after the other."""
    means, steps = {}, {}
    for actor in sorted({r['actor'] for r in recordings}):
        postures, squares = defaultdict(list), []
        for x in (r['keypoint'].double().numpy()
                  for r in recordings if r['actor'] == actor):
            for t, m, v in np.ndindex(x.shape[:3]):
                def seen(t, x=x, m=m, v=v):
                    return x[t, m, v, 2] > 0 if dims == 2 else x[t, m].any()
                if not seen(t):
                    continue
                postures[v].append(x[t, m, v, :dims])
                if t and seen(t - 1):  # not from one recording into the next
                    squares.extend((x[t, m, v] - x[t - 1, m, v])[:dims] ** 2)
        means[actor] = np.stack([np.mean(postures[v], 0)
                                 for v in range(x.shape[2])])
        steps[actor] = np.sqrt(np.mean(squares)) if squares else 0
    moving = [step for step in steps.values() if step > 1e-6]
    return {actor: (means[actor],
                    step / np.mean(moving) if step > 1e-6 else 1)
            for actor, step in steps.items()}


def test_against_numpy(statistics):
    dataset = build()
    transform = StandardizeActor(statistics)
    expected = slow(dataset.recordings)
    tempos = [tempo for _, tempo in expected.values()]
    assert np.mean(tempos) == pytest.approx(1) and np.ptp(tempos) > .02
    for recording in dataset.recordings[:10:3]:
        mean, tempo = expected[recording['actor']]
        x = recording['keypoint'].transpose(0, 1)
        found = transform(dict(keypoint=x.clone(),
                               actor=recording['actor']))['keypoint']
        np.testing.assert_allclose(
            found.numpy(), (x.numpy() - mean) / tempo, atol=1e-5)


def made(actors, joints=25, seed=0):
    """Two recordings of each actor, who moves so much, two persons in it."""
    generator = torch.Generator().manual_seed(seed)
    recordings = []
    for actor, size in actors.items():
        posture = torch.randn(1, 2, joints, 3, generator=generator)
        for frames in (9, 14):
            x = torch.randn(frames, 2, joints, 3, generator=generator)
            recordings.append(dict(actor=actor, keypoint=posture + size * x))
    return recordings


def saved(recordings, tmp_path, layout='nturgb+d'):
    path = str(tmp_path / 'actors.npz')
    save_actor_statistics(recordings, get_layout(layout), path)
    return path


def read(path):
    """Mean posture and tempo by actor."""
    with np.load(path) as found:
        assert sorted(found) == ['actors', 'mean', 'tempo']
        assert found['tempo'].shape == found['actors'].shape
        return {actor: (mean, tempo) for actor, mean, tempo in zip(
            found['actors'].tolist(), found['mean'], found['tempo'])}


@pytest.mark.parametrize('actors', [
    dict(b=1., a=.2, c=3.), dict(b=1., still=0., c=3.), dict(still=0.)])
@pytest.mark.parametrize('single', [False, True])
def test_statistics_are_the_slow_ones(actors, single, tmp_path):
    recordings = made(actors)
    if single:  # one actor more, seen in single frames
        recordings += [dict(actor='d', keypoint=r['keypoint'][:1])
                       for r in made(dict(d=1.), seed=1)]
    found, expected = read(saved(recordings, tmp_path)), slow(recordings)
    assert list(found) == list(expected) == sorted(expected)
    for actor, (mean, tempo) in expected.items():
        np.testing.assert_allclose(found[actor][0], mean, atol=1e-6)
        assert found[actor][1] == pytest.approx(tempo, rel=1e-5)


def test_who_never_moves_keeps_the_tempo_and_changes_no_other(tmp_path):
    moving = made(dict(a=1., b=3.))
    alone = read(saved(moving, tmp_path))
    held = made(dict(still=0.), seed=5)
    found = read(saved([*held, *moving], tmp_path))
    assert found['still'][1] == 1
    for actor in 'ab':
        np.testing.assert_array_equal(found[actor][0], alone[actor][0])
        assert found[actor][1] == alone[actor][1]
    assert alone['b'][1] > 2 * alone['a'][1]
    # He stands at 0 afterwards, like all others.
    x = StandardizeActor(str(tmp_path / 'actors.npz'))(dict(
        keypoint=held[0]['keypoint'].transpose(0, 1), actor='still'))
    centre = torch.cat([r['keypoint'].flatten(0, 1) for r in held]).mean(0)
    torch.testing.assert_close(
        x['keypoint'], held[0]['keypoint'].transpose(0, 1) - centre)


def test_one_more_recording_counts_however_many_there_are(tmp_path,
                                                          monkeypatch):
    """Joints as if seen in millions of frames, then in few ones often."""
    times = iter([2**25] + [1] * 2000)
    monkeypatch.setattr(
        'mmair.datasets.transforms.standardize_actor.seen_mask',
        lambda x, layout: torch.full(x.shape[:-1], next(times)))
    recording = dict(actor='A', keypoint=torch.ones(1, 1, 23, 3))
    path = str(tmp_path / 'actors.npz')
    save_actor_statistics([recording] * 2001, get_layout('ebedb'), path)
    assert np.load(path)['mean'] == pytest.approx(1, abs=1e-6)


def test_one_actor_is_as_another_afterwards(statistics):
    """In posture and in the size of a step; joints keep their shares."""
    dataset = build()
    transform = StandardizeActor(statistics)
    recordings = [dict(r, keypoint=transform(dict(
        keypoint=r['keypoint'].transpose(0, 1), actor=r['actor'])
        )['keypoint'].transpose(0, 1)) for r in dataset.recordings]
    steps = {}
    for actor in ('S01', 'S02'):
        before, after = (
            [r['keypoint'] for r in of if r['actor'] == actor]
            for of in (dataset.recordings, recordings))
        frames = torch.cat([x.flatten(0, 1) for x in after])
        assert frames.mean(0).abs().max() < 1e-4
        shares = []
        for of in (before, after):
            moved = torch.cat([x.diff(dim=0) for x in of]).double()
            step = moved.square().mean((0, 1, 3)).sqrt()
            shares.append(step / step.max())
            steps.setdefault(actor, []).append(float(
                moved.square().mean().sqrt()))
        torch.testing.assert_close(*shares, atol=1e-4, rtol=0)
        assert shares[0].max() > 2 * shares[0].min()
    (one, same), (other, likewise) = steps['S01'], steps['S02']
    assert abs(one / other - 1) > .02
    assert same == pytest.approx(likewise, rel=1e-4)
    assert same == pytest.approx((one + other) / 2, rel=1e-4)


def test_sample_batch_and_preprocessor_do_the_same(statistics):
    step = dict(type='mmair.StandardizeActor', statistics=statistics)
    dataset, plain = build(step), build()
    indices = [0, 9, 3]
    batch = torch.stack([s['inputs'] for s in dataset.__getitems__(indices)])
    single = torch.stack([dataset[i]['inputs'] for i in indices])
    assert torch.equal(batch, single)
    assert len({dataset.recordings[i]['actor'] for i in indices}) == 2
    samples = plain.__getitems__(indices)
    with DefaultScope.overwrite_default_scope('mmaction'):
        preprocessor = SkeletonDataPreprocessor([step])
    made = preprocessor(
        dict(inputs=[s['inputs'] for s in samples],
             data_samples=[s['data_samples'] for s in samples]),
        training=True)
    torch.testing.assert_close(made['inputs'], batch)


def test_missing_joints_do_not_count_and_stay_at_the_root(tmp_path):
    """2-D with scores: a third of the joints of one actor is missing."""
    recordings = made(dict(a=1., b=1.), joints=17)
    for recording in recordings:
        x = recording['keypoint']
        x[..., 2].abs_()
        if recording['actor'] == 'b':
            x[::3, :, ::2] = 0
    path = saved(recordings, tmp_path, 'coco')
    expected = slow(recordings, dims=2)
    assert expected['a'][1] == pytest.approx(expected['b'][1], abs=.1)
    for actor, (mean, tempo) in read(path).items():
        np.testing.assert_allclose(mean, expected[actor][0], atol=1e-6)
        assert tempo == pytest.approx(expected[actor][1], rel=1e-5)
    for recording in recordings:
        x, actor = recording['keypoint'], recording['actor']
        found = StandardizeActor(path)(dict(
            keypoint=x, actor=actor, layout='coco'))['keypoint']
        assert torch.equal(found[..., 2], x[..., 2])  # the score stays
        mean, tempo = expected[actor]
        seen = x[..., 2:] > 0
        np.testing.assert_allclose(
            found[..., :2], ((x[..., :2].numpy() - mean) / tempo
                            * seen.numpy()), atol=1e-5)


def test_who_is_absent_in_3d_does_not_count_and_stays(tmp_path):
    recordings = made(dict(a=1., b=2.))
    for recording in recordings:
        recording['keypoint'][3:6, 1] = 0
    path = saved(recordings, tmp_path)
    expected = slow(recordings)
    for actor, (mean, tempo) in read(path).items():
        np.testing.assert_allclose(mean, expected[actor][0], atol=1e-6)
        assert tempo == pytest.approx(expected[actor][1], rel=1e-5)
    x = recordings[0]['keypoint'].transpose(0, 1)
    found = StandardizeActor(path)(dict(keypoint=x, actor='a'))['keypoint']
    assert not found[1, 3:6].any() and found[1, :3].all()


@pytest.mark.parametrize('sample, message', [
    (dict(actor='S09'), "no statistics of the actor 'S09'"),
    (dict(), 'no statistics of the actor None'),
    (dict(actor='S01', keypoint=torch.zeros(1, 5, 7, 3)),
     'is of 23 joints, the data has 7')])
def test_what_does_not_fit_is_refused(statistics, sample, message):
    sample.setdefault('keypoint', torch.zeros(1, 5, 23, 3))
    with pytest.raises(InputError, match=message):
        StandardizeActor(statistics)(sample)


@pytest.mark.parametrize('changes, message', [
    (dict(mean=None, tempo=None), 'lacks mean, tempo; write it with .*save_'),
    (dict(mean=np.array([object()])), r'no .npz of plain arrays \(ValueErr'),
    (dict(tempo=np.ones(1)), "'tempo': 1}, expected one length"),
    (dict(actors=np.arange(2)), 'has 2 actors'),
    (dict(mean=np.zeros((2, 69))), r'means of shape \(2, 69\)'),
    (dict(mean=np.full((2, 23, 3), np.nan)), 'expected names, finite'),
    (dict(tempo=np.zeros(2)), 'one above 0 an actor')])
def test_file_that_is_no_statistics(changes, message, tmp_path):
    arrays = dict(actors=np.array(['a', 'b']), mean=np.zeros((2, 23, 3)),
                  tempo=np.ones(2))
    path = str(tmp_path / 'actors.npz')
    np.savez(path, **arrays)
    StandardizeActor(path)
    arrays.update(changes)
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    with pytest.raises(InputError, match=f'actors.npz: .*{message}'):
        StandardizeActor(path)


def test_file_that_is_missing_or_garbled(tmp_path):
    path = tmp_path / 'actors.npz'
    with pytest.raises(InputError, match='actors.npz: cannot be read'):
        StandardizeActor(str(path))
    path.write_text('hello')
    with pytest.raises(InputError, match='no zip archive') as caught:
        StandardizeActor(str(path))
    assert 'pickle' not in str(caught.value)
