"""AMDL, the appendage-refined multi-scale discrete-label head."""
from typing import Dict, List, Optional, Sequence, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather, own_part
from ..precision import at_least_fp32


@MODELS.register_module()
class DiscreteLabelHead(BaseModule):
    """Predict discrete labels at several scales (AMDL).

    Our reading of AIR's "appendage-refined multi-scale discrete label"
    module: a scale is a number of labels, coarse (about emotions) to fine
    (about emotion x action). Each scale has its prototypes; the label of a
    sample is the arg max of an assignment of its teacher projection to them,
    balanced by default, and the student classifies another view into it.

    Several processes gather their projections and assign them as one.
    :class:`TemporalLabelHead` reads "scale" as a span of time.

    Args:
        in_channels (int): Width d of the projections.
        num_labels (Sequence[int]): Labels of each scale, coarse to fine.
            Defaults to (8, 16, 32).
        temperature (float): Of the student's and the limbs' softmax.
            Defaults to 0.1.
        assigner (dict, optional): Where labels come from; by default
            :class:`SinkhornAssigner`, else :class:`KMeansAssigner` or
            :class:`CenteringAssigner`.
        queue_length (int): Projections of past batches that take part in the
            assignment; a balanced one needs them where a batch (times two
            views) is smaller than 4 times the largest scale. Defaults to 0.
        hard (bool): Whether a label is one code or a distribution. Defaults
            to True: "discrete", "classification".
        freeze (float): Share of the training during which the prototypes
            stay as initialised. Defaults to 0.02.
    """

    #: Into how many spans of time a window is cut, beside the whole of it.
    spans: Tuple[int, ...] = ()

    def __init__(self,
                 in_channels: int,
                 num_labels: Sequence[int] = (8, 16, 32),
                 temperature: float = 0.1,
                 assigner: Optional[dict] = None,
                 queue_length: int = 0,
                 hard: bool = True,
                 freeze: float = 0.02,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.num_labels = tuple(num_labels)
        self.temperature = temperature
        self.assigner = MODELS.build(
            assigner or dict(type='mmair.SinkhornAssigner'))
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

    def allocate(self, num_recordings: int) -> None:
        """Make the buffers of the assigner, before a checkpoint is loaded."""
        self.assigner.allocate(num_recordings, self.num_labels,
                               self.in_channels)
        self.assigner.to(self.queue.device)

    def observe(self, index: Tensor, z: Tensor) -> None:
        """Tell the assigner of recordings ``(B, )``, ``(B, d)``."""
        self.assigner.observe(index, z)

    @torch.no_grad()
    def refresh(self) -> None:
        """Called after each epoch."""
        self.assigner.refresh(self.directions())

    def directions(self) -> List[Tensor]:
        """The prototypes of each scale, ``(K_r, d)``, of length 1."""
        return [F.normalize(p, dim=1) for p in self.prototypes]

    def similarities(self, z: Tensor) -> List[Tensor]:
        """Cosines with the prototypes of each scale.

        Args:
            z (Tensor): Projections, ``(N, ..., d)``.

        Returns:
            list[Tensor]: ``(N, ..., K_r)`` for each scale r.
        """
        z = F.normalize(z, dim=-1)
        prototypes = self.directions()
        if self.frozen:
            # A gradient of zero, which DistributedDataParallel waits for.
            prototypes = [p.detach() + 0 * p for p in prototypes]
        return [z @ p.to(z.dtype).T for p in prototypes]

    def log_probs(self, z: Tensor) -> List[Tensor]:
        """Log-probabilities of the labels, ``(N, ..., K_r)`` a scale."""
        return [F.log_softmax(at_least_fp32(s) / self.temperature, dim=-1)
                for s in self.similarities(z)]

    @torch.no_grad()
    def probs(self, z: Tensor) -> List[Tensor]:
        """Probabilities of the labels, ``(N, ..., K_r)`` a scale; those of a
        teacher, without gradients."""
        return [log_p.exp() for log_p in self.log_probs(z)]

    @torch.no_grad()
    def assign(self, z: Tensor) -> List[Tensor]:
        """Labels of teacher projections.

        Args:
            z (Tensor): Teacher projections of all views, ``(N, d)``.

        Returns:
            list[Tensor]: ``(N, K_r)`` for each scale: one-hot, or
            distributions where ``hard`` is off.
        """
        z = F.normalize(z, dim=1)
        batch = gather(z)
        past = self.queue[:int(self.queue_filled)].to(z.dtype)
        known = torch.cat((batch, past))
        labels = [own_part(q[:len(batch)])
                  for q in self.assigner(known, self.similarities(known))]
        self._enqueue(batch)
        if self.hard:
            labels = [F.one_hot(q.argmax(1), q.shape[1]).to(q)
                      for q in labels]
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
        return self.cross_entropy(labels, self.log_probs(z))

    @staticmethod
    def cross_entropy(labels: Sequence[Tensor],
                      log_probs: Sequence[Tensor]) -> Dict[str, Tensor]:
        """``loss_body`` of ``(N, K_r)`` and ``(N, K_r)`` for each scale."""
        per_scale = [-(y * p).sum(1).mean()
                     for y, p in zip(labels, log_probs)]
        return dict(loss_body=torch.stack(per_scale).mean())
