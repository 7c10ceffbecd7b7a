"""How far two distributions differ."""
import math

import torch
from torch import Tensor


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    """Jensen-Shannon divergence in bits (Lin, 1991).

    0 where both are alike, 1 where they have nothing in common. Probabilities
    of 0 are taken for the least positive number, so that gradients are
    finite.

    Args:
        p (Tensor): Distributions, ``(*, K)``.
        q (Tensor): Likewise.

    Returns:
        Tensor: ``(*, )``.
    """
    p, q = (x.clamp(min=torch.finfo(x.dtype).tiny) for x in (p, q))
    middle = ((p + q) / 2).log()
    return ((p * (p.log() - middle)).sum(-1) +
            (q * (q.log() - middle)).sum(-1)) / (2 * math.log(2))
