"""The memory-mapped store: annotations whose arrays stay on the disk.

A folder of

- ``index.json``: ``format``, ``version``, ``meta``, the number of members of
  every ``split``, and ``columns``, one list a key of the annotations (null
  where an annotation has not got it), with ``persons`` for the first axis of
  ``keypoint``;
- ``keypoint.npy`` (rows, V, C) and, where there are scores,
  ``keypoint_score.npy`` (rows, V): the frames of the first person of the
  first recording, of its second person, of the next recording, and so on, so
  that the index needs no offsets that could point anywhere;
- ``split.npy``: int64, the members of all splits as recording numbers.

Nothing in it can run code: JSON, and plain floats and integers under names
that are fixed. Opening reads the index alone; numbers are read from the disk
when they are asked for, and the system can drop them again at any time.
"""
import ctypes
import json
import os
import shutil
from itertools import accumulate
from operator import mul
from pathlib import Path
from typing import Any, Dict, List, NoReturn, Optional, Tuple

import numpy as np

from mmair.errors import InputError, short_repr

from .source_file import read_source

INDEX = 'index.json'
_FORMAT = 'mmair skeleton store'
_VERSION = 1
#: Bytes of an index, of which a recording takes about a hundred. One that is
#: hostile takes twenty times as much in memory.
_MAX_INDEX = 2**30
_DIVIDE = 'divide the recordings among several stores'
_FLOATS = ('<f2', '<f4', '<f8')
#: Files of a store, and the number of their axes.
_ARRAYS = dict(keypoint=3, keypoint_score=2, split=1)
_FILES = {INDEX, *(f'{name}.npy' for name in _ARRAYS)}


def _fail(path: Path, field: str, found: Any, expected: str) -> NoReturn:
    raise InputError(f'{path}: {field} is {short_repr.repr(found)}, expected '
                     f'{expected}')


# Reading


def load_store(path: Path) -> dict:
    """Open a store.

    Args:
        path (Path): The folder.

    Returns:
        dict: ``meta``, ``split`` and ``annotations``; ``keypoint`` (M, T, V,
        C) and ``keypoint_score`` (M, T, V) are read-only views of the files.
        Whatever does not concern the way it is stored is unchecked.

    Raises:
        InputError: If it cannot be read or its parts do not fit together.
    """
    index = _read_index(path)
    columns: Dict[str, list] = index['columns']
    persons, frames = columns.pop('persons'), columns['total_frames']
    ends = list(accumulate(map(mul, persons, frames)))
    total = ends[-1] if ends else 0
    arrays = {}
    for name in ('keypoint', 'keypoint_score'):
        if name == 'keypoint' or (path / f'{name}.npy').exists():
            array = _map(path, name, _FLOATS)
            if len(array) != total:
                _fail(path, f'the length of {name}.npy', len(array),
                      f'{short_repr.repr(total)}, the frames of all persons '
                      'of the index')
            arrays[name] = array
    annotations, start, keys = [], 0, tuple(columns)
    for values, m, t, end in zip(zip(*columns.values()), persons, frames,
                                 ends):
        annotation = {k: v for k, v in zip(keys, values) if v is not None}
        for name, array in arrays.items():
            annotation[name] = array[start:end].reshape(
                m, t, *array.shape[1:])
        annotations.append(annotation)
        start = end
    names = columns.get('frame_dir', [])
    return dict(meta=index['meta'],
                split=_read_split(path, index['split'], names),
                annotations=annotations)


