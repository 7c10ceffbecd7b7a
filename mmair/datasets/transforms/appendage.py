"""ASP, appendage-skeleton partitioning."""
import torch
from torch import Tensor

from mmair.layouts import LIMBS, RIGHT_LIMBS, SkeletonLayout
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .missing import seen_mask
from .motion import velocity


@TRANSFORMS.register_module()
class AppendagePartition(SkeletonTransform):
    """Cut the limbs out of the skeleton (ASP).

    Our reading of AIR's appendage-skeleton partitioning ("leverages limb
    movement data from the original skeleton"): left arm, right arm, left leg
    and right leg, three joints each (shoulder, elbow, wrist or hip, knee,
    ankle). A limb is seen from its own root, with its velocity, and right
    limbs are mirrored, so that one encoder serves all four on every layout.
    A limb joint that is missing, or whose limb's root is, lies at the root of
    the limb and has no velocity; the limbs have no scores. In 3-D data nothing
    tells a joint that :class:`DropJoints` has put onto the root of the body
    from one that is there.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``, x lateral
    Added Keys:
        - appendages ``(*batch, M, P=4, T, 3, 2 * D)``: for D spatial
          dimensions the position relative to the limb's root and its change
          since the frame before (0 in the first)

    Args:
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    @staticmethod
    def partition(x: Tensor, layout: SkeletonLayout) -> Tensor:
        """``(*batch, M, T, V, C) -> (*batch, M, P, T, 3, 2 * D)``."""
        joints = torch.tensor(layout.limb_joints, device=x.device)
        limbs = x[..., :layout.dims].index_select(
            -2, joints.flatten()).unflatten(-2, joints.shape)
        sign = torch.ones(len(LIMBS), 1, layout.dims, device=x.device,
                          dtype=x.dtype)
        sign[[LIMBS.index(limb) for limb in RIGHT_LIMBS], :, 0] = -1
        limbs = (limbs - limbs[..., :1, :]).mul_(sign)
        seen = seen_mask(x, layout)[..., None].index_select(
            -2, joints.flatten()).unflatten(-2, joints.shape)
        seen = seen & seen[..., :1, :]
        limbs = limbs * seen
        return torch.cat((limbs, velocity(limbs, -4, seen)),
                         -1).movedim(-3, -4)

    def apply(self, results: dict) -> None:
        """Add the limbs to the sample or batch."""
        results['appendages'] = self.partition(results['keypoint'],
                                               self.layout_of(results))


@TRANSFORMS.register_module()
class KeepUndisturbed(SkeletonTransform):
    """Keep the positions as they are here, before views are disturbed.

    Discrete labels are those of the undisturbed view; put it after the mirror,
    which swaps limbs, and before rotation, noise and loss of joints.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``
    Added Keys:
        - undisturbed: the same
    """

    layout = None

    def apply(self, results: dict) -> None:
        """Add a copy to the sample or batch."""
        results['undisturbed'] = results['keypoint'].clone()
