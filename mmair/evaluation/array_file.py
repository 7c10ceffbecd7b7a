"""Named arrays in a file that runs no code when it is read."""
import zipfile
from pathlib import Path
from typing import Dict, Sequence, Union

import numpy as np

from mmair.errors import InputError


def save_arrays(path: Union[str, Path], **arrays: np.ndarray) -> None:
    """Write arrays of numbers or text to an ``.npz``.

    Args:
        path (str | Path): The file; its folder is made.
        **arrays (np.ndarray): By name.

    Raises:
        InputError: If the name does not end in ``.npz``, or the file cannot
            be written.
    """
    path = Path(path)
    if path.suffix != '.npz':
        raise InputError(f'{path}: the name of the file must end in .npz')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)
    except OSError as error:
        raise InputError(f'{path}: cannot be written '
                         f'({error.strerror or error})') from error


def load_arrays(path: Union[str, Path], names: Sequence[str],
                source: str) -> Dict[str, np.ndarray]:
    """Read arrays that have one row a recording, and ``classes``.

    Args:
        path (str | Path): An ``.npz``.
        names (Sequence[str]): The arrays that it must hold.
        source (str): For messages: what writes such a file.

    Returns:
        dict[str, np.ndarray]: The arrays.

    Raises:
        InputError: If it is no such file, or its arrays are not of one
            length.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError('one array alone')
            missing = [name for name in names if name not in file.files]
            if missing:
                raise InputError(f'{path}: lacks {", ".join(missing)}; write '
                                 f'it with {source}')
            arrays = {name: file[name] for name in names}
    except InputError:
        raise
    except OSError as error:
        raise InputError(f'{path}: cannot be read '
                         f'({error.strerror or error})') from error
    except Exception as error:  # a garbled file may fail in any way
        reason = ('no zip archive' if not zipfile.is_zipfile(path) else
                  type(error).__name__)
        raise InputError(f'{path}: is no .npz of plain arrays ({reason}); '
                         f'write it with {source}') from error
    lengths = {name: len(array) if array.ndim else None
               for name, array in arrays.items() if name != 'classes'}
    if None in lengths.values() or len(set(lengths.values())) > 1:
        raise InputError(f'{path}: its arrays have the lengths {lengths}, '
                         'expected one row a recording in each; write it '
                         f'with {source}')
    return arrays
