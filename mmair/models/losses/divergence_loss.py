"""AimCLR's losses on distributions over the own key and the queue."""
from typing import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


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
        num (int): Neighbours a view.

    Returns:
        Tensor: Positives, ``(N, 1 + L)`` of bool.
    """
    positives = torch.zeros_like(logits[0], dtype=torch.bool)
    positives[:, 0] = True
    for each in logits:
        nearest = each[:, 1:].topk(min(num, each.shape[1] - 1), dim=1)
        positives.scatter_(1, nearest.indices + 1, True)
    return positives
