"""MGAA, multi-granularity appendage alignment."""
from typing import Dict

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather
from ..precision import at_least_fp32


@MODELS.register_module()
class MultiGranularityAlignmentLoss(BaseModule):
    """Align limbs and body at several granularities (MGAA).

    Our reading of AIR's multi-granularity appendage alignment ("features
    from both coarse and fine scales"): for each group of limbs (a limb, the
    arms or legs, all four) the student's limb projection points where the
    teacher's body projection, pooled over the same joints in the other view,
    points, and the reverse. The variance and covariance terms of VICReg
    (Bardes, Ponce & LeCun, ICLR 2022, eq. 1-3) keep the projections from
    collapsing.

    Args:
        loss_weight (float): Of the sum of the three terms. Defaults to 0.2.
        sim_weight (float): Of the similarity among them. Defaults to 5.
    """

    def __init__(self,
                 loss_weight: float = 0.2,
                 sim_weight: float = 5.,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.loss_weight = loss_weight
        self.sim_weight = sim_weight

    def forward(self, limbs: Tensor, body: Tensor, teacher_limbs: Tensor,
                teacher_body: Tensor,
                projections: Tensor) -> Dict[str, Tensor]:
        """Loss of a batch.

        Args:
            limbs (Tensor): Student limb projections of the groups,
                ``(N, G, d)``.
            body (Tensor): Student body projections, pooled over the joints
                of the groups, ``(N, G, d)``.
            teacher_limbs (Tensor): The teacher's ``limbs`` of the other
                view; gets no gradient.
            teacher_body (Tensor): The teacher's ``body`` of the other view;
                gets no gradient.
            projections (Tensor): What must not collapse: un-normalised
                student projections, ``(N, S, d)``.

        Returns:
            dict[str, Tensor]: ``loss_sim``, ``loss_var`` and ``loss_cov``.
        """
        to_body, to_limbs = (
            1 - F.cosine_similarity(student, teacher.detach(), dim=-1)
            for student, teacher in ((limbs, teacher_body),
                                     (body, teacher_limbs)))
        variance, covariance = variance_covariance(gather(projections))
        return dict(
            loss_sim=self.loss_weight * self.sim_weight *
            (to_body.mean() + to_limbs.mean()) / 2,
            loss_var=self.loss_weight * variance,
            loss_cov=self.loss_weight * covariance)


def variance_covariance(z: Tensor) -> tuple:
    """VICReg's variance and covariance terms.

    Args:
        z (Tensor): Projections, ``(N, S, d)``; the terms of the S kinds are
            averaged.

    Returns:
        tuple[Tensor]: Hinge of the standard deviations at 1, and the sum of
        the squared off-diagonal covariances divided by d.
    """
    num, _, width = z.shape
    # Autocast would sum the squares of unbounded projections in fp16.
    with torch.autocast(z.device.type, enabled=False):
        z = at_least_fp32(z)
        z = z - z.mean(0)
        # Of one sample they are 0, as of samples that are all the same.
        covariance = torch.einsum('nsi,nsj->sij', z, z) / max(num - 1, 1)
    diagonal = covariance.diagonal(dim1=1, dim2=2)
    variance = F.relu(1 - (diagonal + 1e-4).sqrt()).mean()
    off_diagonal = covariance.square().sum((1, 2)) - diagonal.square().sum(1)
    return variance, (off_diagonal / width).mean()
