import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import Compose

from mmair.errors import InputError
from mmair.models import SkeletonDataPreprocessor
from mmair.registry import TRANSFORMS as REGISTRY

TRANSFORMS = [
    dict(type='mmair.RandomYaw', degrees=30),
    dict(type='mmair.RandomMirror'),
    dict(type='mmair.SensorNoise', std=0.1),
]


def pipeline(transforms):
    return Compose([REGISTRY.build(t) for t in transforms])


def samples(num=3):
    torch.manual_seed(0)
    return [(torch.randn(2, 1, 8, 23, 3),
             ActionDataSample(metainfo=dict(key=100 + i, layout='ebedb')))
            for i in range(num)]


def collated(pairs):
    inputs, data_samples = zip(*pairs)
    return dict(inputs=list(inputs), data_samples=list(data_samples))


def test_it_stacks_and_leaves_test_batches_alone():
    batch = collated(samples())
    for model in (SkeletonDataPreprocessor(),
                  SkeletonDataPreprocessor(TRANSFORMS)):
        out = model(batch, training=False)
        assert torch.equal(out['inputs'], torch.stack(batch['inputs']))
        assert [s.key for s in out['data_samples']] == [100, 101, 102]
    doubles = dict(batch, inputs=[x.double() for x in batch['inputs']])
    assert model(doubles)['inputs'].dtype == torch.float32


def test_one_shape_a_batch():
    batch = collated(samples(2))
    batch['inputs'][1] = torch.randn(2, 2, 8, 23, 3)  # two persons
    with pytest.raises(InputError, match=r'\(2, 1, 8, 23, 3\) and \(2, 2, 8, '
                       "23, 3\\).*set persons='separate'"):
        SkeletonDataPreprocessor()(batch)


def test_views_are_those_of_the_pipeline():
    """A sample looks the same alone on the CPU and in a batch."""
    pairs = samples()
    out = SkeletonDataPreprocessor(TRANSFORMS)(
        collated(pairs), training=True)['inputs']
    for found, (x, sample) in zip(out, pairs):
        alone = pipeline(TRANSFORMS)(dict(
            keypoint=x.clone(), key=sample.key, layout='ebedb'))['keypoint']
        torch.testing.assert_close(found, alone)
        assert (found - x).abs().max() > 0.01


@pytest.mark.parametrize('where', ['pipeline', 'preprocessor'])
def test_limbs_come_beside_the_skeleton(where):
    pairs, partition = samples(), [dict(type='mmair.AppendagePartition')]
    limbs = torch.stack([pipeline(partition)(
        dict(keypoint=x, layout='ebedb'))['appendages'] for x, _ in pairs])
    batch = collated(pairs)
    if where == 'pipeline':
        batch['inputs'] = dict(keypoint=batch['inputs'],
                               appendages=list(limbs))
        partition = []
    out = SkeletonDataPreprocessor(partition)(batch, training=True)['inputs']
    assert set(out) == {'keypoint', 'appendages'}
    torch.testing.assert_close(out['appendages'], limbs)
