"""Statistics of actors against numpy, and that every road applies them."""
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from mmair.datasets import SyntheticEmotionDataset
from mmair.datasets.transforms.standardize_actor import (
    StandardizeActor, save_actor_statistics)
from mmair.errors import InputError
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
    save_actor_statistics(build().recordings, 3, path)
    return path


def slow(recordings, actor):
    frames = np.concatenate([r['keypoint'].flatten(0, 1).double().numpy()
                             for r in recordings if r['actor'] == actor])
    mean, std = frames.mean(0), frames.std(0)
    return mean, np.where(std < 1e-4, 1, std)


def test_against_numpy(statistics):
    dataset = build()
    transform = StandardizeActor(statistics)
    for recording in dataset.recordings[:10:3]:
        mean, std = slow(dataset.recordings, recording['actor'])
        x = recording['keypoint'].transpose(0, 1)
        found = transform(dict(keypoint=x.clone(),
                               actor=recording['actor']))['keypoint']
        np.testing.assert_allclose(
            found.numpy(), (x.numpy() - mean) / std, atol=2e-4)


def test_one_actor_is_as_another_afterwards(statistics):
    dataset = build()
    transform = StandardizeActor(statistics)
    for actor in ('S01', 'S02'):
        frames = torch.cat([
            transform(dict(keypoint=r['keypoint'], actor=actor))['keypoint']
            .flatten(0, 1) for r in dataset.recordings
            if r['actor'] == actor])
        assert frames.mean(0).abs().max() < 1e-3
        std = frames.std(0)
        # What does not move relative to the root stays; the rest is alike.
        assert ((std < 1e-3) | ((std - 1).abs() < 1e-2)).all()
        assert (std > .5).float().mean() > .8


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


def test_a_score_beside_the_coordinates_stays(tmp_path):
    path = str(tmp_path / 'actors.npz')
    x = torch.rand(9, 1, 4, 3)
    save_actor_statistics([dict(keypoint=x, actor='a')], 2, path)
    found = StandardizeActor(path)(dict(keypoint=x, actor='a'))['keypoint']
    assert torch.equal(found[..., 2], x[..., 2])
    assert not torch.equal(found[..., :2], x[..., :2])


@pytest.mark.parametrize('sample, message', [
    (dict(actor='S09'), "no statistics of the actor 'S09'"),
    (dict(), 'no statistics of the actor None'),
    (dict(actor='S01', keypoint=torch.zeros(1, 5, 7, 3)),
     'is of 23 joints, the data has 7')])
def test_what_does_not_fit_is_refused(statistics, sample, message):
    sample.setdefault('keypoint', torch.zeros(1, 5, 23, 3))
    with pytest.raises(InputError, match=message):
        StandardizeActor(statistics)(sample)
