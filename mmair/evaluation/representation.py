"""What a set of features is like, whatever it is used for."""
import torch
import torch.nn.functional as F
from torch import Tensor

from mmair.errors import InputError


def some_of(total: int, most: int = 20000) -> Tensor:
    """Numbers below ``total``: all, or ``most`` of them, in order.

    What is measured of a set is measured of so many: time and memory do not
    grow without end. They are drawn, the same ones always: of recordings
    sorted by class every n-th might leave classes out.
    """
    if total <= most:
        return torch.arange(total)
    generator = torch.Generator().manual_seed(0)
    return torch.randperm(total, generator=generator)[:most].sort().values


def effective_rank(x: Tensor) -> float:
    """Effective rank of centred features (Roy & Vetterli, EUSIPCO 2007).

    Args:
        x (Tensor): ``(N, D)``.

    Returns:
        float: In [1, D]; 1 where all features lie on a line.

    Raises:
        InputError: If features are not finite.
    """
    if not x.isfinite().all():
        raise InputError('the features are not finite, as after a training '
                         'that has diverged; train again with a smaller '
                         'learning rate')
    x = x.double()
    share = F.normalize(torch.linalg.svdvals(x - x.mean(0)), p=1, dim=0)
    return float(torch.exp(-torch.xlogy(share, share).sum()))


def linear_cka(x: Tensor, y: Tensor) -> float:
    """Linear centred kernel alignment (Kornblith et al., ICML 2019).

    Args:
        x (Tensor): ``(N, D1)``.
        y (Tensor): ``(N, D2)``.

    Returns:
        float: In [0, 1]; 1 where the representations are the same up to
        rotation and scale.
    """
    x, y = (v.double() - v.double().mean(0) for v in (x, y))
    cross = (x.T @ y).norm()**2
    return float(cross / ((x.T @ x).norm() * (y.T @ y).norm()).clamp(1e-12))
