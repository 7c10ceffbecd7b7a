"""AimCLR: contrast with extreme augmentations."""
from typing import Dict, Optional, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather
from ..heads import info_nce
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
        neighbors (int): Mined keys per view. Defaults to 1.
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
            self.student.project(attention_drop(maps))))
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


def distribution_divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of one view's distribution with another's.

    AimCLR's distributional divergence (Guo et al., AAAI 2022): the view that
    was changed much should see the keys as the one that was changed little.

    Args:
        logits (Tensor): Of the view that learns, ``(N, 1 + L)``.
        target (Tensor): Logits of the view that teaches; no gradient.

    Returns:
        Tensor: Mean over the samples.
    """
    p = target.detach().softmax(1)
    return -(p * F.log_softmax(logits, dim=1)).sum(1).mean()


def mine_positives(logits: Sequence[Tensor], num: int) -> Tensor:
    """AimCLR's nearest neighbours mining.

    The ``num`` nearest keys of the queue for each of the views count as
    positives of the sample, beside its own key.

    Args:
        logits (Sequence[Tensor]): Of each view, ``(N, 1 + L)``.
        num (int): Neighbours per view.

    Returns:
        Tensor: Positives, ``(N, 1 + L)`` of bool.
    """
    positives = torch.zeros_like(logits[0], dtype=torch.bool)
    positives[:, 0] = True
    for each in logits:
        nearest = each[:, 1:].topk(min(num, each.shape[1] - 1), dim=1)
        positives.scatter_(1, nearest.indices + 1, True)
    return positives


def attention_drop(x: Tensor, threshold: float = 0.7) -> Tensor:
    """AimCLR's energy-based attention-guided drop (EADM).

    The attention of a place of the feature map is the sigmoid of its inverse
    energy, as in SimAM (Yang et al., ICML 2021): e = d^2 / (4 (var +
    lambda)) + 1/2, d being the deviation from the mean of the channel. Joints
    whose mean attention reaches the threshold are dropped, then single
    places; what is left is scaled up by what was lost, averaged over the
    batch on all processes. As in the authors' code places are judged by the
    map before joints were dropped, and nothing is random.

    Args:
        x (Tensor): Feature maps, ``(N, M, D, T, V)``.
        threshold (float): Attention from which a place is dropped. Defaults
            to 0.7.

    Returns:
        Tensor: Of the same shape.
    """
    with torch.no_grad():  # attention in (0.6, 1)
        deviation = (x - x.mean((3, 4), keepdim=True)).square()
        variance = deviation.sum((3, 4), keepdim=True) / (
            x.shape[3] * x.shape[4] - 1)
        attention = torch.sigmoid(deviation / (4 * (variance + 1e-4)) + 0.5)
    of_joints = attention.mean((2, 3), keepdim=True)
    for each in (of_joints, attention):
        kept = (each < threshold).to(x)
        share = gather(kept.mean()[None]).mean()
        # Where all would be dropped nothing can be scaled up.
        x = x * kept / share.clamp(min=1e-6)
    return x
