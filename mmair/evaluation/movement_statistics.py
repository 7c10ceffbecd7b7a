"""Hand-made movement statistics: the bar that features have to clear."""
from typing import Optional

import torch
from torch import Tensor

from mmair.datasets.transforms.missing import seen_mask
from mmair.layouts import SkeletonLayout


def movement_statistics(x: Tensor, fps: float,
                        layout: Optional[SkeletonLayout] = None) -> Tensor:
    """Statistics of a whole recording.

    Mean and deviation over time of every joint position, and mean, deviation
    and maximum of every joint's speed and acceleration, these as log(1 + v).
    Joints count where they were seen, now and in the frames before.

    Args:
        x (Tensor): Normalised positions, ``(M, T, V, C)``, of 2-D data with
            or without a score.
        fps (float): Frame rate in Hz.
        layout (SkeletonLayout, optional): Tells what is 2-D. Defaults to
            None: all channels are coordinates.

    Returns:
        Tensor: ``(V * D * 2 + V * 6, )`` for D coordinates, the mean over the
        persons that were seen.
    """
    seen = seen_mask(x, layout)[..., None]
    x = x if layout is None else x[..., :layout.dims]
    persons = seen.any(3).any(2).any(1)
    statistics = [s.flatten(1) for s in _moments(x, seen)]
    motion = x
    for _ in range(2):
        if motion.shape[1] > 1:
            seen = seen[:, 1:] & seen[:, :-1]
            motion = motion.diff(dim=1) * fps
        else:  # a recording of one frame does not move
            motion = torch.zeros_like(motion)
        size = motion.norm(dim=-1)
        largest = (size * seen[..., 0]).amax(1)
        statistics += [torch.log1p(s) for s in (
            *_moments(size, seen[..., 0]), largest)]
    statistics = torch.cat(statistics, 1)
    return (statistics[persons] if persons.any() else statistics).mean(0)


def _moments(x: Tensor, seen: Tensor) -> tuple:
    """Mean and deviation over time, ``(M, T, *) -> (M, *)``."""
    if seen.all():
        return x.mean(1), x.std(1, unbiased=False)
    count = seen.sum(1).clamp(min=1)
    mean = (x * seen).sum(1) / count
    square = ((x - mean[:, None]).square() * seen).sum(1) / count
    return mean, square.sqrt()
