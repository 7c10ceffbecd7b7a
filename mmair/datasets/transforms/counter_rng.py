"""Random numbers that are a function of a key, not of a hidden state.

A view's key is made from (seed, epoch, sample index), so resuming, the
number of workers and the number of processes change no view, and the same
transform draws the same numbers for one sample and for a batch, on CPU and
GPU. The generator is SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) in counter
mode on int64 tensors, whose arithmetic wraps.
"""
import math
from typing import Callable, Sequence, Tuple

import torch
from torch import Tensor


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_MIX1 = _signed(0xBF58476D1CE4E5B9)
_MIX2 = _signed(0x94D049BB133111EB)


def _shift(z: Tensor, bits: int) -> Tensor:
    """Logical right shift; torch's own is arithmetic."""
    return (z >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _mix(z: Tensor) -> Tensor:
    z = (z ^ _shift(z, 30)).mul_(_MIX1)
    z = z.bitwise_xor_(_shift(z, 27)).mul_(_MIX2)
    return z.bitwise_xor_(_shift(z, 31))


def fold_in(key: Tensor, data) -> Tensor:
    """A new key from a key and an integer (or integer tensor).

    Args:
        key (Tensor): int64 keys of any shape.
        data (int | Tensor): What to fold in; broadcasts with ``key``.

    Returns:
        Tensor: int64 keys.
    """
    data = torch.as_tensor(data, device=key.device)
    return _mix(_mix(key + _GOLDEN) + (data + 1) * _GOLDEN)


def split(key: Tensor) -> Tuple[Tensor, Tensor]:
    """Two independent keys from one: one to use, one to pass on."""
    return fold_in(key, 0), fold_in(key, 1)


def _bits(key: Tensor, shape: Sequence[int]) -> Tensor:
    count = torch.arange(math.prod(shape), device=key.device)
    z = _mix(key[..., None] + (count + 1) * _GOLDEN)
    return z.reshape((*key.shape, *shape))


def uniform(key: Tensor, shape: Sequence[int] = ()) -> Tensor:
    """Uniform numbers in [0, 1), ``key.shape + shape``, float32."""
    return _shift(_bits(key, shape), 40).float() / (1 << 24)


def normal(key: Tensor, shape: Sequence[int] = ()) -> Tensor:
    """Standard normal numbers, ``key.shape + shape``, float32."""
    count = math.prod(shape)
    # Box and Muller: one word of 64 bits gives two numbers.
    bits = _bits(key, ((count + 1) // 2, ))
    radius, angle = (part.float() / (1 << 24) for part in
                     (_shift(bits, 40), bits & ((1 << 24) - 1)))
    # 1 - u is in (0, 1], so that the logarithm is finite.
    radius = radius.neg_().log1p_().mul_(-2).sqrt_()
    angle = angle.mul_(2 * math.pi)
    both = torch.cat((radius * angle.cos(), radius * angle.sin()), -1)
    return both[..., :count].reshape((*key.shape, *shape))


def draw(sampler: Callable, results: dict,
         shape: Sequence[int] = ()) -> Tensor:
    """Random numbers for every window of a sample or batch.

    The key is used up: what is left in ``results['key']`` is for the next
    transform. A sample that comes without a key (a stock dataset) gets one
    from torch's global generator.

    Args:
        sampler (Callable): :func:`uniform` or :func:`normal`.
        results (dict): ``keypoint`` ``(*batch, *windows, M, T, V, C)`` and
            ``key``, int64 ``(*batch, )``.
        shape (Sequence[int]): Numbers per window.

    Returns:
        Tensor: ``(*batch, *windows, *shape)``, on the device of ``keypoint``.
    """
    x = results['keypoint']
    if 'key' not in results:
        results['key'] = torch.randint(-2**62, 2**62, ())
    key, results['key'] = split(torch.as_tensor(results['key'],
                                                device=x.device))
    return sampler(key, (*x.shape[key.ndim:-4], *shape))
