"""What a trained recogniser is asked."""
from types import SimpleNamespace

import pytest
import torch
from tiny_air import WIDTH, backbone
from tiny_runs import GENERATOR

from mmair.evaluation.training import recognise
from mmair.registry import DATASETS, MODELS


@pytest.fixture
def runner():
    """As a training leaves it: in train mode."""
    torch.manual_seed(0)
    model = MODELS.build(dict(
        type='RecognizerGCN',
        data_preprocessor=dict(type='mmair.SkeletonDataPreprocessor'),
        backbone=backbone('ST-GCN', 'ebedb', 3),
        cls_head=dict(type='mmair.RecordingHead', num_classes=7,
                      in_channels=WIDTH, layout='ebedb')))
    model.init_weights()
    torch.nn.init.normal_(model.cls_head.fc.weight)
    return SimpleNamespace(model=model.train())


DATA = dict(
    type='mmair.SyntheticEmotionDataset',
    generator=dict(GENERATOR, layout='ebedb'),
    test_mode=True,
    prepare=[dict(type='mmair.ResampleFrames', fps=15),
             dict(type='mmair.NormalizeSkeleton')],
    pipeline=[dict(type='mmair.SampleWindows', clip_len=16, num_clips=2,
                   test_mode=True),
              dict(type='mmair.PackSkeletonInputs')])


def test_a_recording_is_recognised_whatever_is_beside_it(runner):
    head = runner.model.eval().cls_head.train()
    head.norm.momentum = None  # the mean of all batches
    windows = torch.stack([sample['inputs'] for sample in
                           DATASETS.build(DATA).__getitems__(range(28))])
    head(runner.model.extract_feat(windows)[0], num_clips=2)
    runner.model.train()

    found = [recognise(runner, dict(
        batch_size=batch_size, num_workers=0, dataset=DATA,
        sampler=dict(type='DefaultSampler', shuffle=False)))
        for batch_size in (2, 9)]
    assert found[0] == found[1]
    assert sorted(found[0]['labels']) == [i // 4 for i in range(28)]
    assert len(set(found[0]['predictions'])) > 1
