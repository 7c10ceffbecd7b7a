"""The steps of a test pipeline as one graph of operators has them.

A graph cannot branch on what the numbers are, and ONNX has no running
maximum. So the steps that do or need one are written again here, on top of
the same parts, for data in which anything may be missing; the tests hold them
against the transforms. The other steps are traced as they are.
"""
from functools import partial
from typing import Callable, Tuple

import torch
from torch import Tensor

from mmair.datasets.transforms import (AppendMotion, FillGaps, MapLayout,
                                       NormalizeSkeleton, PackSkeletonInputs,
                                       ResampleFrames, SampleWindows,
                                       SkeletonTransform, ToBone, ToMotion)
from mmair.datasets.transforms.missing import (interpolate, seen_mask,
                                               with_positions)
from mmair.datasets.transforms.normalize import (face_forward, median_of,
                                                  trunk_points)
from mmair.datasets.transforms.temporal import reflect
from mmair.errors import InputError

#: A step takes and changes ``results``, as a transform does.
Step = Callable[[dict], None]


def neighbors(seen: Tensor) -> Tuple[Tensor, Tensor]:
    """As :func:`mmair.datasets.transforms.missing.neighbors`.

    The frames in which a joint was seen are sorted to the front; how many of
    them there were so far is the place of the last one, and of the next.

    Args:
        seen (Tensor): Whether a joint was seen, ``(*, T, V)``.

    Returns:
        tuple[Tensor]: Numbers of frames, ``(*, T, V)``; -1 where there is
        none before, T where there is none after.
    """
    total = seen.shape[-2]
    frame = torch.arange(total)[:, None]
    order = torch.where(seen, frame, total).sort(-2).values
    so_far = seen.long().cumsum(-2)
    before = order.gather(-2, (so_far - 1).clamp(min=0))
    return (torch.where(so_far > 0, before, -1),
            order.gather(-2, so_far - seen.long()))


def fill_gaps(step: FillGaps, results: dict) -> None:
    """As :class:`FillGaps` does, at the frame rate of the model."""
    x = results['keypoint']
    seen = seen_mask(x, step.layout_of(results))
    before, after = neighbors(seen)
    short = ((before >= 0) & (after < x.shape[-3])
             & (after - before - 1 <= step.seconds * results['fps'] + 1e-3))
    results['keypoint'] = torch.where(
        short[..., None], interpolate(x, before, after), x)


def normalize(step: NormalizeSkeleton, results: dict) -> None:
    """As :class:`NormalizeSkeleton` does."""
    layout, x = step.layout_of(results), results['keypoint']
    seen, position = seen_mask(x, layout), x[..., :layout.dims]
    trunk = trunk_points(position, layout)
    root = trunk[..., :1, :]
    length = trunk.diff(dim=-2).norm(dim=-1).sum(-1)
    has_trunk = (length > 0) & seen[
        ..., [j for point in layout.trunk for j in point]].all(-1)
    has_root = seen[..., list(layout.root)].all(-1, keepdim=True)
    joints = seen.long().sum(-1)[..., None, None].clamp(min=1)
    mean = (position * seen[..., None]).sum(-2, keepdim=True) / joints
    root = torch.where(has_root.any(-2, keepdim=True)[..., None],
                       interpolate(root, *neighbors(has_root)), mean)
    position = (position - root) * seen[..., None]
    spread = position.norm(dim=-1).sum((-2, -1)) / seen.long().sum(
        (-2, -1)).clamp(min=1)
    size = torch.where(has_trunk.any(-1), median_of(length, has_trunk),
                       spread)
    position = position / size.clamp(min=1e-6)[..., None, None, None]
    if layout.dims == 3:
        position = face_forward(position, layout)
    results['keypoint'] = with_positions(x, position)


def sample_windows(step: SampleWindows, results: dict) -> None:
    """As :class:`SampleWindows` does in test mode."""
    x = results['keypoint']
    total = torch.full((), x.shape[-3], dtype=torch.long)
    steps = (torch.linspace(0, 1, step.num_clips) if step.num_clips > 1 else
             torch.tensor([0.5]))
    start = ((total - step.clip_len).clamp(min=0) * steps).round().long()
    frames = reflect(start[:, None] + torch.arange(step.clip_len), total)
    windows = x.index_select(-3, frames.flatten()).unflatten(
        -3, (step.num_clips, step.clip_len))
    results['keypoint'] = windows.movedim(-4, -5)
    results['num_clips'] = step.num_clips


def nothing(step: SkeletonTransform, results: dict) -> None:
    """The input has the frame rate of the model, and nothing is packed."""


#: How each transform of a test pipeline is done in a graph.
_STEPS = {
    FillGaps: fill_gaps, NormalizeSkeleton: normalize,
    SampleWindows: sample_windows,
    ResampleFrames: nothing, PackSkeletonInputs: nothing,
    AppendMotion: AppendMotion.apply, MapLayout: MapLayout.apply,
    ToBone: ToBone.apply, ToMotion: ToMotion.apply}


def graph_step(transform: SkeletonTransform) -> Step:
    """What a transform is in a graph.

    Args:
        transform (SkeletonTransform): Of a test pipeline.

    Returns:
        Callable: Takes and changes ``results``, with ``keypoint``, ``layout``
        and ``fps``.

    Raises:
        InputError: If it cannot be a part of one.
    """
    if type(transform) not in _STEPS:
        raise InputError(
            f'{type(transform).__name__}: cannot be exported, expected a test '
            f'pipeline of {", ".join(kind.__name__ for kind in _STEPS)}; take '
            'it out of `prepare` or `pipeline` of test_dataloader.dataset, or '
            'do it before the exported model')
    if getattr(transform, 'test_mode', True) is False:
        raise InputError(
            f'{type(transform).__name__}: draws windows at random, expected '
            'test_mode=True in the pipeline of test_dataloader.dataset')
    return partial(_STEPS[type(transform)], transform)
