"""The annotation file: one pickle a data set, in MMAction2's format.

A pickle may run any code when it is loaded, and annotation files come from
strangers. This one is therefore read with numbers, strings, plain containers
and numeric numpy arrays only, and numpy itself sees nothing but a checked
type, shape and block of bytes.
"""
import codecs
import os
import pickle
import re
import reprlib
from pathlib import Path
from typing import Any, NoReturn, Optional, Union

import numpy as np

from mmair.errors import InputError
from mmair.layouts import LAYOUTS

_PLAIN = {('builtins', 'set'): set, ('builtins', 'frozenset'): frozenset}
#: Shows anything in a message, and only the beginning of what is large.
_short = reprlib.Repr()
_short.maxstring = _short.maxother = 100


class _DType:
    """Stands for ``np.dtype``, whose own ``__setstate__`` trusts its input."""
    __slots__ = ('code', 'dtype')

    def __init__(self, code: str) -> None:
        if not (isinstance(code, str)
                and re.fullmatch(r'b1|[iufc]\d{1,2}|[SU]\d{1,6}', code)):
            raise pickle.UnpicklingError(
                f'it holds an array of type {_short.repr(code)}, expected '
                'numbers or strings')
        self.code, self.dtype = code, np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        byte_order = state[1]
        if byte_order not in ('<', '>', '=', '|'):
            raise ValueError('an array of unknown byte order')
        self.dtype = np.dtype(byte_order + self.code)


class _Array(np.ndarray):
    """An array whose pickled state is checked before numpy gets it."""
    __slots__ = ()

    def __setstate__(self, state: tuple) -> None:
        version, shape, kind, fortran, data = state
        if not isinstance(kind, _DType) or not isinstance(data, bytes):
            raise ValueError('an array that is not made of bytes')
        super().__setstate__((version, shape, kind.dtype, fortran, data))

    def __reduce_ex__(self, protocol: int) -> tuple:
        return np.asarray(self).__reduce_ex__(protocol)


class _Unpickler(pickle.Unpickler):
    """Loads plain data; every other global is named and refused.

    What stands for a global is a bound method: no pickle can replace a part
    of it.
    """

    def find_class(self, module: str, name: str) -> Any:
        # numpy 2 moved `numpy.core`; protocol 2 has the names of Python 2.
        current = module.replace('numpy.core', 'numpy._core').replace(
            '__builtin__', 'builtins'), name
        known = {
            ('numpy', 'dtype'): self._dtype,
            ('numpy', 'ndarray'): 'ndarray',
            ('numpy._core.multiarray', '_reconstruct'): self._reconstruct,
            ('numpy._core.multiarray', 'scalar'): self._scalar,
            ('numpy._core.numeric', '_frombuffer'): self._frombuffer,
            ('_codecs', 'encode'): self._encode,
            **_PLAIN,
        }
        if current not in known:
            raise pickle.UnpicklingError(
                f'it asks for {module}.{name}, which could run code; '
                'expected numpy arrays and plain containers only')
        return known[current]

    def _dtype(self, code: str, *_: Any) -> _DType:
        return _DType(code)

    def _reconstruct(self, *_: Any) -> _Array:
        return _Array((0, ), np.int8)

    def _scalar(self, kind: _DType, data: bytes) -> np.generic:
        return np.frombuffer(data, kind.dtype, 1)[0]

    def _frombuffer(self, data: bytes, kind: _DType, shape: tuple,
                    order: str, axes: Optional[tuple] = None) -> np.ndarray:
        # In native byte order, as `__setstate__` of an array leaves it.
        array = np.frombuffer(data, kind.dtype).astype(
            kind.dtype.newbyteorder('='), copy=False)
        if axes is not None:
            return array.reshape(shape).transpose(axes)
        return array.reshape(shape, order=order)

    def _encode(self, text: str, encoding: str) -> bytes:
        # Protocol 2 writes bytes as text in latin1.
        if encoding != 'latin1':
            raise ValueError('bytes in an unknown encoding')
        return codecs.latin_1_encode(text)[0]


def load_annotations(path: Union[str, Path]) -> dict:
    """Load and check an annotation file without running code from it.

    MMAction2's own skeleton files load as well: ``meta``, ``split``,
    ``label``, ``actor``, ``recording``, ``fps`` and ``keypoint_score`` are
    optional, a bare list of annotations will do, and further keys are kept.

    Args:
        path (str | Path): The pickle, protocol 2 to 5, from numpy 1 or 2.

    Returns:
        dict: ``meta`` (dict), ``split`` (dict of lists of ``frame_dir``) and
        ``annotations``, a list of dicts with ``frame_dir``, ``total_frames``,
        ``keypoint`` (M, T, V, C) and what else the file holds.

    Raises:
        InputError: If the file is unreadable, asks for more than plain data,
            or is not in the format.
    """
    try:
        with open(path, 'rb') as file:
            data = _Unpickler(file).load()
        return _Checker(path).check(data)
    except OSError as error:
        raise InputError(
            f'{path}: cannot be read ({error.strerror})') from error
    except InputError:
        raise
    except Exception as error:
        # A garbled pickle may fail in any way.
        reason = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise InputError(f'{path}: is no annotation file that can be loaded '
                         f'({reason})') from error


def save_annotations(data: dict, path: Union[str, Path]) -> None:
    """Check and write an annotation file, whole or not at all.

    Args:
        data (dict): ``meta``, ``split`` and ``annotations``.
        path (str | Path): The pickle to write. Its folder is made.

    Raises:
        InputError: If the data is not in the format, or the file cannot be
            written.
    """
    path = Path(path)
    data = _Checker(path).check(data)
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, 'wb') as file:
                pickle.dump(data, file, protocol=4)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f'{path}: cannot be written ({error.strerror})') from error


