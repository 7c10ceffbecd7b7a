"""Limbs predict the labels of the body."""
import math
from typing import Dict, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS


@MODELS.register_module()
class AppendageLoss(BaseModule):
    """Classify limbs into the discrete labels, as far as they agree.

    Our reading: L_limb = c~ CE(p_p, y) + (1 - c~) KL(uniform || p_p),
    averaged over samples, limbs and scales. A limb that agrees with the body
    learns its label; one that does not (redundant motion) learns to be
    undecided.

    Args:
        loss_weight (float): Defaults to 0.5.
    """

    def __init__(self, loss_weight: float = 0.5, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.loss_weight = loss_weight

    def forward(self, log_probs: Sequence[Tensor], labels: Sequence[Tensor],
                agreement: Tensor) -> Dict[str, Tensor]:
        """Loss of a batch.

        Args:
            log_probs (Sequence[Tensor]): The student's log-probabilities of
                the limbs, ``(N, P, K_r)`` for each scale.
            labels (Sequence[Tensor]): Labels of the body, ``(N, K_r)`` for
                each scale.
            agreement (Tensor): c~, ``(N, P)``.

        Returns:
            dict[str, Tensor]: ``loss_limb``.
        """
        per_scale = []
        for log_p, y in zip(log_probs, labels):
            cross_entropy = -(y[:, None] * log_p).sum(-1)
            undecided = -log_p.mean(-1) - math.log(log_p.shape[-1])
            per_scale.append((agreement * cross_entropy +
                              (1 - agreement) * undecided).mean())
        return dict(
            loss_limb=self.loss_weight * torch.stack(per_scale).mean())
