"""Reader of recordings that are tables of joint positions: CSV, TXT, npy."""
import io
import re
import warnings
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence, Union

import numpy as np
from numpy.lib import format as npy_format

from mmair.errors import InputError, listed, quoted

from .bvh import MAX_VALUE
from .source_file import read_source
from .table import read_table

#: A limit that no recording reaches (25 joints, doubles, 30 Hz: one hour).
MAX_BYTES = 2**26

#: Columns that number or time the frames; they hold no position.
_NO_JOINTS = ('', 'frame', 'frameid', 'framenumber', 'index', 'time',
              'timestamp')


def read_positions(path: Union[str, Path], joints: Sequence[str],
                   ignore: Optional[str] = None,
                   missing: bool = False) -> np.ndarray:
    """Read the joint positions of one body.

    A table in text (``.csv``, ``.txt``, ...) has one row a frame and either
    no header and three columns x, y, z a joint, in the order of ``joints``;
    or a header, and columns in any order named ``<joint>.x`` or ``<joint>_x``
    (also with space, colon, hyphen or nothing between). In joint names case,
    punctuation and the place of Left and Right do not count: ``HandTipLeft``
    is ``left_hand_tip``. Columns ``frame``, ``index``, ``time`` and
    ``timestamp`` are left out. A ``.npy`` array has the shape (T, V, 3) and
    the order of ``joints``.

    Args:
        path (str | Path): The file.
        joints (Sequence[str]): The joints that the recording must have, no
            fewer and no more.
        ignore (str, optional): Regular expression of whole column names that
            may be there and are left out.
        missing (bool): Whether empty cells and nan are read as NaN. Defaults
            to False: they are refused.

    Returns:
        np.ndarray: Positions in the unit of the file, float32,
        (T, len(joints), 3).

    Raises:
        InputError: If the file is unreadable or garbled, holds a value that
            is not a finite number, or a joint is missing or unexpected.
    """
    if Path(path).suffix.lower() == '.npy':
        return _read_npy(Path(path), len(joints), missing)
    names, values = read_table(path, missing)
    if names is None:
        if values.shape[1] != 3 * len(joints):
            _fail(path, f'has {values.shape[1]} columns and no header, '
                  f'expected {3 * len(joints)}: x, y, z of '
                  f'{len(joints)} joints; or add a header that names the '
                  'columns')
    else:
        values = values[:, _columns(path, names, joints, ignore)]
    return values.reshape(len(values), len(joints), 3).astype(np.float32)


def _fail(path: Union[str, Path], sentence: str) -> NoReturn:
    raise InputError(f'{path}: {sentence}')


def _columns(path: Union[str, Path], names: Sequence[str],
             joints: Sequence[str], ignore: Optional[str]) -> List[int]:
    """Where x, y, z of every joint stand."""
    key = _key if len(set(map(_key, joints))) == len(joints) else str
    places = {(key(joint), axis): None for joint in joints for axis in 'xyz'}
    faults, unexpected = [], []
    for place, name in enumerate(names):
        coordinate = key(name[:-1].rstrip(' ._:-')), name[-1:].lower()
        if coordinate in places:
            if places[coordinate] is not None:
                faults.append(f'names {quoted(name)} twice')
            places[coordinate] = place
        elif _key(name) not in _NO_JOINTS and not (
                ignore and re.fullmatch(ignore, name)):
            unexpected.append(name)
    missing = [f'{joint}.{axis}' for joint in joints for axis in 'xyz'
               if places[key(joint), axis] is None]
    if missing:
        faults.append(f'lacks {listed(map(quoted, missing), 5)}')
    if unexpected:
        faults.append('holds the unexpected '
                      f'{listed(map(quoted, unexpected), 5)}')
    if faults:
        _fail(path, f'its header of {len(names)} columns '
              f'{" and ".join(faults[:3])}; expected <joint>.x, <joint>.y, '
              f'<joint>.z of the {len(joints)} joints of the layout')
    return list(places.values())


def _key(name: str) -> str:
    """A joint name without what spellings differ in."""
    name = re.sub(r'[\W_]', '', name.lower())
    side = re.search('left|right', name)
    return name if side is None else (
        side[0] + name[:side.start()] + name[side.end():])


def _read_npy(path: Path, num_joints: int, missing: bool) -> np.ndarray:
    content = io.BytesIO(read_source(path, MAX_BYTES))
    read_header = {(1, 0): npy_format.read_array_header_1_0,
                   (2, 0): npy_format.read_array_header_2_0}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            shape, fortran, dtype = read_header[
                npy_format.read_magic(content)](content)
    except Exception:
        # A garbled header may fail in any way.
        _fail(path, 'does not begin as an array of numpy does, expected a '
              'file that numpy.save wrote')
    if dtype.kind not in 'fiu':
        _fail(path, f'is an array of type {quoted(str(dtype))}, expected '
              'real numbers')
    if (len(shape) != 3 or shape[1:] != (num_joints, 3)
            or type(shape[0]) is not int or shape[0] < 1):
        _fail(path, f'is an array of shape {quoted(str(shape))}, expected '
              f'(frames, {num_joints}, 3)')
    data = content.getbuffer()[content.tell():]
    expected = shape[0] * num_joints * 3 * dtype.itemsize
    if len(data) != expected:
        _fail(path, f'holds {len(data)} bytes of values, expected {expected} '
              'as its header says; the file is truncated or garbled')
    values = np.frombuffer(data, dtype).reshape(
        shape, order='F' if fortran else 'C')
    values = values.astype(np.promote_types(dtype, np.float32))
    valid = (np.abs(values) < MAX_VALUE) | (missing & np.isnan(values))
    if not valid.all():
        index = np.argwhere(~valid)[0].tolist()
        _fail(path, f'value {index} is {values[tuple(index)]}, expected a '
              'finite number')
    return values.astype(np.float32, copy=False)
