"""Drop what an encoder attends to most."""
import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather


@MODELS.register_module()
class EnergyAttentionDrop(BaseModule):
    """AimCLR's energy-based attention-guided drop module (EADM).

    The attention of a place of the feature map is the sigmoid of its inverse
    energy, as in SimAM (Yang et al., ICML 2021): e = d^2 / (4 (var +
    lambda)) + 1/2, d being the deviation from the mean of the channel. Joints
    whose mean attention reaches the threshold are dropped, then single
    places; what is left is scaled up by what was lost, averaged over the
    batch on all processes. As in the authors' code places are judged by the
    map before joints were dropped, and nothing is random.

    Args:
        threshold (float): Attention from which a place is dropped. Defaults
            to 0.7.
        eps (float): lambda. Defaults to 1e-4.
    """

    def __init__(self,
                 threshold: float = 0.7,
                 eps: float = 1e-4,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.threshold = threshold
        self.eps = eps

    @torch.no_grad()
    def attention(self, x: Tensor) -> Tensor:
        """Attention in (0.6, 1), ``(N, D, T, V) -> (N, D, T, V)``."""
        deviation = (x - x.mean((2, 3), keepdim=True)).square()
        variance = deviation.sum((2, 3), keepdim=True) / (
            x.shape[2] * x.shape[3] - 1)
        return torch.sigmoid(deviation / (4 * (variance + self.eps)) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Drop from feature maps, ``(N, M, D, T, V)``, of the same shape."""
        attention = self.attention(x.flatten(0, 1)).view_as(x)
        of_joints = attention.mean((2, 3), keepdim=True)
        for each in (of_joints, attention):
            kept = (each < self.threshold).to(x)
            share = gather(kept.mean()[None]).mean()
            # Where all would be dropped nothing can be scaled up.
            x = x * kept / share.clamp(min=1e-6)
        return x