def _read_index(path: Path) -> dict:
    try:
        content = read_source(path / INDEX, _MAX_INDEX, _DIVIDE)
    except InputError as error:
        raise InputError(f'{path}: cannot be read as a store ({error}); give '
                         'an annotation file, or the folder that a converter '
                         'wrote') from error
    try:
        index = json.loads(content.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f'{path}: {INDEX} is no JSON ({error}); write the '
                         'store again') from error
    if not isinstance(index, dict) or index.get('format') != _FORMAT:
        _fail(path, f'the format of {INDEX}',
              index.get('format') if isinstance(index, dict) else index,
              repr(_FORMAT))
    if index.get('version') != _VERSION:
        _fail(path, f'the version of {INDEX}', index.get('version'),
              f'{_VERSION}; a newer mmair may read it')
    for key in ('meta', 'split', 'columns'):
        if not isinstance(index.get(key), dict):
            _fail(path, f'{key} of {INDEX}', index.get(key), 'a dict')
    columns = index['columns']
    for key in ('frame_dir', 'persons', 'total_frames'):
        if key not in columns:
            _fail(path, f'the set of columns of {INDEX}', list(columns),
                  f'{key!r} in it')
    for key in _ARRAYS:
        if key in columns:
            _fail(path, f'a column of {INDEX}', key,
                  'another name, as this is an array')
    size = len(columns['frame_dir']) if isinstance(
        columns['frame_dir'], list) else None
    for key, column in columns.items():
        if not isinstance(column, list) or len(column) != size:
            _fail(path, f'column {short_repr.repr(key)} of {INDEX}', column,
                  'a list as long as frame_dir')
    for key in ('persons', 'total_frames'):
        for number, value in enumerate(columns[key]):
            if type(value) is not int or value < 1:
                _fail(path, f'annotation {number}: {key}', value,
                      'a positive integer')
    return index


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is no number of JSON')


def _map(path: Path, name: str, types: Tuple[str, ...]) -> np.ndarray:
    """Map one file; refuse what is no plain array of one of the types."""
    file = path / f'{name}.npy'
    try:
        if not file.is_file():  # a pipe would be waited for
            raise FileNotFoundError(2, 'it is missing or no regular file')
        array = np.load(file, mmap_mode='r', allow_pickle=False)
    except OSError as error:
        raise InputError(f'{path}: {name}.npy cannot be read '
                         f'({error.strerror or error}); write the store '
                         'again') from error
    except Exception as error:
        # A garbled header may fail in any way.
        reason = short_repr.repr(' '.join(f'{error}'.split()))
        raise InputError(f'{path}: {name}.npy is no whole array that can be '
                         f'mapped ({reason}); write the store again'
                         ) from error
    if (not isinstance(array, np.memmap) or array.dtype.str not in types
            or array.ndim != _ARRAYS[name] or 0 in array.shape
            or not array.flags.c_contiguous):
        found = [getattr(array, key, None) for key in ('dtype', 'shape')]
        _fail(path, f'{name}.npy', found,
              f'an array of {_ARRAYS[name]} axes in C order, of type '
              f'{", ".join(types)}')
    size, whole = file.stat().st_size, array.offset + array.nbytes
    if size != whole:
        _fail(path, f'the size of {name}.npy', size,
              f'{whole} bytes, as its header says')
    # Slices of a plain array cost a tenth of those of a memmap.
    return np.asarray(array)


def _read_split(path: Path, sizes: Dict[str, Any],
                names: List[str]) -> Dict[str, List[str]]:
    for name, size in sizes.items():
        if type(size) is not int or size < 0:
            _fail(path, f'split {short_repr.repr(name)} of {INDEX}', size,
                  'its number of members')
    total = sum(sizes.values())
    members = (_map(path, 'split', ('<i8', )) if total else
               np.empty(0, np.int64))
    if len(members) != total:
        _fail(path, 'the length of split.npy', len(members),
              f'{short_repr.repr(total)}, the members of all splits of the '
              'index')
    if total and not 0 <= members.min() <= members.max() < len(names):
        _fail(path, 'a member in split.npy',
              int(members[(members < 0) | (members >= len(names))][0]),
              f'0 to {len(names) - 1}, the number of a recording')
    listed = np.array(names, object)[members].tolist()
    split, start = {}, 0
    for name, size in sizes.items():
        split[name] = listed[start:start + size]
        start += size
    return split


# Writing


