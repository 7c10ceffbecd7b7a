"""AimCLR: contrast with extreme augmentations."""
from typing import Dict, Optional

import torch
from torch import Tensor

from mmair.registry import MODELS

from ..heads import info_nce
from ..losses import distribution_divergence, mine_positives
from ..necks import EnergyAttentionDrop
from .base_pretrainer import isotropy
from .skeleton_clr import SkeletonCLR


@MODELS.register_module()
class AimCLR(SkeletonCLR):
    """Contrastive learning with extremely augmented skeletons.

    Guo et al., AAAI 2022; it builds on SkeletonCLR. Beside a query and a key
    there is an extremely augmented view (:class:`ExtremeView`), whose feature
    map is also taken with its most attended places dropped (EADM). Both
    should see the keys as the query does (D3M); after a part of the training
    the nearest keys of all three count as positives (NNM). Where paper and
    released code differ this is the code: several positives'
    log-probabilities are averaged.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector.
        head (dict): :class:`ContrastiveHead`.
        mining (float): Share of the training after which neighbours are
            mined. Defaults to 0.5, as 150 of 300 epochs.
        neighbors (int): Mined keys a view. Defaults to 1.
        momentum (float): Of the key encoder at the start. Defaults to 0.99.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    num_views = 3
    backbone_passes = (2, 1)

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 head: dict,
                 mining: float = 0.5,
                 neighbors: int = 1,
                 momentum: float = 0.99,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        super().__init__(backbone, neck, head, momentum, data_preprocessor,
                         init_cfg)
        self.drop = EnergyAttentionDrop()
        self.mining = mining
        self.neighbors = neighbors

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with query, key and extreme view.

        Args:
            inputs (Tensor | dict): ``(B, 3, M, T, V, C)``.
            data_samples (list[ActionDataSample]): Not looked at.

        Returns:
            dict[str, Tensor]: ``loss_contrast``, ``loss_extreme`` and
            ``loss_drop``, and the meter ``z_std``.
        """
        query, key, extreme = self.views(inputs)[0].chunk(3)
        with torch.no_grad():
            keys = self.teacher(key)
        z = self.student(query)
        maps = self.student.backbone(extreme)  # EADM
        normal, changed, dropped = (self.head.logits(each, keys) for each in (
            z, self.student.project(maps),
            self.student.project(self.drop(maps))))
        positives = None
        if self.progress >= self.mining:  # NNM
            positives = mine_positives((normal, changed, dropped),
                                       self.neighbors)
        self.head.enqueue(keys)
        return dict(  # D3M
            loss_contrast=info_nce(normal, positives),
            loss_extreme=distribution_divergence(changed, normal) / 2,
            loss_drop=distribution_divergence(dropped, normal) / 2,
            z_std=isotropy(z))
