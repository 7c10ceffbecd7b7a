"""Gaps, resampling and windows. Tempo survives: no clip is stretched."""
from typing import Union

import torch
from torch import Tensor

from mmair.datasets.units import require_frame_rate
from mmair.errors import InputError
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .counter_rng import draw, uniform
from .missing import interpolate, neighbors, seen_joints


def fps_of(results: dict) -> float:
    """The frame rate of the data."""
    fps = results.get('fps')
    if fps is None:
        raise InputError(
            f'{SkeletonTransform.name_of(results)}: has no fps, expected its '
            'frame rate in Hz; add it to the annotation')
    return fps


@TRANSFORMS.register_module()
class FillGaps(SkeletonTransform):
    """Interpolate joints that are missing for a short time.

    Detectors lose a joint for a few frames and find it again; it then lies
    on the line between. Longer gaps, and those at the ends, stay. What is
    missing is a joint of score 0 in 2-D data, and in 3-D data a person whose
    coordinates are all 0.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``, as recorded, not centred
        - fps
    Modified Keys:
        - keypoint, scores interpolated as well

    Args:
        seconds (float): The longest gap that is filled. Defaults to 0.2.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self,
                 seconds: float = 0.2,
                 layout: Union[str, dict, None] = None) -> None:
        self.seconds = seconds
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Interpolate in all gaps that are short enough."""
        x, fps = results['keypoint'], fps_of(results)
        seen = seen_joints(x, self.layout_of(results))
        if seen is None:
            return
        before, after = neighbors(seen)
        short = ((before >= 0) & (after < x.shape[-3])
                 & (after - before - 1 <= self.seconds * fps + 1e-3))
        results['keypoint'] = torch.where(
            short[..., None], interpolate(x, before, after), x)


