"""A batch gets what its samples get, wherever the transform stands."""
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope

from mmair.datasets.transforms.counter_rng import fold_in
from mmair.datasets.transforms.formatting import BESIDE
from mmair.layouts import get_layout
from mmair.models import SkeletonDataPreprocessor
from mmair.registry import TRANSFORMS

init_default_scope('mmaction')

SIZE, CLIPS, PERSONS, FRAMES = 6, 2, 2, 20
IN_2D = [
    dict(type='mmair.NormalizeSkeleton'),
    dict(type='mmair.SampleWindows', clip_len=8, num_clips=3),
    dict(type='mmair.SampleWindows', clip_len=32, num_clips=3,
         test_mode=True),
    dict(type='mmair.RandomMirror'),
    dict(type='mmair.RandomBodySize'),
    dict(type='mmair.SensorNoise', std=.1),
    dict(type='mmair.DropJoints', prob=.3),
    dict(type='mmair.AppendagePartition'),
    dict(type='mmair.KeepUndisturbed'),
    dict(type='mmair.AppendMotion'),
    dict(type='mmair.ToBone'),
    dict(type='mmair.ToMotion'),
    dict(type='mmair.ResampleFrames', fps=12.),
    dict(type='mmair.FillGaps'),
    dict(type='mmair.MapLayout', to='openpose'),
]
TRANSFORM_CFGS = [*IN_2D[:-1], dict(type='mmair.MapLayout', to='kdae'),
                  dict(type='mmair.RandomYaw'),
                  dict(type='mmair.RandomShear'),
                  dict(type='mmair.RandomTilt'),
                  dict(type='mmair.FlattenAxis'),
                  dict(type='mmair.BlurMotion'),
                  dict(type='mmair.ReverseTime')]
# These need windows, or a file of statistics: their own tests compare them.
ELSEWHERE = {'ExtremeView', 'StandardizeActor', 'StockTransforms'}
CASES = [(name, cfg) for name in ('ebedb', 'nturgb+d', 'coco')
         for cfg in (IN_2D if name == 'coco' else TRANSFORM_CFGS)]
# The preprocessor gets windows, without a rate: these come before.
OF_WINDOWS = [case for case in CASES if case[1]['type'] not in (
    'mmair.ResampleFrames', 'mmair.FillGaps')]


def cases(values):
    return pytest.mark.parametrize(
        'name, cfg', values,
        ids=lambda v: v if isinstance(v, str) else v['type'])


def batch_of(name, windows=()):
    layout = get_layout(name)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(SIZE, *windows, PERSONS, FRAMES, len(layout), 3,
                    generator=generator)
    if layout.dims == 2:  # the third is the score, a quarter is missing
        x[..., 2] = (x[..., 2] / 4 + .17).clamp(0, 1)
    return dict(
        keypoint=x,
        key=fold_in(torch.tensor(1), torch.arange(SIZE)),
        layout=layout, fps=30.)


def sample_of(batch, i):
    return dict(batch, keypoint=batch['keypoint'][i], key=int(batch['key'][i]))


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, torch.Tensor):
            # The same to the bit but for the ends of vectors, which some
            # processors compute by another routine.
            torch.testing.assert_close(found[name], value, atol=1e-6, rtol=0)
        else:
            assert found[name] == value


def take(results, i):
    """Sample ``i`` of transformed results; its key as a number."""
    taken = {k: v[i] if isinstance(v, torch.Tensor) and v.ndim else v
             for k, v in results.items()}
    return dict(taken, key=int(taken['key']))


def test_every_transform_is_tested():
    import mmair.datasets.transforms as package
    bases = {'SkeletonTransform', 'PackSkeletonInputs'}
    assert ({cfg['type'].split('.')[1] for cfg in TRANSFORM_CFGS}
            == set(package.__all__) - bases - ELSEWHERE)
    for name in set(package.__all__) - {'SkeletonTransform'}:
        assert TRANSFORMS.get(f'mmair.{name}') is getattr(package, name)


@cases(CASES)
@pytest.mark.parametrize('windows', [(), (CLIPS, )])
def test_batch_and_sample(name, cfg, windows):
    transform = TRANSFORMS.build(cfg)
    batch = batch_of(name, windows)
    together = transform(dict(batch))
    for i in range(SIZE):
        alone = transform(sample_of(batch, i))
        alone['key'] = int(alone['key'])
        assert_same(take(together, i), alone)
    # The samples of a batch do not influence each other.
    some = dict(batch, keypoint=batch['keypoint'][[4, 1]],
                key=batch['key'][[4, 1]])
    some = transform(some)
    for i, j in enumerate((4, 1)):
        assert_same(take(some, i), take(together, j))


@cases(OF_WINDOWS)
def test_pipeline_and_preprocessor(name, cfg):
    """The data preprocessor runs the same objects with the same numbers."""
    batch = batch_of(name, (CLIPS, ))
    samples = [ActionDataSample(metainfo=dict(
        key=int(key), layout=batch['layout'])) for key in batch['key']]
    preprocessor = SkeletonDataPreprocessor([cfg])
    data = dict(inputs=list(batch['keypoint']), data_samples=samples)
    made = preprocessor(data, training=True)['inputs']
    expected = TRANSFORMS.build(cfg)(dict(batch))
    beside = [key for key in BESIDE if key in expected]
    if beside:
        assert_same(made, {k: expected[k] for k in ('keypoint', *beside)})
    else:
        torch.testing.assert_close(made, expected['keypoint'], atol=1e-6,
                                   rtol=0)
    untouched = preprocessor(data, training=False)['inputs']
    assert torch.equal(untouched, batch['keypoint'])


def test_a_stock_sample_in_numpy():
    """MMAction2's own datasets give numpy arrays, no key and no layout."""
    transform = TRANSFORMS.build(dict(type='mmair.RandomMirror',
                                      layout='ebedb', prob=1.))
    x = batch_of('ebedb')['keypoint'][0]
    made = transform(dict(keypoint=x.numpy().astype('float64')))['keypoint']
    assert made.dtype == torch.float32
    torch.testing.assert_close(transform(dict(keypoint=made))['keypoint'], x)
