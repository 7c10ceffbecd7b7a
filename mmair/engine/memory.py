"""How a training on the CPU asks for memory."""
import ctypes
import platform

import torch

#: Of mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, for what comes next.

    glibc gives blocks of more than 32 MiB back to the kernel as soon as they
    are free, and a step of training on the CPU asks for many of them: the
    kernel clears each anew, page by page, which took a sixth of the steps of
    AIR and SkeletonCLR on EBEDB. No number changes. Nothing is done where
    there is a GPU or the C library is another one.
    """
    if platform.libc_ver()[0] == 'glibc' and not torch.cuda.is_available():
        mallopt = ctypes.CDLL(None).mallopt
        for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(option, 2**31 - 1)
