"""Variance, invariance, covariance."""
from typing import Dict

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather
from ..precision import at_least_fp32
from .alignment_loss import variance_covariance


@MODELS.register_module()
class VICRegLoss(BaseModule):
    """VICReg (Bardes, Ponce & LeCun, ICLR 2022, eq. 1-6).

    Variance and covariance are those of the batch over all processes. As in
    the authors' code the variance term is the mean of both views' and the
    covariance term their sum.

    Args:
        sim_weight (float): Of the mean squared difference of the views.
            Defaults to 25.
        var_weight (float): Of the hinge of the standard deviations at 1.
            Defaults to 25.
        cov_weight (float): Of the squared off-diagonal covariances.
            Defaults to 1.
    """

    def __init__(self,
                 sim_weight: float = 25.,
                 var_weight: float = 25.,
                 cov_weight: float = 1.,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.sim_weight = sim_weight
        self.var_weight = var_weight
        self.cov_weight = cov_weight

    def forward(self, z: Tensor) -> Dict[str, Tensor]:
        """Loss of a batch.

        Args:
            z (Tensor): Un-normalised projections of both views,
                ``(2 * B, d)``, first views first.

        Returns:
            dict[str, Tensor]: ``loss_sim``, ``loss_var`` and ``loss_cov``.
        """
        z = at_least_fp32(z)
        one, other = z.chunk(2)
        variance, covariance = variance_covariance(
            gather(torch.stack((one, other), 1)))
        return dict(
            loss_sim=self.sim_weight * F.mse_loss(one, other),
            loss_var=self.var_weight * variance,
            loss_cov=self.cov_weight * 2 * covariance)
