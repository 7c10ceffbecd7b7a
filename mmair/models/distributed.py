"""What several processes must do to count as one."""
import torch
import torch.distributed as torch_dist
from mmengine.dist import get_dist_info
from torch import Tensor


class _Gather(torch.autograd.Function):
    """All-gather whose gradient is summed over the processes."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x)
                 for _ in range(torch_dist.get_world_size())]
        torch_dist.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        grad = grad.contiguous()
        torch_dist.all_reduce(grad)
        size = len(grad) // torch_dist.get_world_size()
        return grad[torch_dist.get_rank() * size:][:size]


def gather(x: Tensor) -> Tensor:
    """Concatenate a batch over all processes, with gradients.

    The backward pass sums the gradients of all processes, which
    ``DistributedDataParallel`` then averages: a loss that every process
    computes on the whole gathered batch gets the gradient that one process
    would give it.

    Args:
        x (Tensor): ``(B, ...)``, of the same shape on every process.

    Returns:
        Tensor: ``(world_size * B, ...)``, in the order of the ranks.
    """
    return x if get_dist_info()[1] == 1 else _Gather.apply(x)


def own_part(x: Tensor) -> Tensor:
    """This process's part of what :func:`gather` concatenated."""
    rank, world = get_dist_info()
    size = len(x) // world
    return x[rank * size:(rank + 1) * size]
