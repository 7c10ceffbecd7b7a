"""Normalisation that keeps lean, amplitude and tempo."""
from typing import Union

import torch
from torch import Tensor

from mmair.layouts import SkeletonLayout
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform


def trunk_points(x: Tensor, layout: SkeletonLayout) -> Tensor:
    """The chain from root to neck, ``(*, T, V, C) -> (*, T, S, C)``."""
    return torch.stack([x[..., list(point), :].mean(-2)
                        for point in layout.trunk], -2)


def rotate_yaw(x: Tensor, angle: Tensor) -> Tensor:
    """Turn about the vertical (y) axis.

    Args:
        x (Tensor): Positions ``(*, M, T, V, 3)``, y up.
        angle (Tensor): Radians, broadcast over the leading dimensions;
            positive turns z towards x.

    Returns:
        Tensor: The turned positions.
    """
    cos, sin = (f(angle)[..., None, None, None] for f in
                (torch.cos, torch.sin))
    right, up, front = x.unbind(-1)
    return torch.stack(
        ((cos * right).add_(sin * front), up,
         (cos * front).sub_(sin * right)), -1)


def face_forward(x: Tensor, layout: SkeletonLayout) -> Tensor:
    """Turn the mean facing direction of each person to +z, left to +x.

    Args:
        x (Tensor): Positions ``(*, M, T, V, 3)``, y up.
        layout (SkeletonLayout): Shoulders and hips tell where left is.

    Returns:
        Tensor: The turned positions, one angle a person.
    """
    limbs = layout.limbs
    left = [limbs['left_arm'][0], limbs['left_leg'][0]]
    right = [limbs['right_arm'][0], limbs['right_leg'][0]]
    across = (x[..., left, :] - x[..., right, :]).mean((-3, -2))
    angle = torch.atan2(across[..., 2], across[..., 0])
    return rotate_yaw(x.unsqueeze(-4), angle).squeeze(-4)


@TRANSFORMS.register_module()
class NormalizeSkeleton(SkeletonTransform):
    """Centre on the root, face forward, scale by body size.

    Every frame is centred on the root. One rotation about the vertical axis
    turns the mean facing direction of each person to +z (left is +x), so
    turning within a recording stays. Positions are divided by the body size,
    the median over time of the length of the chain from root to neck. Unlike
    MMAction2's ``PreNormalize3D`` the spine is not turned upright: forward
    lean, a cue of sadness, survives. 2-D layouts are centred and scaled.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``, y up
    Modified Keys:
        - keypoint, in body sizes

    Args:
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self, layout: Union[str, dict, None] = None) -> None:
        self.layout = layout

    def apply(self, results: dict) -> None:
        """Normalise the recording or window that is given."""
        layout, x = self.layout_of(results), results['keypoint']
        x, score = x[..., :layout.dims], x[..., layout.dims:]
        trunk = trunk_points(x, layout)
        x = x - trunk[..., :1, :]
        size = trunk.diff(dim=-2).norm(dim=-1).sum(-1).median(-1).values
        x = x / size.clamp(min=1e-6)[..., None, None, None]
        if layout.dims == 3:
            x = face_forward(x, layout)
        results['keypoint'] = torch.cat((x, score), -1)
