import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from tiny_air import WIDTH, backbone, set_gt_label

from mmair.compat import get_pred_score
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.models.heads.recording_head import pool_windows
from mmair.registry import MODELS


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def test_a_batch_of_one_recording_is_told():
    head = MODELS.build(dict(type='mmair.RecordingHead', num_classes=3,
                             in_channels=4))
    x = torch.randn(2, 1, 4, 5, 6)
    with pytest.raises(InputError, match='batch_size to 2 or more'):
        head(x, num_clips=2)
    assert head.eval()(x, num_clips=2).shape == (1, 3)
    assert head.train()(x, num_clips=1).shape == (2, 3)


def test_a_projection_of_one_window_is_told():
    neck = MODELS.build(dict(type='mmair.ProjectionNeck', in_channels=4,
                             hid_channels=6))
    with pytest.raises(InputError, match='batch of one window has no '
                       'variance'):
        neck(torch.randn(1, 4))
    assert neck(torch.randn(1, 2, 4)).shape == (1, 2, 128)
    assert neck.eval()(torch.randn(1, 4)).shape == (1, 128)


def signed_root(value):
    """The root of the size, of 0 the value 0."""
    root = np.sqrt(abs(value) + 1e-4) - .01
    return root if value > 0 else -root if value < 0 else 0.


@pytest.mark.parametrize('num_clips', [1, 3])
def test_pooling_is_the_slow_one(num_clips):
    persons, width, frames, joints = 2, 4, 5, 6
    x = torch.randn(2 * num_clips, persons, width, frames, joints,
                    dtype=torch.float64)
    expected = np.zeros((2, 2 * width))
    for n in range(2):
        for c in range(width):
            values = [
                np.mean([float(x[n * num_clips + w, m, c, t, v])
                         for m in range(persons) for v in range(joints)])
                for w in range(num_clips) for t in range(frames)]
            expected[n, c] = signed_root(np.mean(values))
            expected[n, width + c] = signed_root(
                np.sqrt(np.var(values) + 1e-6))
    np.testing.assert_allclose(pool_windows(x, num_clips), expected,
                               atol=1e-12)
    np.testing.assert_allclose(pool_windows(x, num_clips, deviation=False),
                               expected[:, :width], atol=1e-12)


@pytest.mark.parametrize('num_clips', [1, 3])
@pytest.mark.parametrize('name', ['ebedb', 'coco'])
def test_pooling_of_parts_is_the_slow_one(name, num_clips):
    """All means of all parts, then all deviations, torso last."""
    layout = get_layout(name)
    persons, width, frames = 2, 3, 4
    x = torch.randn(2 * num_clips, persons, width, frames, len(layout),
                    dtype=torch.float64)
    parts = [layout.limbs[f'left_{limb}'] + layout.limbs[f'right_{limb}']
             for limb in ('arm', 'leg')]
    parts.append([j for j in range(len(layout))
                  if not any(j in joints for joints in parts)])
    mean, spread = np.zeros((2, 2, 3, width))
    for n, p, c in np.ndindex(2, 3, width):
        values = [
            np.mean([float(x[n * num_clips + w, m, c, t, v])
                     for m in range(persons) for v in parts[p]])
            for w in range(num_clips) for t in range(frames)]
        mean[n, p, c] = signed_root(np.mean(values))
        spread[n, p, c] = signed_root(np.sqrt(np.var(values) + 1e-6))
    expected = np.concatenate((mean, spread), 1).reshape(2, -1)
    for given in (name, layout, layout.to_dict()):
        np.testing.assert_allclose(pool_windows(x, num_clips, layout=given),
                                   expected, atol=1e-12)
    np.testing.assert_allclose(
        pool_windows(x, num_clips, False, name), expected[:, :3 * width],
        atol=1e-12)


def test_a_feature_that_does_not_vary_has_a_finite_gradient():
    x = torch.ones(2, 1, 4, 5, 6).requires_grad_()
    pool_windows(x, 1).sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize('scale', [1., 1024., 65536.])
def test_half_precision_gets_a_finite_gradient(scale):
    """As --amp scales the loss, where a channel does not vary."""
    x = torch.rand(2, 1, 4, 5, 6)
    x[:, :, 1] = 0
    x = x.half().requires_grad_()
    pooled = pool_windows(x, 1)
    assert pooled.dtype == torch.float32
    (pooled.mean() * scale).backward()
    assert torch.isfinite(x.grad).all() and x.grad.any()


def pooled_mean(values):
    """Of features that have these values in all frames of a recording."""
    x = torch.as_tensor(values, dtype=torch.float64)
    return pool_windows(x[None, None, :, None, None].expand(
        1, 1, len(x), 3, 2), 1, deviation=False)[0]


