"""Where the discrete labels of AMDL come from."""
from abc import abstractmethod
from typing import List, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS

from ..distributed import gather
from ..precision import at_least_fp32


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
    log_q = at_least_fp32(scores) / eps
    for _ in range(num_iters):
        log_q = log_q.log_softmax(0).log_softmax(1)
    return log_q.exp()


def spherical_k_means(x: Tensor, centroids: Tensor,
                      num_iters: int = 20) -> Tensor:
    """Lloyd's algorithm on directions (Dhillon & Modha, 2001).

    There is no random number in it. A cluster that loses all its samples
    begins anew at one of those that lie farthest from their centroids.

    Args:
        x (Tensor): Directions, ``(N, d)`` of length 1, N at least K.
        centroids (Tensor): To begin with, ``(K, d)`` of length 1.
        num_iters (int): Defaults to 20.

    Returns:
        Tensor: Centroids, ``(K, d)`` of length 1.
    """
    for _ in range(num_iters):
        similarity, code = (x @ centroids.T).max(1)
        # A product, not index_add_: the same on every device and run.
        total = F.one_hot(code, len(centroids)).to(x).T @ x
        empty = torch.bincount(code, minlength=len(centroids)) == 0
        total[empty] = x[similarity.argsort(stable=True)[:int(empty.sum())]]
        centroids = F.normalize(total, dim=1)
    return centroids


class LabelAssigner(BaseModule):
    """Base class of what makes labels of teacher projections.

    What it keeps is in buffers, alike on every process.
    """

    def allocate(self, num_recordings: int, num_labels: Sequence[int],
                 in_channels: int) -> None:
        """Make the buffers, before a checkpoint is loaded into them.

        Args:
            num_recordings (int): N_d.
            num_labels (Sequence[int]): K_r of each scale.
            in_channels (int): Width d of the projections.
        """

    def observe(self, index: Tensor, z: Tensor) -> None:
        """Take note of the recordings of a batch.

        Args:
            index (Tensor): Sample indices, ``(B, )``.
            z (Tensor): Their projections, ``(B, d)``.
        """

    def refresh(self, prototypes: Sequence[Tensor]) -> None:
        """Called after each epoch.

        Args:
            prototypes (Sequence[Tensor]): Those of each scale, ``(K_r, d)``
                of length 1.
        """

    @abstractmethod
    def forward(self, z: Tensor, scores: Sequence[Tensor]) -> List[Tensor]:
        """Label distributions.

        Args:
            z (Tensor): Projections of length 1, of all processes, those of
                past batches behind them, ``(N, d)``.
            scores (Sequence[Tensor]): Their cosines with the prototypes of
                each scale, ``(N, K_r)``.

        Returns:
            list[Tensor]: ``(N, K_r)`` for each scale, in at least fp32; rows
            sum to 1.
        """


@MODELS.register_module()
class SinkhornAssigner(LabelAssigner):
    """Balanced: every label gets the same share (SwAV, :func:`sinkhorn`).

    Args:
        eps (float): Entropy weight; small is hard. Defaults to 0.05.
        num_iters (int): Number of normalisations. Defaults to 3.
    """

    def __init__(self, eps: float = 0.05, num_iters: int = 3,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.eps = eps
        self.num_iters = num_iters

    def forward(self, z: Tensor, scores: Sequence[Tensor]) -> List[Tensor]:
        """Balanced over the batch and what is known of past ones."""
        return [sinkhorn(s, self.eps, self.num_iters) for s in scores]


@MODELS.register_module()
class KMeansAssigner(SinkhornAssigner):
    """Clusters of all recordings, found anew after each epoch.

    Our reading of DeepCluster (Caron et al., ECCV 2018) and PCRP: spherical
    k-means on the teacher's projections of the recordings (mean of both
    views) as they passed by in the epoch; the label of a view is its nearest
    centroid. Clusters begin at the prototypes, so that they keep their names
    from epoch to epoch and there is nothing to seed. In the first epoch there
    is nothing to cluster yet; its labels are those of
    :class:`SinkhornAssigner`.

    Args:
        rounds (int): Iterations of k-means. Defaults to 20.
        **kwargs: Of the first epoch, see :class:`SinkhornAssigner`.
    """

    def __init__(self, rounds: int = 20, **kwargs) -> None:
        super().__init__(**kwargs)
        self.rounds = rounds

    def allocate(self, num_recordings: int, num_labels: Sequence[int],
                 in_channels: int) -> None:
        """Make a bank of projections, centroids and a flag."""
        self.num_labels = tuple(num_labels)
        self.register_buffer('bank', torch.zeros(num_recordings, in_channels))
        self.register_buffer('centroids', torch.zeros(sum(num_labels),
                                                      in_channels))
        self.register_buffer('clustered', torch.zeros((), dtype=torch.bool))

    @torch.no_grad()
    def observe(self, index: Tensor, z: Tensor) -> None:
        """Keep the projections of a batch."""
        self.bank[gather(index)] = gather(F.normalize(z, dim=1)).to(self.bank)

    @torch.no_grad()
    def refresh(self, prototypes: Sequence[Tensor]) -> None:
        """Cluster the recordings that the epoch has had."""
        seen = self.bank[self.bank.any(1)]
        if len(seen) < max(self.num_labels):
            raise InputError(
                f'KMeansAssigner: {len(seen)} recordings passed by in an '
                f'epoch, expected at least {max(self.num_labels)}, the '
                'largest of head.num_labels; set smaller ones')
        self.centroids.copy_(torch.cat([
            spherical_k_means(seen, p.to(seen), self.rounds)
            for p in prototypes]))
        self.clustered.fill_(True)

    def forward(self, z: Tensor, scores: Sequence[Tensor]) -> List[Tensor]:
        """One-hot: the nearest centroid."""
        if not self.clustered:
            return super().forward(z, scores)
        z = z.to(self.centroids)
        return [F.one_hot((z @ c.T).argmax(1), len(c)).to(z)
                for c in self.centroids.split(self.num_labels)]


@MODELS.register_module()
class CenteringAssigner(LabelAssigner):
    """Centred and sharpened, without a balance that is exact.

    DINO (Caron et al., ICCV 2021, section 3.1): softmax((s - c) / T) with c
    the moving average of the scores s. Taking off the mean keeps one label
    from taking all, the low temperature keeps labels from becoming even. The
    mean is over what the head hands over, its queue included; as in the
    original with ``queue_length=0``.

    Args:
        momentum (float): Of the mean. Defaults to 0.9.
        temperature (float): T, below that of the student. Defaults to 0.04.
    """

    def __init__(self, momentum: float = 0.9, temperature: float = 0.04,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.momentum = momentum
        self.temperature = temperature

    def allocate(self, num_recordings: int, num_labels: Sequence[int],
                 in_channels: int) -> None:
        """Make the mean, of all scales one after the other."""
        self.num_labels = tuple(num_labels)
        self.register_buffer('center', torch.zeros(sum(num_labels)))

    @torch.no_grad()
    def forward(self, z: Tensor, scores: Sequence[Tensor]) -> List[Tensor]:
        """By the mean of past batches; then the mean follows this one."""
        scores = [at_least_fp32(s) for s in scores]
        labels = [((s - c) / self.temperature).softmax(1) for s, c in zip(
            scores, self.center.split(self.num_labels))]
        mean = torch.cat([s.mean(0) for s in scores])
        self.center.lerp_(mean.to(self.center), 1 - self.momentum)
        return labels
