import pytest
import torch
from tiny_peers import numbers, peer_batch, peer_config, ready

from mmair.errors import InputError
from mmair.models.heads.masked_motion_head import (MaskedMotionHead,
                                                   motion_aware_mask,
                                                   to_tokens)
from mmair.registry import MODELS


def given(prediction, **cfg):
    """A head whose decoder says what it is told."""
    model = MaskedMotionHead(2, 5, **cfg).double()
    model.forward = lambda maps: prediction
    return model


@pytest.mark.parametrize('target, norm, loss', [
    ('motion', True, 1.939313941), ('motion', False, 2.114660453),
    ('position', True, 1.959605899), ('position', False, 7.643066227)])
def test_the_loss_is_that_of_the_authors(target, norm, loss):
    """Recorded from maoyunyao/MAMP, model_mamp/transformer.py and
    model_mae/transformer.py, extract_motion and forward_loss."""
    x = numbers(13, 3, 12, 5, 3).cumsum(1)
    head = given(numbers(14, 3, 3, 5, 12), target=target, norm_target=norm)
    found = head.loss(torch.zeros(3, 2, 3, 5), x, numbers(15, 3, 3, 5) > 0)
    assert float(found['loss_masked']) == pytest.approx(loss, abs=1e-8)


def test_the_mask_is_that_of_the_authors():
    """Recorded from maoyunyao/MAMP, model_mamp/transformer.py,
    motion_aware_random_masking with torch.rand replaced."""
    x, noise = numbers(13, 3, 12, 5, 3).cumsum(1), numbers(16, 3, 15)
    mask = motion_aware_mask(to_tokens(x, 4), 0.6, 0.8,
                             noise.erf().abs().view(3, 3, 5))
    assert [''.join(str(int(v)) for v in row) for row in mask.flatten(1)] == [
        '101011110111000', '001101111100011', '101101111010100']


def test_the_loss_is_the_slow_one():
    x, prediction = numbers(1, 2, 8, 5, 3), numbers(2, 2, 2, 5, 12)
    mask = numbers(3, 2, 2, 5) > 0
    seen = numbers(4, 2, 2, 5) > -1
    errors = []
    for n in range(2):
        for t in range(2):
            for v in range(5):
                if mask[n, t, v] and seen[n, t, v]:
                    frames = range(4 * t, 4 * t + 4)
                    target = torch.tensor([
                        float(x[n, f + 1, v, c] - x[n, f, v, c])
                        if f < 7 else 0. for f in frames for c in range(3)],
                        dtype=torch.float64)
                    target = (target - target.mean()) / (
                        target.var() + 1e-6).sqrt()
                    errors.append(
                        (prediction[n, t, v] - target).square().mean())
    assert 0 < len(errors) < int(mask.sum())
    found = given(prediction).loss(torch.zeros(2, 2, 2, 5), x, mask, seen)
    torch.testing.assert_close(found['loss_masked'],
                               sum(errors) / len(errors))


def test_what_moves_is_masked_more_often():
    x = torch.zeros(1, 32, 6, 3)
    x[:, :, 0] = torch.arange(32.)[:, None]
    x[:, :, 1] = 0.1 * torch.arange(32.)[:, None]
    tokens = to_tokens(x, 4).expand(400, -1, -1, -1)
    noise = torch.rand(400, 8, 6, generator=torch.Generator().manual_seed(0))
    mask = motion_aware_mask(tokens, 0.5, 0.3, noise)
    assert (mask.flatten(1).sum(1) == 24).all()
    share = mask.float().mean((0, 1))
    assert share[0] > 0.9 and share[1] > share[2:].max() + 0.02


def test_the_mask_is_a_function_of_the_samples_key():
    model = ready(peer_config('MAMP'))
    _, samples = peer_batch('MAMP', size=3)
    noise = model.noise(samples, (1, 4, 23))
    assert noise.shape == (6, 1, 4, 23)
    alone = torch.cat([model.noise([s], (1, 4, 23)) for s in samples])
    assert torch.equal(noise, alone[[0, 2, 4, 1, 3, 5]])
    assert not torch.equal(noise[0], noise[3])
    del samples[0].key
    assert model.noise(samples, (1, 4, 23)).shape == noise.shape


