"""A fine-tuning that begins with a linear probe."""
import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from sklearn.linear_model import LogisticRegression
from tiny_air import WIDTH, backbone, set_gt_label

from mmair.engine.hooks import LinearProbeHook
from mmair.errors import InputError
from mmair.evaluation.representation import some_of
from mmair.registry import MODELS


def recogniser(num_classes, **head):
    torch.manual_seed(0)
    return MODELS.build(dict(
        type='RecognizerGCN',
        data_preprocessor=dict(type='mmair.SkeletonDataPreprocessor'),
        backbone=backbone('ST-GCN', 'ebedb', 3),
        cls_head=dict(type='mmair.RecordingHead', num_classes=num_classes,
                      in_channels=WIDTH, layout='ebedb', **head)))


class Views:
    """Recordings of given labels; every look at one is another view."""

    def __init__(self, labels, joints):
        self.labels = labels
        generator = torch.Generator().manual_seed(1)
        self.windows = torch.randn(len(labels), 2, 1, 8, joints, 3,
                                   generator=generator)
        self.looks = 0

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        self.looks += 1
        x = self.windows[i] + .1 * torch.randn(self.windows[i].shape)
        sample = ActionDataSample()
        set_gt_label(sample, self.labels[i])
        return dict(inputs=x, data_samples=sample)


def runner_of(model, labels, step=0, seed=3):
    joints = model.backbone.graph.num_node
    return SimpleNamespace(
        model=model, iter=step, seed=seed, logger=logging.getLogger('test'),
        train_dataloader=SimpleNamespace(dataset=Views(labels, joints)))


@pytest.mark.parametrize('labels, num_classes', [
    ([0, 1, 2] * 6 + [0] * 5, 3), ([1, 0] * 9 + [1] * 4, 2),
    ([3, 0, 4] * 7, 5)], ids=['three', 'two', 'some of five'])
def test_the_head_scores_as_a_linear_probe_does(labels, num_classes):
    model = recogniser(num_classes)
    runner = runner_of(model, labels)
    hook = LinearProbeHook(C=.3, num_views=2)
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    hook.before_train(runner)
    assert runner.train_dataloader.dataset.looks == 2 * len(labels)
    after = model.backbone.state_dict()
    assert all(torch.equal(after[k], v) for k, v in before.items())

    # The reference: the same views, standardised as a batch norm does.
    with torch.no_grad():
        features, told = hook.views(runner)
    assert told.tolist() == 2 * labels
    mean, var = features.mean(0), features.var(0, correction=0)

    def standardised(x):
        return ((x - mean) / (var + 1e-5).sqrt()).numpy()

    probe = LogisticRegression(
        C=.3 / 2, class_weight='balanced', max_iter=3000).fit(
            standardised(features), told)
    model.eval()
    with torch.no_grad():
        maps, _ = model.extract_feat(runner.train_dataloader.dataset.windows)
        scores = model.cls_head(maps, num_clips=2).softmax(1)
        expected = probe.predict_proba(
            standardised(model.cls_head.pool(maps, 2).double()))
    known = np.unique(labels)
    found = scores[:, known] / scores[:, known].sum(1, keepdim=True)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    rest = [c for c in range(num_classes) if c not in known]
    assert not model.cls_head.fc.weight[rest].any()


def test_a_resumed_training_keeps_its_head():
    model = recogniser(2)
    before = model.cls_head.fc.weight.clone()
    LinearProbeHook().before_train(runner_of(model, [0, 1] * 4, step=7))
    assert torch.equal(model.cls_head.fc.weight, before)


def test_a_large_set_is_seen_in_part(monkeypatch):
    monkeypatch.setattr('mmair.engine.hooks.linear_probe_hook._RECORDINGS', 5)
    labels = [0] * 4 + [1] * 4 + [2] * 5
    runner = runner_of(recogniser(3), labels)
    with torch.no_grad():
        features, told = LinearProbeHook(num_views=2).views(runner)
    assert len(features) == runner.train_dataloader.dataset.looks == 10
    assert told.tolist() == 2 * [labels[i] for i in some_of(13, 5)]


def test_a_probe_leaves_no_trace_in_what_is_drawn_later():
    drawn = []
    for num_views in (1, 3):
        runner = runner_of(recogniser(2), [0, 1] * 4)
        torch.manual_seed(5)
        LinearProbeHook(num_views=num_views).before_train(runner)
        drawn.append(torch.rand(3))
    assert torch.equal(*drawn)


def test_the_seed_says_which_views():
    heads = []
    for seed in (3, 3, 4):
        model = recogniser(2)
        LinearProbeHook().before_train(runner_of(model, [0, 1] * 4,
                                                 seed=seed))
        heads.append(model.cls_head.fc.weight.clone())
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_a_head_that_is_no_probe_is_told():
    with pytest.raises(InputError, match='cls_head is a RecordingHead, '
                       'expected a mmair.RecordingHead with norm=True'):
        LinearProbeHook().before_train(
            runner_of(recogniser(2, norm=False), [0, 1]))


def test_one_class_is_told():
    with pytest.raises(InputError, match='are all of class 1, expected two'):
        LinearProbeHook().before_train(runner_of(recogniser(2), [1] * 4))
