"""SkeletonCLR: momentum contrast of skeletons."""
from typing import Dict, List, Optional

import torch
from torch import Tensor

from mmair.registry import MODELS

from .base_pretrainer import isotropy, other_view
from .skeleton_encoder import SkeletonEncoder
from .teacher import TeacherPretrainer


@MODELS.register_module()
class SkeletonCLR(TeacherPretrainer):
    """MoCo v2 on skeletons, the baseline of CrosSCLR and AimCLR.

    He et al., CVPR 2020 (MoCo); Chen et al., 2020 (MoCo v2); Li et al., CVPR
    2021 (SkeletonCLR). Each view is a query against the other's key, so that
    a step teaches as much of a batch as AIR's does; the original asks one
    way. The originals' constant momentum of 0.999 is meant for 10^5 steps;
    here it starts lower and rises to 1.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector.
        head (dict): :class:`ContrastiveHead`.
        momentum (float): Of the key encoder at the start. Defaults to 0.99.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 head: dict,
                 momentum: float = 0.99,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        super().__init__(SkeletonEncoder(backbone, neck), momentum,
                         data_preprocessor, init_cfg)
        self.head = MODELS.build(head)

    def attach(self, recordings: List[dict]) -> None:
        """Allocate the queue."""
        self.head.allocate(len(recordings), next(self.parameters()).device)

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with two views, ``(B, 2, M, T, V, C)``."""
        views, = self.views(inputs)
        with torch.no_grad():
            keys = self.teacher(views)
        queries = self.student(views)
        losses = self.head.loss(queries, other_view(keys))
        for of_view in keys.chunk(2):
            self.head.enqueue(of_view)
        return dict(losses, z_std=isotropy(queries))
