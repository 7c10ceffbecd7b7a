import math

import pytest
import torch

from mmair.registry import MODELS

N, G, D, S, K = 3, 2, 4, 3, 5


def head(**changes):
    torch.manual_seed(0)
    return MODELS.build(dict(dict(
        type='mmair.SegmentLabelHead', in_channels=D, num_groups=G,
        num_streams=S, num_labels=K), **changes))


def case(time, segments):
    generator = torch.Generator().manual_seed(1)
    return (torch.randn(N, G, D, time, generator=generator),
            torch.randint(K, (N, segments, G, S), generator=generator))


def slow(made, features, labels):
    """Loss and share of right ones, one label after the other."""
    time, segments = features.shape[3], labels.shape[1]
    losses, right = [], []
    for g in range(G):
        weight, bias = (p.detach().double()
                        for p in (made.fc[g].weight, made.fc[g].bias))
        for n in range(N):
            for t in range(time):
                # The segment in which the middle of the frame lies.
                at = math.floor((t + .5) / time * segments)
                for s in range(S):  # the scores of streams lie in a row
                    y = int(labels[n, at, g, s])
                    scores = [float(weight[k] @ features[n, g, :, t].double()
                                    + bias[k])
                              for k in range(s * K, (s + 1) * K)]
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


@pytest.mark.parametrize('streams', [1, 2])
def test_one_scorer_of_each_group_for_all_streams(streams):
    made = head(num_streams=streams)
    assert [tuple(fc.weight.shape) for fc in made.fc] == G * [
        (streams * K, D)]


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
    # What each group names in each stream.
    named = [[2, 0, 4], [1, 3, 0]]
    for fc, labels in zip(made.fc, named):
        for s, label in enumerate(labels):
            fc.bias.data[s * K + label] = 50
    features, labels = case(4, 4)
    labels[:] = torch.tensor([[2, 0, 4], [1, 0, 3]])  # two of six are not so
    found = made.loss(features, labels)
    assert float(found['segments_right']) == pytest.approx(4 / 6)
    assert float(found['loss_segments'].detach()) == pytest.approx(50 * 2 / 6)
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
