"""Extreme augmentations: they do change what emotion depends on.

AimCLR's third view (Guo et al., AAAI 2022). Lean, extent and direction of
time go; no other method should be fed with them. Each takes positions that
are centred on the root and leaves 2-D scores as they are.
"""
from abc import abstractmethod
from typing import Sequence, Union

import torch
from mmengine.dataset import Compose
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .counter_rng import draw, uniform
from .missing import with_positions

#: Frames at either side that :class:`BlurMotion` sums over.
_RADIUS = 7


@TRANSFORMS.register_module()
class ExtremeView(SkeletonTransform):
    """Run transforms on the last window alone.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - key

    Args:
        transforms (Sequence[dict]): Transforms.
    """

    def __init__(self, transforms: Sequence[dict]) -> None:
        self.transforms = Compose([TRANSFORMS.build(t) for t in transforms])

    def apply(self, results: dict) -> None:
        """Cut the last window out, transform it, put it back."""
        x = results['keypoint']
        last = self.transforms(dict(results, keypoint=x[..., -1:, :, :, :, :]))
        results['keypoint'] = torch.cat(
            (x[..., :-1, :, :, :, :], last['keypoint']), -5)
        if 'key' in last:
            results['key'] = last['key']


class _LinearMap(SkeletonTransform):
    """Multiply every position of a window by one matrix.

    Args:
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    layout: Union[str, dict, None] = None

    @abstractmethod
    def matrix(self, results: dict, dims: int) -> Tensor:
        """Draw ``(*batch, num_clips, dims, dims)``."""

    def apply(self, results: dict) -> None:
        """Map all persons, frames and joints of a window alike."""
        layout, x = self.layout_of(results), results['keypoint']
        matrix = self.matrix(results, layout.dims)[..., None, None, None, :, :]
        positions = (x[..., None, :layout.dims] * matrix.to(x)).sum(-1)
        results['keypoint'] = with_positions(x, positions)


@TRANSFORMS.register_module()
class RandomShear(_LinearMap):
    """Slant each window: every axis gets a share of the others.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``, root-centred
        - key

    Args:
        amplitude (float): Shares are uniform in +-amplitude. Defaults to
            0.5.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self,
                 amplitude: float = 0.5,
                 layout: Union[str, dict, None] = None) -> None:
        self.amplitude = amplitude
        self.layout = layout

    def matrix(self, results: dict, dims: int) -> Tensor:
        """1 on the diagonal, shares beside it."""
        shares = (2 * draw(uniform, results, (dims, dims)) - 1) * (
            self.amplitude)
        eye = torch.eye(dims, device=shares.device)
        return shares * (1 - eye) + eye


@TRANSFORMS.register_module()
class RandomTilt(_LinearMap):
    """Turn each window mainly about one axis, any of the three.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, 3)``, root-centred
        - key

    Args:
        degrees (float): The angle about the main axis is uniform in
            +-degrees. Defaults to 30.
        others (float): Likewise about the other two. Defaults to 1.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self,
                 degrees: float = 30.,
                 others: float = 1.,
                 layout: Union[str, dict, None] = None) -> None:
        self.degrees = degrees
        self.others = others
        self.layout = layout

    def matrix(self, results: dict, dims: int) -> Tensor:
        """The rotation about a vector that is nearly an axis."""
        if dims != 3:
            raise InputError(
                f'RandomTilt: the layout {self.layout_of(results).describe()}'
                ' is 2-D, expected 3-D data; leave it out of the pipeline')
        number = draw(uniform, results, (4, ))
        main = (number[..., :1] * 3).long() == torch.arange(
            3, device=number.device)
        largest = torch.where(main, self.degrees, self.others)
        x, y, z = torch.deg2rad((2 * number[..., 1:] - 1) * largest).unbind(-1)
        zero = torch.zeros_like(x)
        skew = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero),
                           -1).unflatten(-1, (3, 3))
        # Rodrigues' formula. Torch's matrix exponential is as exact as the
        # largest of a batch needs: a sample would depend on the others.
        angle = (x * x + y * y + z * z).sqrt()[..., None, None]
        return (torch.eye(3, device=x.device)
                + torch.sinc(angle / torch.pi) * skew
                + torch.sinc(angle / (2 * torch.pi))**2 / 2 * skew @ skew)


@TRANSFORMS.register_module()
class FlattenAxis(_LinearMap):
    """Set one coordinate of all joints to 0.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``, root-centred
        - key

    Args:
        prob (float): Probability that a window loses an axis. Defaults to
            0.5.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self,
                 prob: float = 0.5,
                 layout: Union[str, dict, None] = None) -> None:
        self.prob = prob
        self.layout = layout

    def matrix(self, results: dict, dims: int) -> Tensor:
        """1 on the diagonal but for the axis that is lost."""
        number = draw(uniform, results, (2, ))
        lost = (number[..., :1] * dims).long() == torch.arange(
            dims, device=number.device)
        lost = lost & (number[..., 1:] < self.prob)
        return torch.diag_embed((~lost).float())


@TRANSFORMS.register_module()
class BlurMotion(SkeletonTransform):
    """Smooth movement by a Gaussian over time.

    At the ends of a window it goes on as it is there. In 2-D data joints
    that were not seen neither move nor count.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - key

    Args:
        prob (float): Probability that a window is smoothed. Defaults to 0.5.
        sigma (Sequence[float]): Deviation of the Gaussian in frames, uniform
            between the two. Defaults to (0.1, 2).
        layout (str | dict, optional): The skeleton layout, which tells 2-D
            scores; by default that of the dataset.
    """

    def __init__(self,
                 prob: float = 0.5,
                 sigma: Sequence[float] = (0.1, 2.),
                 layout: Union[str, dict, None] = None) -> None:
        self.prob = prob
        self.sigma = tuple(sigma)
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Sum over the frames around each, weighted."""
        x, score = results['keypoint'], self.score_of(results)
        number = draw(uniform, results, (2, ))
        low, high = self.sigma
        sigma = low + (high - low) * number[..., :1]
        steps = torch.arange(-_RADIUS, _RADIUS + 1, device=x.device)
        weights = torch.exp(-steps**2 / (2 * sigma**2))
        position = x if score is None else x[..., :2]
        seen = torch.ones_like(x[..., :1]) if score is None else (
            score > 0).to(x.dtype)
        frames = torch.arange(x.shape[-3], device=x.device)
        blurred, total = torch.zeros_like(position), torch.zeros_like(seen)
        for step, weight in zip(steps.tolist(), weights.unbind(-1)):
            at = (frames + step).clamp(0, x.shape[-3] - 1)
            part = weight[..., None, None, None, None] * seen.index_select(
                -3, at)
            blurred += part * position.index_select(-3, at)
            total += part
        chosen = (number[..., 1] < self.prob)[..., None, None, None, None]
        results['keypoint'] = with_positions(x, torch.where(
            chosen & (seen > 0), blurred / total.clamp(min=1e-12), position))


@TRANSFORMS.register_module()
class ReverseTime(SkeletonTransform):
    """Let a window run backwards.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - key

    Args:
        prob (float): Probability of reversing a window. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def apply(self, results: dict) -> None:
        """Flip the axis of time."""
        x = results['keypoint']
        chosen = draw(uniform, results) < self.prob
        results['keypoint'] = torch.where(
            chosen[..., None, None, None, None], x.flip(-3), x)
