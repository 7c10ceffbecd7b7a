"""Motion beside position."""
import torch

from mmair.registry import TRANSFORMS

from .base import SkeletonTransform


@TRANSFORMS.register_module()
class AppendMotion(SkeletonTransform):
    """Append to every joint its change since the frame before.

    Movement energy crosses actors better than posture does, and a network
    that is pooled over time sees it best at its input. Comes after the
    augmentations, so that motion is that of the view; equals MMAction2's
    ``GenSkeFeat(feats=['j', 'jm'], axis=-1)`` but for the frame that has no
    neighbour, here the first.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``
    Modified Keys:
        - keypoint ``(*batch, M, T, V, 2 * C)``; motion is 0 in the first
          frame
    """

    def apply(self, results: dict) -> None:
        """Append the difference along time."""
        x = results['keypoint']
        motion = x.diff(dim=-3, prepend=x[..., :1, :, :])
        results['keypoint'] = torch.cat((x, motion), -1)
