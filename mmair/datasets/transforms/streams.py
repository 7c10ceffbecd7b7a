"""Bones and motion in the place of positions: streams to be fused.

A stream is a model of its own, whose scores are added to those of the others
(2s-AGCN, Shi et al., CVPR 2019).
"""
import torch
from torch import Tensor

from mmair.layouts import SkeletonLayout
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .missing import score_of, with_positions
from .motion import velocity


@TRANSFORMS.register_module()
class ToBone(SkeletonTransform):
    """Put in the place of every joint its bone: joint minus parent.

    The joint at which the layout is rooted has the bone 0. So has a bone an
    end of which is missing: in 2-D a joint of score 0, in 3-D a joint that
    lies at 0 and is not the root, as :class:`DropJoints` leaves it; a layout
    must not hold joints that never leave the root. Comes
    after what needs positions, such as :class:`AppendagePartition`, and
    before :class:`AppendMotion`, which appends the motion of the bones.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``, positions (and score), in 3-D
          root-centred
    Modified Keys:
        - keypoint: of the same shape; the score of a bone is the lower one
          of its ends'

    Args:
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    @staticmethod
    def bones(x: Tensor, layout: SkeletonLayout) -> Tensor:
        """``(*, V, C) -> (*, V, C)``."""
        # The centre minus itself is 0.
        parents = torch.tensor([joint if parent < 0 else parent for joint,
                                parent in enumerate(layout.parents)],
                               device=x.device)
        points, score = x[..., :layout.dims], score_of(x, layout)
        if score is None:
            at_origin = torch.tensor([[layout.root == (joint, )]
                                      for joint in range(len(layout))],
                                     device=x.device)
            seen = (points != 0).any(-1, keepdim=True) | at_origin
        else:
            score = torch.minimum(score, score.index_select(-2, parents))
            seen = score > 0
        whole = seen & seen.index_select(-2, parents)
        bones = (points - points.index_select(-2, parents)) * whole
        if score is None:
            return with_positions(x, bones)
        return torch.cat((bones, score, x[..., layout.dims + 1:]), -1)

    def apply(self, results: dict) -> None:
        """Replace the positions."""
        results['keypoint'] = self.bones(results['keypoint'],
                                         self.layout_of(results))


@TRANSFORMS.register_module()
class ToMotion(SkeletonTransform):
    """Put in the place of every joint its change since the frame before.

    Where :class:`AppendMotion` puts motion beside position, this leaves it
    alone: of joints, or of bones after :class:`ToBone`.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``
    Modified Keys:
        - keypoint: of the same shape; 0 in the first frame, and where a
          joint is missing now or in the frame before; scores stay

    Args:
        layout (str | dict, optional): The skeleton layout, which tells what
            is 2-D; by default that of the dataset.
    """

    def apply(self, results: dict) -> None:
        """Replace the positions."""
        x, score = results['keypoint'], self.score_of(results)
        results['keypoint'] = with_positions(x, velocity(
            x if score is None else x[..., :2], -3, self.seen_of(results)))
