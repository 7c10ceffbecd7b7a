"""The counter-based generator against SplitMix64 in plain integers."""
import math

import pytest
import torch

from mmair.datasets.transforms.counter_rng import (draw, fold_in, normal,
                                                   split, uniform)

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def split_mix_64(state, count):
    """The published generator: words of 64 bits, one by one."""
    words = []
    for _ in range(count):
        state = (state + GOLDEN) & MASK
        words.append(mix(state))
    return words


def slow_fold_in(key, data):
    """The ``data``-th word of the stream that starts at the mixed key."""
    return split_mix_64(mix((key + GOLDEN) & MASK), data + 1)[-1]


def keys(*shape):
    """Keys as a dataset makes them."""
    count = math.prod(shape)
    return fold_in(torch.tensor(7), torch.arange(count)).reshape(shape)


def assert_uniform(counts):
    """Pearson's chi-square within five standard deviations."""
    expected = counts.sum() / counts.numel()
    chi2 = float(((counts - expected)**2 / expected).sum())
    freedom = counts.numel() - 1
    assert abs(chi2 - freedom) < 5 * math.sqrt(2 * freedom)


def assert_uncorrelated(a, b):
    a, b = a.flatten().double(), b.flatten().double()
    r = float(torch.corrcoef(torch.stack((a, b)))[0, 1])
    assert abs(r) < 4.5 / math.sqrt(len(a))


def test_the_reference_is_split_mix_64():
    # The published test vector of seed 1234567.
    assert split_mix_64(1234567, 5) == [
        6457827717110365317, 3203168211198807973, 9817491932198370423,
        4593380528125082431, 16408922859458223821]


@pytest.mark.parametrize('key', [0, 1, 1234567, 2**63 - 1, -1, -2**63,
                                 -8423912341])
def test_against_the_reference(key):
    words = split_mix_64(key % 2**64, 10)
    tensor = torch.tensor(key)
    assert uniform(tensor, (2, 5)).flatten().tolist() == [
        (w >> 40) / 2**24 for w in words]
    pairs = [(math.sqrt(-2 * math.log1p(-(w >> 40) / 2**24)),
              2 * math.pi * (w % 2**24) / 2**24) for w in words]
    expected = torch.tensor([r * math.cos(a) for r, a in pairs]
                            + [r * math.sin(a) for r, a in pairs])
    torch.testing.assert_close(normal(tensor, (4, 5)),
                               expected.reshape(4, 5))
    # Of an odd count one number is left over.
    odd = normal(tensor, (19, ))
    torch.testing.assert_close(odd, expected[:19])
    for data in (0, 1, 2, 1000):
        assert int(fold_in(tensor, data)) % 2**64 == slow_fold_in(
            key % 2**64, data)


def test_shapes_and_keys_of_any_shape():
    made = keys(3, 2)
    for sampler in (uniform, normal):
        numbers = sampler(made, (4, 5))
        assert numbers.shape == (3, 2, 4, 5)
        assert numbers.dtype == torch.float32
        for i in range(3):
            for j in range(2):
                assert torch.equal(numbers[i, j],
                                   sampler(made[i, j], (4, 5)))
        assert sampler(made).shape == (3, 2)


def test_uniform_is_uniform():
    numbers = uniform(keys(64), (1 << 14, ))
    assert numbers.min() >= 0 and numbers.max() < 1
    cells = (numbers * 256).long()
    assert_uniform(torch.bincount(cells.flatten(), minlength=256))
    # Neighbours in a stream, and neighbours among the keys.
    cells = (numbers * 32).long()
    for a, b in ((cells[:, 1:], cells[:, :-1]), (cells[1:], cells[:-1])):
        assert_uniform(torch.bincount((32 * a + b).flatten(),
                                      minlength=1024))
    # The low bits count as well.
    low = (numbers * 2**24).long() % 256
    assert_uniform(torch.bincount(low.flatten(), minlength=256))


def test_normal_is_normal():
    numbers = normal(keys(64), (1 << 14, )).double()
    assert torch.isfinite(numbers).all()
    count = numbers.numel()
    for power, moment, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15),
                                  (4, 3, 96)):
        mean = float((numbers**power).mean())
        assert abs(mean - moment) < 4.5 * math.sqrt(spread / count)
    # Kolmogorov and Smirnov.
    probability = torch.special.ndtr(numbers).flatten().sort().values
    steps = torch.arange(1, count + 1).double() / count
    assert (probability - steps).abs().max() < 1.95 / math.sqrt(count)
    # The two numbers of a pair, and neighbours.
    first, second = numbers.chunk(2, dim=1)
    for f in (lambda x: x, torch.abs):
        assert_uncorrelated(f(first), f(second))
        assert_uncorrelated(f(numbers[:, 1:]), f(numbers[:, :-1]))
        assert_uncorrelated(f(numbers[1:]), f(numbers[:-1]))


def test_streams_are_independent():
    """Samples, epochs, seeds and successive draws tell nothing of another."""
    indices = torch.arange(4096)
    epoch = fold_in(torch.tensor(0), 3)
    base = uniform(fold_in(epoch, indices), (16, ))
    next_epoch = uniform(fold_in(fold_in(torch.tensor(0), 4), indices),
                         (16, ))
    next_seed = uniform(fold_in(fold_in(torch.tensor(1), 3), indices),
                        (16, ))
    for other in (next_epoch, next_seed, base.roll(1, 0), base.roll(2, 0),
                  base.roll(1, 1)):
        assert_uncorrelated(base, other)
    first, rest = split(fold_in(epoch, indices))
    second, _ = split(rest)
    assert_uncorrelated(uniform(first), uniform(second))
    assert_uncorrelated(uniform(first), uniform(rest))


def test_no_two_keys_are_the_same():
    seeds, epochs, samples = torch.meshgrid(
        *map(torch.arange, (8, 8, 256)), indexing='ij')
    made = torch.stack(split(fold_in(fold_in(seeds, epochs), samples)))
    assert len(made.unique()) == 2 * 8 * 8 * 256


def test_draw_uses_the_key_up():
    x = torch.zeros(3, 2, 1, 5, 4, 3)  # three samples, two windows each
    results = dict(keypoint=x, key=keys(3))
    first = draw(uniform, results, (6, ))
    second = draw(uniform, results, (6, ))
    assert first.shape == (3, 2, 6)
    assert len(set(torch.cat((first, second)).flatten().tolist())) == 72
    for i in range(3):
        alone = dict(keypoint=x[i], key=int(keys(3)[i]))
        assert torch.equal(draw(uniform, alone, (6, )), first[i])
        assert torch.equal(draw(uniform, alone, (6, )), second[i])


def test_draw_without_a_key_follows_torchs_seed():
    def numbers(seed):
        torch.manual_seed(seed)
        results = dict(keypoint=torch.zeros(3, 2, 1, 5, 4, 3))
        return draw(uniform, results)

    assert torch.equal(numbers(0), numbers(0))
    assert not torch.equal(numbers(0), numbers(1))
    assert len(set(numbers(0).flatten().tolist())) == 6
