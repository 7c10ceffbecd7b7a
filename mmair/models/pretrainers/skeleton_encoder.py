"""A backbone with its projector."""
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS


class SkeletonEncoder(BaseModule):
    """Backbone, mean over everything but channels, projector.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector of pooled features.
    """

    def __init__(self, backbone: dict, neck: dict, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)

    def project(self, maps: Tensor) -> Tensor:
        """Project feature maps, ``(N, M, D, T', V) -> (N, d)``."""
        return self.neck(maps.mean((1, 3, 4)))

    def forward(self, x: Tensor) -> Tensor:
        """Project windows, ``(N, M, T, V, C) -> (N, d)``."""
        return self.project(self.backbone(x))