def save_store(data: dict, path: Path) -> None:
    """Write a store beside its place, and move it there when it is whole.

    Args:
        data (dict): Checked ``meta``, ``split`` and ``annotations``.
        path (Path): The folder to make, or an old store to replace.

    Raises:
        InputError: If ``path`` is something else than a store, or an
            annotation holds what JSON cannot keep.
        OSError: If it cannot be written.
    """
    require_no_other(path)
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    try:
        part.mkdir()
        _write(data, path, part)
        _publish(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_no_other(path: Path) -> None:
    """Refuse a place where anything but a store is."""
    if not os.path.lexists(path):
        return
    found = set(os.listdir(path)) if path.is_dir() else {path.name}
    if path.is_symlink() or not found <= _FILES:
        _fail(path, 'what is there', sorted(found - _FILES) or 'a link',
              'nothing, or an old store and no other file; give another name '
              'or remove it')


def _write(data: dict, path: Path, part: Path) -> None:
    annotations = data['annotations']
    scored = ['keypoint_score' in a for a in annotations]
    if any(scored) and not all(scored):
        _fail(path, 'keypoint_score of annotation '
              f'{annotations[scored.index(False)]["frame_dir"]!r}', None,
              'an array, as others have one')
    keys = dict.fromkeys(k for a in annotations for k in a
                         if k not in _ARRAYS)
    if 'persons' in keys:
        _fail(path, 'a key of the annotations', 'persons',
              'another name, as the number of persons is kept under it')
    columns = {key: [_plain(path, a, key) for a in annotations]
               for key in keys}
    columns['persons'] = [a['keypoint'].shape[0] for a in annotations]
    try:
        index = json.dumps(dict(
            format=_FORMAT, version=_VERSION, meta=data['meta'],
            split={k: len(v) for k, v in data['split'].items()},
            columns=columns), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f'{path}: meta or an annotation holds what JSON '
                         f'cannot keep ({error}); remove it, or write a .pkl '
                         'file') from error
    if len(index) > _MAX_INDEX:
        raise InputError(
            f'{path}: the {INDEX} of {len(annotations)} recordings takes '
            f'{len(index)} bytes, expected at most {_MAX_INDEX}; {_DIVIDE}, '
            'or give them shorter names')
    (part / INDEX).write_text(index, encoding='utf-8')
    for name in ('keypoint', *(['keypoint_score'] if any(scored) else [])):
        _write_rows(part / f'{name}.npy', [a[name] for a in annotations])
    number = {a['frame_dir']: i for i, a in enumerate(annotations)}
    members = [number[m] for names in data['split'].values() for m in names]
    if members:
        np.save(part / 'split.npy', np.array(members, '<i8'))


def _plain(path: Path, annotation: dict, key: str) -> Any:
    value = annotation.get(key)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        value = [v.item() if isinstance(v, np.generic) else v for v in value]
    elif value is not None and not isinstance(value, (str, int, float, dict)):
        _fail(path, f'annotation {annotation["frame_dir"]!r}: {key}', value,
              'text, numbers or a list of them, as a store keeps; remove it, '
              'or write a .pkl file')
    return value


def _write_rows(file: Path, arrays: List[np.ndarray]) -> None:
    """Arrays (M, T, ...) one after another, as one array (rows, ...)."""
    dtype = np.result_type(*{a.dtype.newbyteorder('<') for a in arrays})
    if dtype.str not in _FLOATS:
        dtype = np.dtype('<f8')
    body = arrays[0].shape[2:]
    rows = sum(a.shape[0] * a.shape[1] for a in arrays)
    with open(file, 'wb') as out:
        np.lib.format.write_array_header_1_0(
            out, dict(descr=dtype.str, fortran_order=False,
                      shape=(rows, *body)))
        for array in arrays:
            out.write(np.ascontiguousarray(array, dtype).data)


def _publish(part: Path, path: Path) -> None:
    """Put a whole store in its place, and leave an old one in ``part``."""
    require_no_other(path)
    if not path.exists():
        os.rename(part, path)
    elif not _exchange(part, path):
        # Where the system cannot exchange two names the place is empty for
        # a moment, but never holds half a store.
        old = part.with_suffix('.old')
        os.rename(path, old)
        os.rename(part, path)
        os.rename(old, part)


def _exchange(one: Path, two: Path) -> bool:
    """Exchange two names at one instant, where the system can."""
    rename: Optional[Any] = getattr(ctypes.CDLL(None), 'renameat2', None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux
    return rename is not None and rename(
        here, os.fsencode(one), here, os.fsencode(two), exchange) == 0
