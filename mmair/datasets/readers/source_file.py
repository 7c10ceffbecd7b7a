"""Source files: which there are, and the bytes of one."""
import os
import stat
from pathlib import Path
from typing import Collection, FrozenSet, Iterator, List, Optional, Union

from mmair.errors import InputError


def find_sources(folder: Union[str, Path],
                 suffixes: Collection[str]) -> List[Path]:
    """Find the files below a folder by their endings, in any case.

    Links to folders are followed, but not to a folder above.

    Args:
        folder (str | Path): The folder.
        suffixes (Collection[str]): Endings in lower case, with the dot.

    Returns:
        list[Path]: What ends so, in no order.

    Raises:
        InputError: If the folder, or one below it, cannot be read.
    """
    def walk(path: Path, above: FrozenSet[str]) -> Iterator[Path]:
        above = above | {os.path.realpath(path)}
        try:
            names = os.listdir(path)
        except OSError as error:
            raise InputError(f'{path}: cannot be read as a folder '
                             f'({error.strerror})') from error
        for entry in map(path.joinpath, names):
            if entry.suffix.lower() in suffixes:
                yield entry
            if os.path.isdir(entry) and os.path.realpath(entry) not in above:
                yield from walk(entry, above)

    return list(walk(Path(folder), frozenset()))


def read_source(path: Union[str, Path], max_bytes: int,
                advice: Optional[str] = None) -> bytes:
    """Read a whole file, unless it is none or larger than can be meant.

    A pipe or a device is not opened: it may never end, or never begin.

    Args:
        path (str | Path): The file.
        max_bytes (int): The largest size that is read.
        advice (str, optional): What to do with a larger one. By default
            cut it.

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
                         f'most {max_bytes}; '
                         f'{advice or "cut it into shorter recordings"}')
    kind = 'a folder' if stat.S_ISDIR(status.st_mode) else 'a pipe or device'
    raise InputError(f'{path}: cannot be read (it is {kind}, expected a file)')
