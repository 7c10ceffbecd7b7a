"""From one skeleton to another: the whole road, and the limb encoder."""
import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from tiny_air import air_config
from tiny_runs import (LINEAR, PRETRAIN, QUICKSTART, ROOT, probe, run_tool,
                       sentence)

from mmair.datasets import EBEDBDataset
from mmair.datasets.transforms import AppendagePartition, MapLayout
from mmair.engine.hooks import PretrainHook, SkeletonCheckHook
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.registry import MODELS

SYNTHETIC = ROOT / 'configs/air/air_stgcn_synthetic_kdae.py'
PROBE = ROOT / 'configs/air/transfer/linear_stgcn_synthetic_kdae_to_ebedb.py'


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """Work directory of an epoch of AIR in the layout of KDAE."""
    work_dir = tmp_path_factory.mktemp('source')
    options = {**PRETRAIN, 'train_cfg.max_epochs': 1,
               'model.head.num_labels': (4, 8)}
    assert run_tool('train.py', SYNTHETIC, '--work-dir', work_dir,
                    options=options) == 0
    return work_dir


def test_a_probe_on_another_skeleton(source, ann_file, tmp_path):
    assert torch.load(source / 'backbone.pth')['meta'] == dict(layout='kdae')
    options = probe(ann_file, source / 'encoder.pth')
    options['train_cfg.max_epochs'] = 1
    assert run_tool('train.py', PROBE, '--work-dir', tmp_path,
                    options=options) == 0
    # The frozen encoder is that of the source, to the bit.
    found = torch.load(tmp_path / 'epoch_1.pth')
    for name, value in torch.load(
            source / 'encoder.pth')['state_dict'].items():
        assert torch.equal(found['state_dict'][f'backbone.{name}'], value)


def test_without_the_mapping_the_way_is_told(source, ann_file, tmp_path,
                                             capsys):
    options = probe(ann_file, source / 'encoder.pth')
    assert run_tool('train.py', LINEAR, '--work-dir', tmp_path,
                    options=options) == 2
    said = sentence(capsys)
    assert ("was trained on the layout 'kdae', the data has 'ebedb' (23 "
            "joints); put dict(type='mmair.MapLayout', to='kdae') before "
            'NormalizeSkeleton into `prepare` of every dataset and set '
            "graph_cfg.layout='kdae'") in said


def test_the_samples_have_the_layout_that_they_are_mapped_to(ann_file):
    mapping = dict(type='mmair.MapLayout', to='kdae')
    plain = EBEDBDataset(str(ann_file))
    assert plain.sample_layout is get_layout('ebedb')
    for where in ('prepare', 'pipeline'):
        data = EBEDBDataset(str(ann_file), **{where: [mapping]})
        assert data.sample_layout is get_layout('kdae')
        assert data.layout is get_layout('ebedb')  # that of the file
        sample = data[0]
        assert sample['layout'] is get_layout('kdae')
        assert sample['keypoint'].shape[2] == 21
    steps = [dict(type='mmair.SampleWindows', clip_len=8),
             dict(type='mmair.AppendagePartition'),
             dict(type='mmair.PackSkeletonInputs')]
    data = EBEDBDataset(str(ann_file), prepare=[mapping], pipeline=steps)
    batch = data.__getitems__([0, 1])
    assert batch[0]['inputs']['keypoint'].shape[3] == 21
    assert batch[0]['inputs']['appendages'].shape[2:] == (4, 8, 3, 6)
    assert batch[0]['data_samples'].layout is get_layout('kdae')


def quickstart_with(appendage):
    """The quickstart's model, on EBEDB's skeleton, small."""
    cfg = Config.fromfile(QUICKSTART)
    cfg.merge_from_dict({key: value for key, value in PRETRAIN.items()
                         if key.startswith('model.')})
    cfg.model.appendage.update(appendage)
    assert cfg.model.layout == 'ebedb'
    return MODELS.build(cfg.model)


def test_the_limb_encoder_goes_along(source):
    """Weights saved on KDAE's skeleton serve AIR on another, bit for bit."""
    path = source / 'appendage.pth'
    saved = torch.load(path)
    assert saved['meta'] == dict(dims=3)
    init_cfg = dict(type='Pretrained', checkpoint=str(path))
    model = quickstart_with(dict(init_cfg=init_cfg))
    model.init_weights()
    of_teacher = model.teacher.module.appendage.state_dict()
    for name, value in saved['state_dict'].items():
        assert torch.equal(model.appendage.state_dict()[name], value)
        assert torch.equal(of_teacher[name], value)
    SkeletonCheckHook().check_pretrained(init_cfg, model.appendage,
                                         get_layout('ebedb'))

    # The same limbs have the same features, whatever body they are of.
    original = quickstart_with({}).appendage.eval()
    original.load_state_dict(saved['state_dict'])
    x = torch.randn(2, 1, 16, 21, 3)
    there = AppendagePartition('kdae')(dict(keypoint=x))
    here = MapLayout('ebedb', layout='kdae')(dict(keypoint=x))
    here = AppendagePartition()(here)
    with torch.no_grad():
        features = model.eval().appendage(here['appendages'])
        assert torch.equal(features, original(there['appendages']))
    assert features.std() > 0


def test_a_limb_encoder_of_another_make_is_refused(source):
    cfg = air_config('coco')
    model = MODELS.build(cfg)
    with pytest.raises(InputError, match='appendage.pth: the checkpoint has '
                       '.* of shape'):
        SkeletonCheckHook().check_pretrained(
            dict(checkpoint=str(source / 'appendage.pth')), model.appendage,
            get_layout('coco'))


def test_without_a_limb_encoder_there_is_no_file(tmp_path):
    model = MODELS.build(air_config(without=('appendage', 'refiner',
                                             'alignment')))
    dataset = SimpleNamespace(layout=get_layout('ebedb'))
    PretrainHook().after_train(SimpleNamespace(
        model=model, train_dataloader=SimpleNamespace(dataset=dataset),
        work_dir=str(tmp_path), logger=logging.getLogger('test')))
    assert [path.name for path in tmp_path.iterdir()] == ['backbone.pth']
