"""The bytes of one source file."""
import os
import stat
from pathlib import Path
from typing import Union

from mmair.errors import InputError


def read_source(path: Union[str, Path], max_bytes: int) -> bytes:
    """Read a whole file, unless it is none or larger than can be meant.

    A pipe or a device is not opened: it may never end, or never begin.

    Args:
        path (str | Path): The file.
        max_bytes (int): The largest size that is read.

    Returns:
        bytes: The content.

    Raises:
        InputError: If it cannot be read, is no regular file or too large.
    """
    try:
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes:
            return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f'{path}: cannot be read ({error.strerror})') from error
    if stat.S_ISREG(status.st_mode):
        raise InputError(f'{path}: holds {status.st_size} bytes, expected at '
                         f'most {max_bytes}; cut it into shorter recordings')
    kind = 'a folder' if stat.S_ISDIR(status.st_mode) else 'a pipe or device'
    raise InputError(f'{path}: cannot be read (it is {kind}, expected a file)')
