"""Motion beside position."""
from typing import Optional

import torch
from torch import Tensor

from mmair.registry import TRANSFORMS

from .base import SkeletonTransform


def velocity(x: Tensor, dim: int, seen: Optional[Tensor] = None) -> Tensor:
    """The change since the frame before; 0 in the first one.

    Args:
        x (Tensor): Positions.
        dim (int): Their axis of time.
        seen (Tensor, optional): Which of them were seen, broadcasts with
            ``x``. The change from or to what was not is 0.
    """
    change = x.diff(dim=dim, prepend=x.narrow(dim, 0, 1))
    if seen is None:
        return change
    return change * (seen & seen.roll(1, dim))


@TRANSFORMS.register_module()
class AppendMotion(SkeletonTransform):
    """Append to every joint its change since the frame before.

    Movement energy crosses actors better than posture does, and a network
    that is pooled over time sees it best at its input. Comes after the
    augmentations, so that motion is that of the view; equals MMAction2's
    ``GenSkeFeat(feats=['j', 'jm'], axis=-1)`` but for the frame that has no
    neighbour, here the first, and where a joint is missing now or in the
    frame before: there is no motion then. In 2-D data it is of x and y alone.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``
    Modified Keys:
        - keypoint ``(*batch, M, T, V, 2 * C)``, of 2-D data with scores
          ``(x, y, score, dx, dy)``; motion is 0 in the first frame

    Args:
        layout (str | dict, optional): The skeleton layout, which tells what
            is 2-D; by default that of the dataset.
    """

    def apply(self, results: dict) -> None:
        """Append the difference along time."""
        x, score = results['keypoint'], self.score_of(results)
        motion = velocity(x if score is None else x[..., :2], -3,
                          self.seen_of(results))
        results['keypoint'] = torch.cat((x, motion), -1)
