"""The annotation file: one pickle a data set, in MMAction2's format.

What is named ``*.pkl`` is such a file; a folder is a memory-mapped store, see
:mod:`mapped_store`. Both hold the same and are checked by the same rules.

A pickle may run any code when it is loaded, and annotation files come from
strangers. This one is therefore read with numbers, strings, plain containers
and numeric numpy arrays only, and numpy itself sees nothing but a checked
type, shape and block of bytes.
"""
import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO, Union

import numpy as np

from mmair.errors import InputError, writing

from .annotation_format import AnnotationChecker
from .mapped_store import load_store, require_no_other, save_store
from .plain_pickle import load_plain_pickle


class _Pickler(pickle._Pickler):
    """Keeps nothing of what it wrote but short strings and types.

    Every other pickler remembers each array, and with it its bytes, in case
    it comes again: a file could be no larger than the memory. The one of C
    cannot be told otherwise.
    """

    def memoize(self, obj: Any) -> None:
        if isinstance(obj, (str, np.dtype)) or callable(obj):
            super().memoize(obj)


def _write_pickle(data: dict, file: BinaryIO) -> None:
    _Pickler(file, protocol=4).dump(data)


def load_annotations(path: Union[str, Path]) -> dict:
    """Load and check annotations without running code from them.

    MMAction2's own skeleton files load as well: ``meta``, ``split``,
    ``label``, ``actor``, ``recording``, ``action``, ``fps`` and
    ``keypoint_score`` are optional, a bare list of annotations will do, and
    further keys are kept.

    Args:
        path (str | Path): A pickle, protocol 2 to 5, from numpy 1 or 2, or
            the folder of a memory-mapped store.

    Returns:
        dict: ``meta`` (dict), ``split`` (dict of lists of ``frame_dir``) and
        ``annotations``, a list of dicts with ``frame_dir``, ``total_frames``,
        ``keypoint`` (M, T, V, C) and what else the file holds. The arrays of
        a store are read-only views of its files: their numbers are read, and
        can be checked by :meth:`AnnotationChecker.check_finite`, on access.

    Raises:
        InputError: If the file is unreadable, asks for more than plain data,
            or is not in the format.
    """
    path = Path(path)
    if path.is_dir():
        return AnnotationChecker(path, finite=False).check(load_store(path))
    try:
        # A pipe would be waited for.
        if path.exists() and not path.is_file():
            raise InputError(f'{path}: cannot be read (it is a pipe or '
                             'device, expected a file)')
        with open(path, 'rb') as file:
            data = load_plain_pickle(file)
    except OSError as error:
        raise InputError(
            f'{path}: cannot be read ({error.strerror})') from error
    except pickle.UnpicklingError as error:
        raise InputError(f'{path}: is no annotation file that can be loaded '
                         f'({error})') from error
    return AnnotationChecker(path).check(data)


def require_place(path: Union[str, Path]) -> None:
    """Make sure, before much work, that annotations may be written there.

    Args:
        path (str | Path): As of :func:`save_annotations`.

    Raises:
        InputError: If something else is there.
    """
    path = Path(path)
    if path.suffix != '.pkl':
        require_no_other(path)
    elif path.is_dir():
        raise InputError(f'{path}: is a folder, expected a file or nothing; '
                         'give another name')


def save_annotations(data: dict, path: Union[str, Path]) -> None:
    """Check and write annotations, whole or not at all.

    Args:
        data (dict): ``meta``, ``split`` and ``annotations``.
        path (str | Path): A name that ends in ``.pkl`` for a pickle in
            MMAction2's format, any other for the folder of a memory-mapped
            store. The folder that it is in is made.

    Raises:
        InputError: If the data is not in the format, or the file cannot be
            written.
    """
    path = Path(path)
    data = AnnotationChecker(path).check(data)
    with writing(path):
        if path.suffix != '.pkl':
            save_store(data, path)
            return
        part = path.with_name(f'{path.name}.{os.getpid()}.part')
        try:
            with open(part, 'wb') as file:
                _write_pickle(data, file)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
