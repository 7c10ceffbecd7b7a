"""AMDL on short segments: name what each appendage does."""
from typing import Dict

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmair.registry import MODELS

from ..precision import at_least_fp32


@MODELS.register_module()
class SegmentLabelHead(BaseModule):
    """Classify segments of each group of joints into their discrete labels.

    The finest scale of AMDL, our reading: the student sees a disturbed view
    and names, for every half second, the label that a codebook gives each
    limb, each pair of limbs and the midline of the undisturbed one, in each
    stream (positions, their change, positions less the mean posture).

    Args:
        in_channels (int): Channels D of the GCN.
        num_groups (int): Groups G that are labelled.
        num_streams (int): Labels S of a segment.
        num_labels (int): Codes K.
        loss_weight (float): Defaults to 1.
    """

    def __init__(self,
                 in_channels: int,
                 num_groups: int,
                 num_streams: int,
                 num_labels: int,
                 loss_weight: float = 1.,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.loss_weight = loss_weight
        self.num_labels = num_labels
        self.fc = nn.ModuleList(
            nn.Linear(in_channels, num_streams * num_labels)
            for _ in range(num_groups))

    def loss(self, features: Tensor, labels: Tensor) -> Dict[str, Tensor]:
        """Cross-entropy, averaged over groups, streams and segments.

        Args:
            features (Tensor): The student's map, pooled over the joints of
                each group, ``(N, G, D, T')``.
            labels (Tensor): ``(N, T_s, G, S)``; the nearest in time is taken
                where T_s is not T'.

        Returns:
            dict[str, Tensor]: ``loss_segments``, and the share of labels
            that are named right, ``segments_right``.
        """
        time, segments = features.shape[3], labels.shape[1]
        nearest = ((torch.arange(time, device=labels.device) + 0.5)
                   * segments / time).long()
        labels = labels[:, nearest]
        losses, right = [], []
        for group, fc in enumerate(self.fc):
            # (N, T', S * K) -> (N * T' * S, K)
            logits = fc(features[:, group].transpose(1, 2)).reshape(
                -1, self.num_labels)
            target = labels[:, :, group].flatten()
            losses.append(F.cross_entropy(at_least_fp32(logits), target))
            right.append((logits.detach().argmax(1) == target).double()
                         .mean())
        return dict(
            loss_segments=self.loss_weight * torch.stack(losses).mean(),
            segments_right=torch.stack(right).mean().float())
