import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import PreNormalize3D, UniformSampleFrames
from mmengine.config import Config
from tiny_runs import GENERATOR, ROOT

from mmair.datasets.transforms import StockTransforms
from mmair.datasets.transforms.stock import y_to_z_up, z_to_y_up
from mmair.registry import DATASETS

SPINE = dict(type='PreNormalize3D', zaxis=[0, 1], xaxis=[8, 12])
FRAMES = [dict(type='UniformSampleFrames', clip_len=16, num_clips=2),
          dict(type='PoseDecode'), dict(type='FormatGCNInput', num_person=1)]


def sample(frames=50, seed=0, **more):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, frames, 23, 3, generator=generator)
    return dict(keypoint=x, total_frames=frames, layout='ebedb', **more)


def test_axes_turn_and_turn_back():
    up, left = torch.tensor([0., 1, 0]), torch.tensor([1., 0, 0])
    assert y_to_z_up(up).tolist() == [0, 0, 1]
    assert y_to_z_up(left).tolist() == [1, 0, 0]
    x = torch.randn(5, 3)
    assert torch.equal(z_to_y_up(y_to_z_up(x)), x)
    basis = y_to_z_up(torch.eye(3))
    assert torch.linalg.det(basis) == 1  # no mirror image


def test_the_spine_is_turned_upright_as_mmaction2_turns_it():
    results = sample()
    x = results['keypoint'].clone()
    found = StockTransforms([SPINE])(results)['keypoint']
    theirs = PreNormalize3D(zaxis=[0, 1], xaxis=[8, 12])(dict(
        keypoint=y_to_z_up(x).numpy(), total_frames=50))['keypoint']
    torch.testing.assert_close(y_to_z_up(found),
                               torch.as_tensor(theirs).float())
    # Lean is gone: without the turn to the shoulders the spine is upright.
    alone = StockTransforms([dict(SPINE, align_shoulder=False)])(
        dict(sample(), keypoint=x))['keypoint']
    spine = alone[0, 0, 1] - alone[0, 0, 0]
    torch.testing.assert_close(spine / spine.norm(),
                               torch.tensor([0., 1, 0]))


@pytest.mark.parametrize('frames', [9, 20, 50])
def test_recordings_are_stretched_as_mmaction2_stretches_them(frames):
    """The frames tell their numbers; in test mode nothing is drawn anew."""
    results = sample(frames)
    results['keypoint'][:] = torch.arange(frames)[:, None, None]
    results['keypoint'][..., 1:] = 1  # no frame is empty
    test = [dict(FRAMES[0], test_mode=True), *FRAMES[1:]]
    found = StockTransforms(test)(results)['keypoint']
    theirs = UniformSampleFrames(16, 2, test_mode=True)(dict(
        total_frames=frames))['frame_inds']
    assert found.shape == (2, 1, 16, 23, 3)
    assert found[:, 0, :, 0, 0].flatten().tolist() == theirs.tolist()
    if frames == 50:  # all of the recording, whatever its length
        assert found[0, 0, 0, 0, 0] < 4 and found[0, 0, -1, 0, 0] > 45


def test_what_is_drawn_is_a_function_of_the_key():
    views, keys = [], []
    for key, seed in ((5, 0), (5, 1), (6, 0)):
        np.random.seed(seed)
        before = np.random.get_state()[1].copy()
        results = StockTransforms(FRAMES)(sample(key=torch.tensor(key)))
        assert (np.random.get_state()[1] == before).all()
        views.append(results['keypoint'])
        keys.append(int(results['key']))
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert keys[0] == keys[1] and keys[0] not in (5, keys[2])


def test_recordings_are_not_written_into():
    """As MMAction2's normalisation of 2-D data would."""
    kept = torch.rand(1, 5, 17, 3)
    x = kept.clone()
    found = StockTransforms([dict(type='PreNormalize2D', img_shape=(4, 2))])(
        dict(keypoint=x, total_frames=5, layout='coco'))['keypoint']
    assert torch.equal(x, kept)
    torch.testing.assert_close(found[..., 0], kept[..., 0] - 1)


def test_the_pipeline_of_the_ablation():
    """Twice the same; a batch as its samples; each view has the whole."""
    cfg = Config.fromfile(
        ROOT / 'configs/air/air_stgcn_ebedb_cpu_stock.py').train_dataloader
    cfg.dataset.update(type='mmair.SyntheticEmotionDataset',
                       generator=dict(GENERATOR, layout='ebedb'))
    cfg.dataset.pop('ann_file')
    data = DATASETS.build(cfg.dataset)
    batches = []
    for seed in (0, 1):
        np.random.seed(seed)
        data.set_epoch(0, 3)
        batches.append(data.__getitems__([2, 0]))
    data.set_epoch(0, 3)
    batches.append([data[2], data[0]])
    for other in batches[1:]:
        for a, b in zip(batches[0], other):
            for name, value in a['inputs'].items():
                assert torch.equal(value, b['inputs'][name]), name
    inputs = batches[0][0]['inputs']
    assert inputs['keypoint'].shape == (2, 1, 64, 23, 6)
    assert inputs['appendages'].shape == (2, 1, 4, 64, 3, 6)
