"""What half precision cannot hold."""
import torch
from torch import Tensor


def at_least_fp32(x: Tensor) -> Tensor:
    """``x``, in fp32 if it is of half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
