import math

import pytest
import torch

from mmair.registry import MODELS

N, G, D, K = 3, 2, 4, 5


def head(**changes):
    torch.manual_seed(0)
    return MODELS.build(dict(type='mmair.SegmentLabelHead', in_channels=D,
                             num_groups=G, num_labels=K, **changes))


def case(time, segments):
    generator = torch.Generator().manual_seed(1)
    return (torch.randn(N, G, D, time, generator=generator),
            torch.randint(K, (N, segments, G), generator=generator))


def slow(made, features, labels):
    """Loss and share of right ones, one frame after the other."""
    time, segments = features.shape[3], labels.shape[1]
    losses, right = [], []
    for g in range(G):
        weight, bias = (p.detach().double()
                        for p in (made.fc[g].weight, made.fc[g].bias))
        for n in range(N):
            for t in range(time):
                # The segment in which the middle of the frame lies.
                s = math.floor((t + .5) / time * segments)
                y = int(labels[n, s, g])
                scores = [float(weight[k] @ features[n, g, :, t].double()
                                + bias[k]) for k in range(K)]
                total = sum(math.exp(value) for value in scores)
                losses.append(math.log(total) - scores[y])
                right.append(scores[y] == max(scores))
    return sum(losses) / len(losses), sum(right) / len(right)


@pytest.mark.parametrize('time, segments', [(4, 4), (4, 8), (6, 4), (1, 1),
                                            (5, 3), (4, 1)])
@pytest.mark.parametrize('weight', [1., .5])
def test_loss_against_a_slow_loop(time, segments, weight):
    made = head(loss_weight=weight)
    features, labels = case(time, segments)
    found = made.loss(features, labels)
    assert set(found) == {'loss_segments', 'segments_right'}
    loss, right = slow(made, features, labels)
    assert float(found['loss_segments'].detach()) == pytest.approx(
        weight * loss, rel=1e-5)
    assert float(found['segments_right']) == pytest.approx(right)


def test_every_parameter_gets_a_gradient_and_the_features_too():
    made = head()
    features, labels = case(4, 8)
    features.requires_grad_()
    made.loss(features, labels)['loss_segments'].backward()
    weights = dict(made.named_parameters())
    assert len(weights) == 2 * G
    for name, weight in weights.items():
        assert weight.grad is not None and weight.grad.any(), name
    assert features.grad.flatten(2).any(2).all()


def test_what_is_named_right_is_told():
    made = head()
    for fc in made.fc:
        torch.nn.init.zeros_(fc.weight)
        torch.nn.init.zeros_(fc.bias)
    made.fc[0].bias.data[2] = 50
    made.fc[1].bias.data[1] = 50
    features, labels = case(4, 4)
    labels[..., 0], labels[..., 1] = 2, 0
    found = made.loss(features, labels)
    assert float(found['segments_right']) == .5
    assert float(found['loss_segments'].detach()) == pytest.approx(25)
    assert not found['segments_right'].requires_grad


def test_bfloat16_is_summed_in_float32():
    made = head()
    features, labels = case(4, 4)
    expected = made.loss(features, labels)['loss_segments']
    with torch.autocast('cpu', torch.bfloat16):
        found = made.loss(features, labels)['loss_segments']
    assert found.dtype == torch.float32
    assert float(found.detach()) == pytest.approx(float(expected.detach()),
                                                  rel=.05)
