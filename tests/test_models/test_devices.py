"""Every model keeps to the device of its input, also where there is no GPU."""
from pathlib import Path

import pytest
import tiny_peers
import torch
from mmengine.config import Config
from one_device import OneDevice, to_device
from tiny_air import (ALTERNATIVES, SEGMENTS, WIDTH, air_config, batch,
                      set_gt_label, total, train_ready, views)

from mmair.models import SkeletonDataPreprocessor
from mmair.registry import MODELS

CONFIG = Path(__file__).parents[2] / 'configs/air/air_stgcn_ebedb_gpu.py'


def step(model, inputs, samples):
    """A step and the end of an epoch, on another device than the CPU."""
    model.to('meta')
    if hasattr(model, 'teacher'):  # a GPU would take the very parameters
        model.teacher.avg_parameters = dict(
            model.teacher.module.named_parameters())
    inputs = to_device(inputs)
    with OneDevice():
        model.attach([dict(recording=f'r{i // 2}') for i in range(12)])
        losses = model(inputs, samples, mode='loss')
        total(losses).backward()
        model.after_step()
        model.end_epoch(1)
        model.meters()
    for key, value in losses.items():
        assert value.is_meta, key
    assert any(weight.grad is not None for weight in model.parameters())
    for key, value in model.state_dict().items():
        assert value.is_meta, key


def test_the_judge_sees_what_is_mixed():
    x = torch.ones(3, 3, device='meta')
    with OneDevice():
        assert (x * torch.tensor(2.)).is_meta  # a scalar
        assert x[torch.tensor([0])].shape == (1, 3)
        assert float(x.sum()) == 1
        for mixed in (lambda: x @ torch.ones(3, 3),
                      lambda: x.add_(torch.ones(3, 3)),
                      lambda: x.gather(0, torch.zeros(1, 3).long())):
            with pytest.raises(AssertionError, match='cpu.*meta'):
                mixed()


def test_views():
    model = SkeletonDataPreprocessor(
        Config.fromfile(CONFIG).data_preprocessor.transforms).to('meta')
    inputs, samples = batch()
    for number, sample in enumerate(samples):
        sample.set_metainfo(dict(key=number, layout='ebedb'))
    with OneDevice():
        made = model(dict(inputs=list(to_device(inputs['keypoint'])),
                          data_samples=samples), training=True)['inputs']
    assert set(made) == {'keypoint', 'appendages', 'undisturbed'}
    assert all(x.is_meta and len(x) == 4 for x in made.values())


@pytest.mark.parametrize('method', tiny_peers.METHODS)
def test_peers(method):
    model = tiny_peers.ready(tiny_peers.peer_config(method))
    step(model, *tiny_peers.peer_batch(method))


@pytest.mark.parametrize('alternative', [None, *ALTERNATIVES])
def test_air(alternative):
    changes = ALTERNATIVES[alternative] if alternative else {}
    step(train_ready(air_config(**changes)), *batch())


def test_air_with_a_codebook():
    step(train_ready(air_config(without=('refiner', ), **SEGMENTS)),
         *views())


def test_a_codebook_is_fitted_on_the_cpu_and_used_where_it_is():
    codebook = MODELS.build(dict(SEGMENTS['codebook'],
                                 layout='ebedb')).to('meta')
    x = views()[0]['undisturbed'].flatten(0, 2)
    with OneDevice():
        codebook.fit(x)
        assert codebook.labels(to_device(x)).is_meta
    assert all(value.is_meta for value in codebook.state_dict().values())


def test_recogniser():
    streams, codes = 3, SEGMENTS['codebook']['num_labels']
    model = MODELS.build(dict(
        type='RecognizerGCN',
        backbone=dict(
            type='mmair.AppendageInformedGCN', gcn=air_config()['backbone'],
            codebook=dict(SEGMENTS['codebook'], layout='ebedb')),
        cls_head=dict(type='mmair.RecordingHead', layout='ebedb',
                      in_channels=WIDTH + 2 * streams * codes,
                      num_classes=3))).to('meta')
    inputs, samples = views()
    for sample in samples:
        set_gt_label(sample, torch.zeros(1, dtype=torch.long, device='meta'))
    with OneDevice():
        x = to_device(inputs['keypoint'])
        total(model(x, samples, mode='loss')).backward()
        scores = model.cls_head(model.backbone(x.flatten(0, 1)))
    assert scores.is_meta and len(scores) == 8
