"""Joints that were not seen, and what knows of them.

2-D data brings a score with every joint: ``(x, y, score)``, and
``(x, y, score, dx, dy)`` after :class:`AppendMotion`. A joint of score 0 is
missing. 3-D data has no scores; there, by MMAction2's habit, a person all of
whose coordinates are 0 in a frame is absent from it.
"""
from typing import Optional, Tuple

import torch
from torch import Tensor

from mmair.layouts import SkeletonLayout


def score_of(x: Tensor, layout: Optional[SkeletonLayout]) -> Optional[Tensor]:
    """The scores ``(*, V, 1)`` of 2-D data, or None if there are none.

    Positions and motion come in pairs, so that an odd number of channels
    tells of a score.
    """
    if layout is None or layout.dims != 2 or x.shape[-1] % 2 == 0:
        return None
    return x[..., 2:3]


def seen_mask(x: Tensor, layout: Optional[SkeletonLayout]) -> Tensor:
    """Which joints were seen, ``(*, V, C) -> (*, V)``."""
    score = score_of(x, layout)
    if score is None:
        return (x != 0).any(-1).any(-1, keepdim=True).expand(x.shape[:-1])
    return score[..., 0] > 0


def seen_joints(x: Tensor, layout: SkeletonLayout) -> Optional[Tensor]:
    """As :func:`seen_mask`, or None where all were seen."""
    seen = seen_mask(x, layout)
    return None if seen.all() else seen


def with_positions(x: Tensor, positions: Tensor) -> Tensor:
    """``x`` with other positions, its first channels, and the same rest."""
    rest = x[..., positions.shape[-1]:]
    return torch.cat((positions, rest), -1) if rest.shape[-1] else positions


def neighbors(seen: Tensor) -> Tuple[Tensor, Tensor]:
    """The frames before and after, or at, each frame that have the joint.

    Args:
        seen (Tensor): Whether a joint was seen, ``(*, T, V)``.

    Returns:
        tuple[Tensor]: Numbers of frames, ``(*, T, V)``; -1 where there is
        none before, T where there is none after.
    """
    total = seen.shape[-2]
    frame = torch.arange(total, device=seen.device)[:, None]
    before = torch.where(seen, frame, -1).cummax(-2).values
    after = torch.where(seen, frame, total).flip(-2).cummin(-2).values
    return before, after.flip(-2)


def interpolate(x: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Put every joint between what it is in two frames.

    Args:
        x (Tensor): ``(*, T, V, C)``.
        before (Tensor): Frames as :func:`neighbors` gives them.
        after (Tensor): Likewise. Where one of both is missing, the joint
            stays at the other; where both are, it stays as it is.

    Returns:
        Tensor: ``(*, T, V, C)``.
    """
    total = x.shape[-3]
    frame = torch.arange(total, device=x.device)[:, None]
    low = torch.where(before < 0, after, before)
    high = torch.where(after == total, before, after)
    nowhere = low == total
    low, high = (torch.where(nowhere, frame, at) for at in (low, high))
    weight = (frame - low) / (high - low).clamp(min=1)
    ends = [x.gather(-3, at[..., None].expand(x.shape)) for at in (low, high)]
    return torch.lerp(*ends, weight[..., None].to(x.dtype))