@TRANSFORMS.register_module()
class ResampleFrames(SkeletonTransform):
    """Bring a recording to a common frame rate by linear interpolation.

    Seconds stay seconds: unlike MMAction2's ``UniformSampleFrames`` no
    recording is stretched to a fixed length, so tempo is kept. A joint that
    is missing in one of the two frames it lies between is taken from the
    nearer one.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``
        - fps
        - total_frames
    Modified Keys:
        - keypoint ``(*batch, M, T', V, C)``
        - fps
        - total_frames

    Args:
        fps (float): The frame rate to come to, in Hz.
        layout (str | dict, optional): The skeleton layout, which tells 2-D
            scores; by default that of the dataset.
    """

    def __init__(self,
                 fps: float,
                 layout: Union[str, dict, None] = None) -> None:
        require_frame_rate('ResampleFrames: fps', fps)
        self.fps = fps
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Interpolate at multiples of ``1 / fps`` seconds."""
        x, fps = results['keypoint'], fps_of(results)
        total = x.shape[-3]
        if fps != self.fps:
            duration = (total - 1) / fps
            # The epsilon keeps the last frame of e.g. 29.97 Hz recordings.
            frames = torch.arange(int(duration * self.fps + 1e-3) + 1,
                                  device=x.device)
            at = (frames * (fps / self.fps)).clamp(max=total - 1)
            low = at.floor().long()
            high = (low + 1).clamp(max=total - 1)
            weight = (at - low)[:, None, None].to(x.dtype)
            seen = self.seen_of(results)
            if not seen.all():
                both = (seen.index_select(-3, low)
                        & seen.index_select(-3, high))
                weight = torch.where(both, weight, weight.round())
            results['keypoint'] = torch.lerp(
                x.index_select(-3, low), x.index_select(-3, high), weight)
        results['fps'] = self.fps
        results['total_frames'] = results['keypoint'].shape[-3]


def reflect(index: Tensor, length: Tensor) -> Tensor:
    """Fold frame numbers back into a recording.

    Past its end a recording runs backwards, and forwards again at its start:
    0 1 2 3 2 1 0 1 ... for a length of 4.

    Args:
        index (Tensor): Frame numbers >= 0.
        length (Tensor): Number of frames, >= 1; broadcasts with ``index``.

    Returns:
        Tensor: Frame numbers in ``[0, length)``.
    """
    period = (2 * (length - 1)).clamp(min=1)
    index = index % period
    return torch.minimum(index, period - index)


@TRANSFORMS.register_module()
class SampleWindows(SkeletonTransform):
    """Cut windows of a fixed number of frames.

    In training the windows start anywhere, independently; in test mode they
    are spaced evenly from the first frame to the last, a single one in the
    middle. A recording shorter than a window goes on by reflection, never by
    zeros and never stretched.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``, or, so that one long recording
          does not pad the others, a list of ``(M, T, V, C)`` that differ in T
        - total_frames: valid frames of T, an int or ``(*batch, )``
        - key: int64 ``(*batch, )``, see :mod:`counter_rng` (training)
    Modified Keys:
        - keypoint ``(*batch, num_clips, M, clip_len, V, C)``
        - total_frames: ``clip_len``
        - key
    Added Keys:
        - num_clips
        - clip_len

    Args:
        clip_len (int): Frames of a window.
        num_clips (int): Number of windows. Defaults to 1.
        test_mode (bool): Whether to space windows evenly instead of at
            random. Defaults to False.
    """

    def __init__(self,
                 clip_len: int,
                 num_clips: int = 1,
                 test_mode: bool = False) -> None:
        for name, value in dict(clip_len=clip_len,
                                num_clips=num_clips).items():
            if not isinstance(value, int) or value < 1:
                raise InputError(f'SampleWindows: {name} is {value!r}, '
                                 'expected a whole number of at least 1')
        self.clip_len = clip_len
        self.num_clips = num_clips
        self.test_mode = test_mode

    def transform(self, results: dict) -> dict:
        """Apply the transform, to a list of recordings as well."""
        x = results['keypoint']
        if not (isinstance(x, list) and isinstance(x[0], Tensor)):
            return super().transform(results)
        self.apply(results)
        return results

    def apply(self, results: dict) -> None:
        """Gather the frames of all windows of a recording at once."""
        x = results['keypoint']
        if isinstance(x, list):
            recordings = x
            # They differ in length alone, and a view takes no memory.
            x = results['keypoint'] = x[0].expand(len(x), *x[0].shape)
        else:
            recordings = x.reshape(-1, *x.shape[-4:])
        batch = x.shape[:-4]
        total = torch.as_tensor(results.get('total_frames', x.shape[-3]),
                                device=x.device).expand(batch)
        if (total < 1).any():
            raise InputError(
                f'{self.name_of(results)}: total_frames is 0, expected at '
                'least 1')
        # A recording shorter than a window may begin at any of its frames.
        spare = torch.where(total >= self.clip_len, total - self.clip_len,
                            total - 1)
        if self.test_mode:
            steps = (torch.linspace(0, 1, self.num_clips, device=x.device)
                     if self.num_clips > 1 else x.new_tensor([0.5]))
            spare = spare * (total >= self.clip_len)
            start = (spare[..., None] * steps).round().long()
        else:
            at = draw(uniform, results, (self.num_clips, ))
            start = (at * (spare[..., None] + 1)).long()
        frames = reflect(
            start[..., None] + torch.arange(self.clip_len, device=x.device),
            total[..., None, None])
        index = frames.reshape(len(recordings), -1)
        windows = torch.stack([
            recording.transpose(0, 1).index_select(0, i)
            for recording, i in zip(recordings, index)]).unflatten(
                1, (self.num_clips, self.clip_len)).transpose(2, 3)
        results['keypoint'] = windows.reshape(*batch, *windows.shape[1:])
        results['total_frames'] = self.clip_len
        results['num_clips'] = self.num_clips
        results['clip_len'] = self.clip_len
