"""MMAction2's own pickles of NTU RGB+D, 3-D and 2-D."""
import pickle

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from ntu_pickles import GAP, LATE, LOST, TOGETHER, write_ntu60
from test_configs import collate
from tiny_runs import (FINETUNE, LINEAR, PRETRAIN, ROOT, probe, run_tool,
                       scalars)

from mmair.datasets import NTU60Dataset, SkeletonDataset
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.registry import MODELS

init_default_scope('mmaction')
KINDS = pytest.mark.parametrize('kind', ['3d', '2d'])
LAYOUT = {'3d': 'nturgb+d', '2d': 'coco'}


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ntu')
    return {kind: write_ntu60(folder / f'ntu60_{kind}.pkl', layout)
            for kind, layout in LAYOUT.items()}


def dataset(files, kind, **kwargs):
    return NTU60Dataset(str(files[kind]), layout=LAYOUT[kind], **kwargs)


@KINDS
def test_actors_recordings_and_persons(files, kind):
    data = dataset(files, kind)
    recordings = {r['frame_dir']: r for r in data.recordings}
    # 18 files; in six of them there are two people.
    assert len(recordings) == 18 + 6
    assert {r['actor'] for r in recordings.values()} == {
        'P001', 'P002', 'P003'}
    for name, recording in recordings.items():
        name = name.split('#')[0]
        assert recording['recording'] == name[:4] + name[8:]  # no camera
        assert recording['label'] == int(name[-3:]) - 1
        assert recording['fps'] == 30
        assert recording['keypoint'].shape[1] == 1
    views = [r['recording'] for r in recordings.values()
             if r['recording'] == 'S001P002R001A004']
    assert len(views) == 2
    train, val = (dataset(files, kind, split=f'xsub_{part}')
                  for part in ('train', 'val'))
    assert (len(train), len(val)) == (16, 8)
    assert {r['actor'] for r in val.recordings} == {'P003'}
    assert data.metainfo['classes'][49] == 'A050'


def test_keypoints_are_those_of_the_file(files):
    for kind in LAYOUT:
        with open(files[kind], 'rb') as file:
            raw = pickle.load(file)['annotations']
        joint = dataset(files, kind, persons='joint').recordings
        for annotation, recording in zip(raw, joint):
            x = recording['keypoint'].transpose(0, 1).numpy()
            np.testing.assert_array_equal(
                x[..., :annotation['keypoint'].shape[-1]],
                annotation['keypoint'].astype(np.float32))
            if kind == '2d':
                np.testing.assert_array_equal(
                    x[..., 2],
                    annotation['keypoint_score'].astype(np.float32))


@KINDS
def test_what_is_missing_after_preparation(files, kind):
    cfg = Config.fromfile(ROOT / f'configs/air/air_stgcn_ntu60_{kind}.py')
    prepared = dataset(files, kind, prepare=cfg.prepare).recordings
    for recording in prepared:
        x = recording['keypoint'][:, 0]
        assert torch.isfinite(x).all() and recording['fps'] == 15
        seen = x.any(-1).any(-1)
        if recording['frame_dir'].endswith('#1'):
            assert not seen[:LATE // 2].any() and seen[LATE // 2:].all()
        else:
            assert seen.all()
        size = x[seen][..., :2].norm(dim=-1).max()
        assert 1 < float(size) < 4  # body sizes: no frame shrank it
    if kind == '2d':
        first = prepared[0]['keypoint'][:, 0]
        # The wrist was away for four frames, 0.13 s, and found again.
        assert (first[:, LOST, 2] > 0).all()
        raw = dataset(files, kind).recordings[0]['keypoint'][:, 0]
        assert not raw[GAP, LOST].any()
        # The second person is not a ghost of the first.
        others = [r for r in prepared if r['frame_dir'].endswith('#1')]
        assert len(others) == 6
        assert all(int(r['label']) == TOGETHER - 1 for r in others)


def test_a_name_that_is_none(files, tmp_path):
    with open(files['3d'], 'rb') as file:
        data = pickle.load(file)
    data['annotations'][2]['frame_dir'] = 'knocking_3'
    data['split'] = {}
    path = tmp_path / 'other.pkl'
    path.write_bytes(pickle.dumps(data))
    with pytest.raises(InputError, match="frame_dir is 'knocking_3', expected "
                       'a name as S001C001P001R001A001; use mmair.Skeleton'):
        NTU60Dataset(str(path)).full_init()
    data = SkeletonDataset(str(path))
    assert len(data) == 18 and data.layout is get_layout('nturgb+d')


def test_the_wrong_layout_is_told(files):
    with pytest.raises(InputError, match='17 joints, the layout '
                       "'nturgb.d' .25 joints.; set `layout`"):
        NTU60Dataset(str(files['2d'])).full_init()


@KINDS
def test_every_weight_gets_a_gradient(files, kind):
    """Positions, scores, motion and limbs all matter to the loss."""
    cfg = Config.fromfile(ROOT / f'configs/air/air_stgcn_ntu60_{kind}.py')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    train = cfg.train_dataloader.dataset
    data = dataset(files, kind, split='xsub_train', prepare=train.prepare,
                   pipeline=train.pipeline)
    model.attach(data.recordings)
    model.set_progress(.5)
    batch = collate(data.__getitems__(list(range(8))))
    inputs = model.data_preprocessor(batch, training=True)
    x = inputs['inputs']['keypoint']
    assert x.shape[-1] == {'3d': 6, '2d': 5}[kind]
    limbs = inputs['inputs']['appendages']
    assert limbs.shape[-1] == {'3d': 6, '2d': 4}[kind]
    x.requires_grad_()
    limbs.requires_grad_()
    loss, _ = model.parse_losses(model(**inputs, mode='loss'))
    loss.backward()
    for name, weight in model.student.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name
    for inputs in (x, limbs):
        per_channel = inputs.grad.flatten(0, -2).abs().sum(0)
        assert (per_channel > 0).all()


@KINDS
def test_the_whole_road(files, kind, tmp_path):
    """Pre-train, then probe, by the configs that are shipped."""
    air = ROOT / f'configs/air/air_stgcn_ntu60_{kind}.py'
    options = {key: value for key, value in PRETRAIN.items()
               if 'generator' not in key}
    options.update({f'{part}_dataloader.dataset.ann_file': files[kind]
                    for part in ('train', 'val')},
                   **{'train_cfg.max_epochs': 1,
                      'model.head.num_labels': (4, 8),
                      'model.head.queue_length': 32})
    work_dir = tmp_path / 'air'
    assert run_tool('train.py', air, '--work-dir', work_dir,
                    options=options) == 0
    meta = torch.load(work_dir / 'backbone.pth')['meta']
    assert meta == dict(layout=LAYOUT[kind])
    name = LINEAR.name.replace('ebedb', f'ntu60_{kind}')
    options = probe(files[kind], work_dir / 'encoder.pth')
    options['train_cfg.max_epochs'] = 1
    assert run_tool('train.py', FINETUNE.parent / name, '--work-dir',
                    tmp_path / 'probe', options=options) == 0
    assert any('loss' in row for row in scalars(tmp_path / 'probe'))