def test_the_root_keeps_sign_and_order():
    """0 stays 0, and what is seldom active counts more than its share."""
    values = np.array([-4, -1, -.01, -1e-6, 0, 1e-6, .01, 1, 4])
    found = pooled_mean(values).numpy()
    assert (np.sign(found) == np.sign(values)).all()
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(found, -found[::-1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(found, [*map(signed_root, values)], atol=1e-12)
    np.testing.assert_allclose(found[-2:], [.99, 1.99], atol=1e-3)
    assert found[-3] / found[-2] > .09  # a hundredth of it is a tenth now


@pytest.mark.parametrize('value', [0., 1e-12, -1e-12, .5, -3.])
def test_the_gradient_of_the_root_is_finite(value):
    """At 0, too: else a feature that is never active spoils a training."""
    x = torch.tensor([value], dtype=torch.float64, requires_grad=True)
    pool_windows(x[None, None, :, None, None], 1, False).sum().backward()
    found = float(x.grad)
    if value:
        assert found == pytest.approx(.5 / np.sqrt(abs(value) + 1e-4))
    else:  # autograd takes the slope of a size for 0 there
        assert 0 <= found <= 50


def recognizer(**head):
    model = MODELS.build(dict(
        type='RecognizerGCN',
        data_preprocessor=dict(type='mmaction.ActionDataPreprocessor'),
        backbone=backbone('ST-GCN', 'ebedb', 3),
        cls_head=dict(type='mmair.RecordingHead', num_classes=3,
                      in_channels=WIDTH, **head)))
    model.init_weights()
    torch.nn.init.normal_(model.cls_head.fc.weight)
    return model


def recordings(num, num_clips):
    samples = [ActionDataSample() for _ in range(num)]
    for i, sample in enumerate(samples):
        set_gt_label(sample, i % 3)
    return torch.randn(num, num_clips, 1, 16, 23, 3), samples


def scores(model, inputs, samples):
    return torch.stack([get_pred_score(s.to_dict()) for s in model(
        inputs, samples, mode='predict')])


@pytest.mark.parametrize('num, num_clips', [(4, 3), (4, 1), (1, 3), (1, 1)])
@pytest.mark.parametrize('norm', [True, False])
@pytest.mark.parametrize('layout', [None, 'ebedb'])
def test_a_stock_recogniser_scores_recordings(layout, norm, num, num_clips):
    """Any number of recordings and windows, whole bodies and parts."""
    model = recognizer(norm=norm, layout=layout)
    inputs, samples = recordings(num, num_clips)
    if num > 1 or not norm:  # batch norm cannot train on a lone recording
        losses = model(inputs, samples, mode='loss')
        losses['loss_cls'].backward()
        assert 'top1_acc' in losses and 'top5_acc' not in losses
        assert (model.cls_head.fc.weight.grad != 0).any()
    model.eval()
    with torch.no_grad():
        found = scores(model, inputs, samples)
        pooled = pool_windows(model.backbone(inputs.flatten(0, 1)),
                              num_clips, layout=layout)
        expected = model.cls_head.fc(
            model.cls_head.norm(pooled)).softmax(1)
    torch.testing.assert_close(found, expected)


def test_the_loss_is_that_of_the_scores():
    model = recognizer().eval()
    inputs, samples = recordings(4, 3)
    with torch.no_grad():
        loss = model(inputs, samples, mode='loss')['loss_cls']
        found = scores(model, inputs, samples)
    expected = -np.mean([float(found[i, i % 3].log()) for i in range(4)])
    assert float(loss) == pytest.approx(expected, abs=1e-5)


def test_windows_are_not_scored_apart():
    """The order of windows does not matter, their company does."""
    model = recognizer().eval()
    inputs, samples = recordings(4, 3)
    with torch.no_grad():
        together = scores(model, inputs, samples)
        torch.testing.assert_close(
            scores(model, inputs.flip(1), samples), together)
        apart = torch.stack([scores(model, window[:, None], samples)
                             for window in inputs.unbind(1)]).mean(0)
    assert (apart - together).abs().max() > 1e-3


def test_deviation_and_dropout_can_be_switched():
    head = MODELS.build(dict(
        type='mmair.RecordingHead', num_classes=3, in_channels=4,
        deviation=False, norm=False, dropout=0.5)).train()
    assert head.fc.in_features == 4
    x = torch.randn(64, 1, 4, 5, 6)
    assert not torch.equal(head(x), head(x))
    head.eval()
    assert torch.equal(head(x), head(x))
