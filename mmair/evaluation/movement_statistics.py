"""Hand-made movement statistics: the bar that features have to clear."""
import torch
from torch import Tensor


def movement_statistics(x: Tensor, fps: float) -> Tensor:
    """Statistics of a whole recording.

    Mean and deviation over time of every joint position, and mean, deviation
    and maximum of every joint's speed and acceleration, these as log(1 + v).

    Args:
        x (Tensor): Normalised positions, ``(M, T, V, C)``.
        fps (float): Frame rate in Hz.

    Returns:
        Tensor: ``(V * C * 2 + V * 6, )``, the mean over persons.
    """
    statistics = [x.mean(1).flatten(1), x.std(1, unbiased=False).flatten(1)]
    motion = x
    for _ in range(2):
        # A recording of one frame does not move.
        motion = (motion.diff(dim=1) * fps if motion.shape[1] > 1 else
                  torch.zeros_like(motion))
        size = motion.norm(dim=-1)
        statistics += [torch.log1p(s) for s in (
            size.mean(1), size.std(1, unbiased=False), size.amax(1))]
    return torch.cat(statistics, 1).mean(0)
