"""AMDL, the appendage-refined multi-scale discrete-label head."""
from typing import Dict, List, Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather, own_part


def sinkhorn(scores: Tensor,
             eps: float = 0.05,
             num_iters: int = 3) -> Tensor:
    """Balanced soft assignment of samples to labels.

    Sinkhorn-Knopp as in SwAV (Caron et al., NeurIPS 2020, eq. 3-5): every
    label gets the same share of the samples. Computed in at least fp32 on
    logarithms, so that no score is too large or too small.

    Args:
        scores (Tensor): Similarities, ``(N, K)``.
        eps (float): Entropy weight; small is hard. Defaults to 0.05.
        num_iters (int): Number of normalisations. Defaults to 3.

    Returns:
        Tensor: Assignment, ``(N, K)``; rows sum to 1.
    """
    log_q = scores.to(torch.promote_types(scores.dtype, torch.float32)) / eps
    for _ in range(num_iters):
        log_q = log_q.log_softmax(0).log_softmax(1)
    return log_q.exp()


@MODELS.register_module()
class DiscreteLabelHead(BaseModule):
    """Predict discrete labels at several scales (AMDL).

    Our reading of AIR's "appendage-refined multi-scale discrete label"
    module: a scale is a number of labels, coarse (about emotions) to fine
    (about emotion x action). Each scale has its prototypes; the label of a
    sample is the arg max of a balanced assignment of its teacher projection
    to them, and the student classifies another view into it.

    Several processes gather their projections and assign them as one.

    Args:
        in_channels (int): Width d of the projections.
        num_labels (Sequence[int]): Labels of each scale, coarse to fine.
            Defaults to (8, 16, 32).
        temperature (float): Of the student's and the limbs' softmax.
            Defaults to 0.1.
        eps (float): Entropy weight of the assignment. Defaults to 0.05.
        queue_length (int): Projections of past batches that take part in the
            assignment; needed where a batch (times two views) is smaller than
            4 times the largest scale. Defaults to 0.
        hard (bool): Whether a label is one code or a distribution. Defaults
            to True: "discrete", "classification".
        freeze (float): Share of the training during which the prototypes
            stay as initialised. Defaults to 0.02.
    """

    def __init__(self,
                 in_channels: int,
                 num_labels: Sequence[int] = (8, 16, 32),
                 temperature: float = 0.1,
                 eps: float = 0.05,
                 queue_length: int = 0,
                 hard: bool = True,
                 freeze: float = 0.02,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.num_labels = tuple(num_labels)
        self.temperature = temperature
        self.eps = eps
        self.hard = hard
        self.freeze = freeze
        self.frozen = False
        self.prototypes = nn.ParameterList(
            F.normalize(torch.randn(k, in_channels), dim=1)
            for k in self.num_labels)
        self.register_buffer('queue', torch.zeros(queue_length, in_channels))
        self.register_buffer('queue_filled', torch.zeros((),
                                                         dtype=torch.long))

    def set_progress(self, progress: float) -> None:
        """Unfreeze the prototypes after the first part of the training."""
        self.frozen = progress < self.freeze

    def similarities(self, z: Tensor) -> List[Tensor]:
        """Cosines with the prototypes of each scale.

        Args:
            z (Tensor): Projections, ``(N, ..., d)``.

        Returns:
            list[Tensor]: ``(N, ..., K_r)`` for each scale r.
        """
        z = F.normalize(z, dim=-1)
        prototypes = [F.normalize(p, dim=1) for p in self.prototypes]
        if self.frozen:
            # A gradient of zero, which DistributedDataParallel waits for.
            prototypes = [p.detach() + 0 * p for p in prototypes]
        return [z @ p.to(z.dtype).T for p in prototypes]

    def log_probs(self, z: Tensor) -> List[Tensor]:
        """Log-probabilities of the labels, ``(N, ..., K_r)`` a scale."""
        dtype = torch.promote_types(z.dtype, torch.float32)
        return [F.log_softmax(s.to(dtype) / self.temperature, dim=-1)
                for s in self.similarities(z)]

    @torch.no_grad()
    def assign(self, z: Tensor) -> List[Tensor]:
        """Labels of teacher projections.

        Args:
            z (Tensor): Teacher projections of all views, ``(N, d)``.

        Returns:
            list[Tensor]: ``(N, K_r)`` for each scale: one-hot, or balanced
            distributions where ``hard`` is off.
        """
        z = F.normalize(z, dim=1)
        batch = gather(z)
        past = self.queue[:int(self.queue_filled)].to(z.dtype)
        labels = []
        for scores in self.similarities(torch.cat((batch, past))):
            q = own_part(sinkhorn(scores, self.eps)[:len(batch)])
            labels.append(F.one_hot(q.argmax(1), q.shape[1]).to(q)
                          if self.hard else q)
        self._enqueue(batch)
        return labels

    def _enqueue(self, batch: Tensor) -> None:
        """Keep the newest projections, newest first."""
        length = len(self.queue)
        if length:
            self.queue.copy_(torch.cat((batch.to(self.queue),
                                        self.queue))[:length])
            self.queue_filled.fill_(
                min(length, int(self.queue_filled) + len(batch)))

    def loss(self, z: Tensor, labels: Sequence[Tensor]) -> Dict[str, Tensor]:
        """Classify the student's projections into labels.

        Args:
            z (Tensor): Student projections, ``(N, d)``.
            labels (Sequence[Tensor]): Target distribution of each scale,
                ``(N, K_r)``.

        Returns:
            dict[str, Tensor]: ``loss_body``, the cross-entropy averaged over
            samples and scales.
        """
        per_scale = [-(y * p).sum(1).mean()
                     for y, p in zip(labels, self.log_probs(z))]
        return dict(loss_body=torch.stack(per_scale).mean())
