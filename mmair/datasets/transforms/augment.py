"""Views: only what emotion does not depend on is changed.

Yaw, mirror, body size, sensor noise, missing joints. Not speed, not
amplitude, not lean: they carry the emotion.
"""
from typing import Union

import torch

from mmair.errors import InputError
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .counter_rng import draw, normal, uniform
from .missing import with_positions
from .normalize import rotate_yaw


@TRANSFORMS.register_module()
class RandomYaw(SkeletonTransform):
    """Turn each window about the vertical axis.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, 3)``, y up
        - key

    Args:
        degrees (float): The angle is uniform in +-degrees. Defaults to 30.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self,
                 degrees: float = 30.,
                 layout: Union[str, dict, None] = None) -> None:
        self.degrees = degrees
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Turn all persons of a window by the same angle."""
        layout = self.layout_of(results)
        if layout.dims != 3:
            raise InputError(f'RandomYaw: the layout {layout.describe()} is '
                             '2-D, expected 3-D data; leave it out of the '
                             'pipeline')
        angle = (2 * draw(uniform, results) - 1) * self.degrees
        results['keypoint'] = rotate_yaw(results['keypoint'],
                                         torch.deg2rad(angle))


@TRANSFORMS.register_module()
class RandomMirror(SkeletonTransform):
    """Swap left and right, and with them the lateral coordinate.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``, root-centred, x
          lateral
        - key

    Args:
        prob (float): Probability of mirroring a window. Defaults to 0.5.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self,
                 prob: float = 0.5,
                 layout: Union[str, dict, None] = None) -> None:
        self.prob = prob
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Mirror the windows that the draw chooses."""
        x = results['keypoint']
        mirror = torch.tensor(self.layout_of(results).mirror, device=x.device)
        mirrored = x.index_select(-2, mirror)
        mirrored[..., 0].neg_()
        chosen = draw(uniform, results) < self.prob
        results['keypoint'] = torch.where(
            chosen[..., None, None, None, None], mirrored, x)


@TRANSFORMS.register_module()
class RandomBodySize(SkeletonTransform):
    """Scale each window: bodies differ in size, normalisation errs.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``, root-centred
        - key

    Args:
        scale (float): The factor is uniform in 1 +- scale. Defaults to 0.1.
        layout (str | dict, optional): The skeleton layout, which tells 2-D
            scores, that stay as they are; by default that of the dataset.
    """

    def __init__(self,
                 scale: float = 0.1,
                 layout: Union[str, dict, None] = None) -> None:
        self.scale = scale
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Scale all persons of a window alike."""
        factor = 1 + (2 * draw(uniform, results) - 1) * self.scale
        x, score = results['keypoint'], self.score_of(results)
        position = x if score is None else x[..., :2]
        results['keypoint'] = with_positions(
            x, position * factor[..., None, None, None, None])


@TRANSFORMS.register_module()
class SensorNoise(SkeletonTransform):
    """Add white noise to every coordinate, as depth sensors do.

    Neither to the score of 2-D data nor to what is missing.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - key

    Args:
        std (float): Standard deviation, in body sizes. Defaults to 0.005.
        layout (str | dict, optional): The skeleton layout, which tells 2-D
            scores; by default that of the dataset.
    """

    def __init__(self,
                 std: float = 0.005,
                 layout: Union[str, dict, None] = None) -> None:
        self.std = std
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Draw one number a coordinate."""
        x, score = results['keypoint'], self.score_of(results)
        position = x if score is None else x[..., :2]
        noise = draw(normal, results, position.shape[-4:]).mul_(self.std)
        noise.mul_(self.seen_of(results))
        results['keypoint'] = with_positions(x, noise.add_(position))


@TRANSFORMS.register_module()
class DropJoints(SkeletonTransform):
    """Lose joints, as occlusion does: they fall onto the root.

    In 2-D data their score is 0, and they are missing ever after.

    Required and Modified Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``, root-centred
        - key

    Args:
        prob (float): Probability that a joint is lost for a whole window.
            Defaults to 0.05.
    """

    def __init__(self, prob: float = 0.05) -> None:
        self.prob = prob

    def apply(self, results: dict) -> None:
        """Draw which joints of a window are lost."""
        x = results['keypoint']
        kept = draw(uniform, results, (x.shape[-2], )) >= self.prob
        results['keypoint'] = x * kept.to(x.dtype)[..., None, None, :, None]
