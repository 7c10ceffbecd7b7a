"""Contrast queries with keys against a queue of past keys."""
from typing import Optional

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS

from ..distributed import gather
from ..precision import at_least_fp32


def info_nce(logits: Tensor, positives: Optional[Tensor] = None) -> Tensor:
    """InfoNCE (van den Oord et al., 2018), with one positive or several.

    Args:
        logits (Tensor): Similarities over the temperature, ``(N, 1 + L)``,
            the key of the same sample first.
        positives (Tensor, optional): Further positives, ``(N, 1 + L)`` of
            bool with True first; their log-probabilities are averaged.

    Returns:
        Tensor: Mean over the samples.
    """
    log_p = F.log_softmax(logits, dim=1)
    if positives is None:
        return -log_p[:, 0].mean()
    return -((log_p * positives).sum(1) / positives.sum(1)).mean()


#: Keys in MoCo's queue.
_LONGEST = 65536


@MODELS.register_module()
class ContrastiveHead(BaseModule):
    """Momentum contrast (MoCo; He et al., CVPR 2020, eq. 1).

    A query should be nearest to its key among the keys of past batches. The
    queue of these, newest first, is a buffer; it starts with random
    directions, takes batches of any size, and gathers those of all
    processes. Its length is a share of the data, at most half: the longer it
    is, the more often it holds a key of the sample itself. It is never longer
    than MoCo's, 65536.

    Args:
        in_channels (int): Width d of the projections.
        temperature (float): T. Defaults to 0.07.
        queue (float): Length of the queue as a share of the recordings, at
            most 0.5, the default.
    """

    def __init__(self,
                 in_channels: int,
                 temperature: float = 0.07,
                 queue: float = 0.5,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        if not 0 < queue <= 0.5:
            raise InputError(
                f'ContrastiveHead: queue is {queue}, expected a share of the '
                'recordings above 0 and at most 0.5; a longer queue holds '
                'the sample itself more often')
        self.in_channels = in_channels
        self.temperature = temperature
        self.share = queue

    def allocate(self, num_recordings: int, device=None) -> None:
        """Make the queue, before a checkpoint is loaded into it."""
        length = max(1, min(_LONGEST, int(self.share * num_recordings)))
        # The same on every process, whatever they have drawn before.
        keys = torch.randn(length, self.in_channels,
                           generator=torch.Generator().manual_seed(0))
        self.register_buffer('queue', F.normalize(keys, dim=1).to(device))

    def logits(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Cosines with the own key and the queue, over the temperature.

        Args:
            queries (Tensor): Student projections, ``(N, d)``.
            keys (Tensor): Teacher projections, ``(N, d)``; no gradient.

        Returns:
            Tensor: ``(N, 1 + L)`` in at least fp32, the own key first.
        """
        queries, keys = (F.normalize(z, dim=1) for z in
                         (queries, keys.detach()))
        own = (queries * keys).sum(1, keepdim=True)
        # A copy: what enqueue writes must not reach the backward pass.
        past = queries @ self.queue.to(queries.dtype, copy=True).T
        both = torch.cat((own, past.to(own.dtype)), 1)
        return at_least_fp32(both) / self.temperature

    def loss(self, queries: Tensor, keys: Tensor) -> dict:
        """``loss_contrast``, InfoNCE of ``(N, d)`` and ``(N, d)``."""
        return dict(loss_contrast=info_nce(self.logits(queries, keys)))

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Put the newest keys ``(N, d)`` first and forget the oldest."""
        keys = gather(F.normalize(keys, dim=1)).to(self.queue)
        self.queue.copy_(torch.cat((keys, self.queue))[:len(self.queue)])