@pytest.mark.parametrize('layout, channels', [
    ('ebedb', 3), ('ebedb', 6), ('coco', 5)])
def test_what_is_masked_cannot_be_seen(layout, channels):
    """Positions that are hidden do not change what the network is given."""
    cfg = peer_config('MAMP', layout)
    cfg['backbone']['in_channels'] = channels
    model = ready(cfg)
    joints, dims = len(model.layout), model.layout.dims
    mask = torch.rand(2, 4, joints) < 0.5
    hidden = mask.repeat_interleave(4, 1)
    shown = []
    for change in (0., 1.):
        x = torch.randn(2, 16, joints, dims,
                        generator=torch.Generator().manual_seed(0))
        x = x + change * hidden[..., None]
        motion = x.diff(dim=1, prepend=x[:, :1])
        rest = channels - 2 * dims
        if rest >= 0:
            x = torch.cat((x, torch.ones(2, 16, joints, rest), motion), -1)
        shown.append(model.hide(x, mask))
        visible = shown[-1] == x
        assert not visible[hidden].any()
        assert visible[~hidden][:, :dims].all()
    assert torch.equal(*shown)


def test_unseen_joints_do_not_count():
    cfg = peer_config('MAMP', 'coco')
    cfg['backbone']['in_channels'] = 3
    model = ready(cfg).eval()
    inputs, samples = peer_batch('MAMP', 'coco')
    x = inputs['keypoint']
    x = torch.cat((x, torch.ones_like(x[..., :1])), -1)
    x[:, :, :, 5:7, 3] = 0
    seen = model.seen_tokens(x.flatten(0, 2))
    assert seen.shape == (8, 4, 17)
    assert not seen[:, 1, 3].any() and seen.sum() == 8 * (4 * 17 - 1)
    # The motion of a token's last frame is to the first of the next one.
    edge = x.clone()
    edge[:, :, :, 5:7, 3] = 1
    edge[:, :, :, 8, 3] = 0
    seen = model.seen_tokens(edge.flatten(0, 2))
    assert seen[0, :, 3].tolist() == [True, False, False, True]
    model.head.target = 'position'
    seen = model.seen_tokens(edge.flatten(0, 2))
    assert seen[0, :, 3].tolist() == [True, True, False, True]
    model.head.target = 'motion'
    assert torch.isfinite(model(x, samples, mode='loss')['loss_masked'])


def test_only_masked_tokens_count_and_all_joints_are_told_apart():
    model = ready(peer_config('MAMP')).eval()
    maps = numbers(1, 1, 16, 1, 1).float().expand(1, 16, 4, 23)
    tokens = model.head(maps)
    assert tokens.shape == (1, 4, 23, 12)
    assert not torch.allclose(tokens[0, 1, 0], tokens[0, 1, 1])


@pytest.mark.parametrize('wrong, said', [
    (dict(token_length=5), '16 frames, expected a multiple'),
    (dict(target='bones'), "'bones', expected 'motion' or 'position'")])
def test_what_does_not_fit_is_told(wrong, said):
    cfg = peer_config('MAMP')
    cfg['head'] = dict(cfg['head'], **wrong)
    with pytest.raises(InputError, match=said):
        model = MODELS.build(cfg)
        model.set_progress(0.)
        model(*peer_batch('MAMP'), mode='loss')


def test_a_token_alone_in_time():
    """Nothing moved from a token to the next: any of the joints."""
    mask = motion_aware_mask(torch.randn(40, 1, 6, 12), .5, .8,
                             torch.rand(40, 1, 6))
    assert mask.shape == (40, 1, 6) and (mask.sum(2) == 3).all()
    assert (mask.sum(0) > 0).all()
