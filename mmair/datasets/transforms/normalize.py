"""Normalisation that keeps lean, amplitude and tempo."""
from typing import Tuple

import torch
from torch import Tensor

from mmair.layouts import SkeletonLayout
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .missing import interpolate, neighbors, seen_joints, with_positions


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


def median_of(x: Tensor, valid: Tensor) -> Tensor:
    """The lower median of the valid numbers, ``(*, T) -> (*, )``.

    By sorting: ``torch.median`` is not deterministic on a GPU, and ONNX has
    none. Infinite where no number is valid.
    """
    order = torch.where(valid, x, torch.inf).sort(-1).values
    middle = (valid.long().sum(-1, keepdim=True) - 1).clamp(min=0) // 2
    return order.gather(-1, middle)[..., 0]


@TRANSFORMS.register_module()
class NormalizeSkeleton(SkeletonTransform):
    """Centre on the root, face forward, scale by body size.

    Every frame is centred on the root. One rotation about the vertical axis
    turns the mean facing direction of each person to +z (left is +x), so
    turning within a recording stays. Positions are divided by the body size,
    the median over time of the length of the chain from root to neck. Unlike
    MMAction2's ``PreNormalize3D`` the spine is not turned upright: forward
    lean, a cue of sadness, survives.

    2-D layouts are centred (on the middle of the hips) and scaled (by the
    length of the torso), not turned; y goes on pointing down, as it does in
    MMAction2 and in the drawings of :mod:`mmair.visualization`.

    Joints that were not seen (score 0; in 3-D data all of a person at 0) do
    not count. Where the root is missing it is interpolated over time; the
    size is that of the frames where the whole trunk was seen, not all of it in
    one point. A recording in which it never was is centred on the mean of what
    was seen, or scaled by the mean distance from it. Missing joints end at the
    root with score 0, where :class:`DropJoints` puts them.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``; 3-D: y up, 2-D: y down, with or
          without a score
    Modified Keys:
        - keypoint, in body sizes

    Args:
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def apply(self, results: dict) -> None:
        """Normalise the recording or window that is given."""
        layout, x = self.layout_of(results), results['keypoint']
        seen, position = seen_joints(x, layout), x[..., :layout.dims]
        trunk = trunk_points(position, layout)
        root = trunk[..., :1, :]
        length = trunk.diff(dim=-2).norm(dim=-1).sum(-1)
        # A trunk in one point was not seen, whatever is said of it.
        has_trunk = length > 0
        if seen is None:
            position = position - root
            spread = position.norm(dim=-1).mean((-2, -1))
        else:
            whole = [joint for point in layout.trunk for joint in point]
            has_trunk = has_trunk & seen[..., whole].all(-1)
            position, spread = self.of_seen(position, seen, root, layout)
        size = torch.where(has_trunk.any(-1), median_of(length, has_trunk),
                           spread)
        position = position / size.clamp(min=1e-6)[..., None, None, None]
        if layout.dims == 3:
            position = face_forward(position, layout)
        results['keypoint'] = with_positions(x, position)

    @staticmethod
    def of_seen(x: Tensor, seen: Tensor, root: Tensor,
                layout: SkeletonLayout) -> Tuple[Tensor, Tensor]:
        """Centre by what was seen.

        Args:
            x (Tensor): Positions, ``(*, T, V, D)``.
            seen (Tensor): Which of them were seen, ``(*, T, V)``.
            root (Tensor): Root of every frame, ``(*, T, 1, D)``.
            layout (SkeletonLayout): Layout of the joints.

        Returns:
            tuple[Tensor]: Centred positions, 0 where missing, and their mean
            distance from the root, ``(*, )``.
        """
        has_root = seen[..., list(layout.root)].all(-1, keepdim=True)
        joints = seen.sum(-1)[..., None, None].clamp(min=1)
        mean = (x * seen[..., None]).sum(-2, keepdim=True) / joints
        root = torch.where(has_root.any(-2, keepdim=True)[..., None],
                           interpolate(root, *neighbors(has_root)), mean)
        x = (x - root) * seen[..., None]
        return x, x.norm(dim=-1).sum((-2, -1)) / seen.sum((-2, -1)).clamp(
            min=1)