class _Checker:
    """The format, and one sentence for each way to miss it."""

    def __init__(self, path: Union[str, Path]) -> None:
        self.path = path

    def fail(self, field: str, found: Any, expected: str) -> NoReturn:
        raise InputError(f'{self.path}: {field} is {_short.repr(found)}, '
                         f'expected {expected}')

    def typed(self, field: str, value: Any, kind: type, name: str) -> None:
        if not isinstance(value, kind):
            self.fail(field, value, name)

    def check(self, data: Any) -> dict:
        if isinstance(data, list):
            data = dict(annotations=data)
        self.typed('the content', data, dict, 'a dict or list of annotations')
        if 'annotations' not in data:
            self.fail('the set of keys', list(data), '"annotations" in it')
        data = dict(dict(meta={}, split={}), **data)
        self.typed('meta', data['meta'], dict, 'a dict')
        layout = data['meta'].get('layout')
        # Who wrote the file must not choose another file that is read.
        if not (layout is None or isinstance(layout, dict)
                or isinstance(layout, str) and layout in LAYOUTS):
            self.fail('meta.layout', layout,
                      f'one of {", ".join(sorted(LAYOUTS))} or a dict that '
                      'describes a layout')
        self.typed('split', data['split'], dict, 'a dict of lists')
        self.typed('annotations', data['annotations'], list, 'a list')
        if not data['annotations']:
            self.fail('annotations', [], 'at least one annotation')
        classes = data['meta'].get('classes')
        if classes is not None:
            if (not isinstance(classes, (list, tuple))
                    or not all(isinstance(c, str) for c in classes)
                    or len(set(classes)) != len(classes)):
                self.fail('meta.classes', classes, 'a list of class names')
        frame_dirs, shape = set(), None
        for number, annotation in enumerate(data['annotations']):
            name = self.check_name(number, annotation)
            if name in frame_dirs:
                self.fail(f'annotation {number}: frame_dir', name,
                          'a name that no other annotation has')
            frame_dirs.add(name)
            where = f'annotation {_short.repr(name)}'
            self.check_annotation(where, annotation, classes)
            body = annotation['keypoint'].shape[2:]
            shape = shape or body
            if body != shape:
                self.fail(f'{where}: joints and coordinates of keypoint',
                          body, f'{shape} as in the first')
        for name, members in data['split'].items():
            self.typed('a split name', name, str, 'a string')
            where = f'split {_short.repr(name)}'
            self.typed(where, members, (list, tuple), 'a list')
            for member in members:
                if not isinstance(member, str) or member not in frame_dirs:
                    self.fail(f'a member of {where}', member,
                              'the frame_dir of an annotation of this file')
        return data

    def check_name(self, number: int, annotation: Any) -> str:
        where = f'annotation {number}'
        self.typed(where, annotation, dict, 'a dict')
        for key in ('frame_dir', 'total_frames', 'keypoint'):
            if key not in annotation:
                self.fail(f'{where}: the set of keys', list(annotation),
                          f'{key!r} in it')
        name = annotation['frame_dir']
        self.typed(f'{where}: frame_dir', name, str, 'a string')
        return name

    def check_annotation(self, where: str, annotation: dict,
                         classes: Any) -> None:
        for key, value in annotation.items():
            if isinstance(value, _Array):
                annotation[key] = np.asarray(value)
        keypoint = annotation['keypoint']
        self.check_array(f'{where}: keypoint', keypoint)
        if (keypoint.ndim != 4 or keypoint.shape[3] not in (2, 3)
                or 0 in keypoint.shape):
            self.fail(f'{where}: shape of keypoint', keypoint.shape,
                      '(M, T, V, C): bodies, frames, joints, 2 or 3 '
                      'coordinates')
        frames = annotation['total_frames']
        self.typed(f'{where}: total_frames', frames, (int, np.integer),
                   'an integer')
        if frames != keypoint.shape[1]:
            self.fail(f'{where}: total_frames', frames,
                      f'{keypoint.shape[1]}, the frames of keypoint')
        score = annotation.get('keypoint_score')
        if score is not None:
            self.check_array(f'{where}: keypoint_score', score)
            if score.shape != keypoint.shape[:3]:
                self.fail(f'{where}: shape of keypoint_score', score.shape,
                          f'{keypoint.shape[:3]} as in keypoint')
        if 'label' in annotation:
            self.check_label(where, annotation['label'], classes)
        for key in ('actor', 'recording'):
            self.typed(f'{where}: {key}', annotation.get(key, ''), str,
                       'a string')
        fps = annotation.get('fps', 1.)
        if not isinstance(fps, (int, float, np.number)) or not (
                0 < fps < np.inf):
            self.fail(f'{where}: fps', fps, 'a positive number')

    def check_array(self, field: str, array: Any) -> None:
        if not isinstance(array, np.ndarray) or array.dtype.kind != 'f':
            self.fail(field, getattr(array, 'dtype', type(array).__name__),
                      'a floating point array')
        if not np.isfinite(array).all():
            index = np.argwhere(~np.isfinite(array))[0].tolist()
            self.fail(f'{field}{index}', float(array[tuple(index)]),
                      'finite numbers')

    def check_label(self, where: str, label: Any, classes: Any) -> None:
        self.typed(f'{where}: label', label, (int, np.integer), 'an integer')
        if classes is not None and not 0 <= label < len(classes):
            self.fail(f'{where}: label', label,
                      f'0 to {len(classes) - 1}, as many as meta.classes')
