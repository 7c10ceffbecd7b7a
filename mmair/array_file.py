"""Named arrays in a file that runs no code when it is read."""
import math
import zipfile
from pathlib import Path
from typing import Dict, Sequence, Tuple, Union

import numpy as np

from mmair.errors import InputError, writing

_MOST_CLASSES = 10**4


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
    with writing(path):
        np.savez_compressed(path, **arrays)


def load_arrays(path: Union[str, Path], names: Sequence[str],
                source: str) -> Dict[str, np.ndarray]:
    """Read arrays of one length, and ``classes``, which has its own.

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
            shapes = {name: _shape(file, name) for name in names}
            lengths = {name: shape[0] if shape else None
                       for name, shape in shapes.items() if name != 'classes'}
            if None in lengths.values() or len(set(lengths.values())) > 1:
                raise InputError(
                    f'{path}: its arrays have the lengths {lengths}, '
                    f'expected one length; write it with {source}')
            if math.prod(shapes.get('classes', ())) > _MOST_CLASSES:
                raise InputError(
                    f'{path}: has classes of shape {shapes["classes"]}, '
                    f'expected at most {_MOST_CLASSES} names; write it with '
                    f'{source}')
            return {name: file[name] for name in names}
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


def _shape(file: np.lib.npyio.NpzFile, name: str) -> Tuple[int, ...]:
    """Of a plain array, from its header: a small file may hold a huge one."""
    with file.zip.open(f'{name}.npy') as array:
        version = np.lib.format.read_magic(array)
        read = (np.lib.format.read_array_header_1_0 if version == (1, 0)
                else np.lib.format.read_array_header_2_0)
        shape, _, dtype = read(array)
    if dtype.hasobject:
        raise ValueError('a pickle')
    return shape
