"""Reader of pickles that hold plain data, whoever wrote them.

A pickle may run any code when it is loaded, and a few bytes of it may ask for
all memory (a memo of 2**32 entries) or all time (nested tuples as the key of
a dict, whose hash takes 2**depth steps). Here numbers, strings, plain
containers and numeric numpy arrays are loaded, numpy sees nothing but a
checked type, shape and block of bytes, and every opcode is one that the
protocols 2 to 5 write for these.
"""
import codecs
import mmap
import pickle
import re
from typing import Any, BinaryIO, NoReturn, Optional

import numpy as np

from mmair.errors import short_repr

#: How deeply containers may hold each other: what walks through them later
#: may do so by recursion.
MAX_DEPTH = 32
_LEAVES = (type(None), bool, int, float, str, bytes, bytearray, np.generic)
_CONTAINERS = (dict, list, tuple)
_OPCODES = (
    'PROTO FRAME STOP MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE BININT '
    'BININT1 BININT2 LONG1 LONG4 BINFLOAT BINSTRING SHORT_BINSTRING '
    'BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES '
    'BINBYTES8 BYTEARRAY8 EMPTY_LIST EMPTY_DICT EMPTY_SET EMPTY_TUPLE TUPLE '
    'TUPLE1 TUPLE2 TUPLE3 LIST DICT FROZENSET APPEND APPENDS ADDITEMS SETITEM '
    'SETITEMS BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET GLOBAL '
    'STACK_GLOBAL REDUCE BUILD').split()


def load_plain_pickle(file: BinaryIO) -> Any:
    """Load plain data, without running code from it.

    Args:
        file (BinaryIO): A regular file, open for reading.

    Returns:
        Any: What it holds. Arrays are of a subclass of ``np.ndarray``.

    Raises:
        pickle.UnpicklingError: If it is no pickle, or asks for more than
            plain data; the text says why.
    """
    try:
        # A map reads no more than there is, whatever length is announced.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            loaded = _Unpickler(data).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:
        # A garbled pickle may fail in any way.
        raise pickle.UnpicklingError(
            'it is empty, truncated or garbled') from error
    _check_plain(loaded)
    return loaded


def _refuse(sentence: str) -> NoReturn:
    raise pickle.UnpicklingError(sentence)


def _check_plain(loaded: Any) -> None:
    """Walk through all containers, one level after another."""
    level = [(loaded, )]
    for _ in range(MAX_DEPTH + 2):
        below = {}
        for container in level:
            for item in (container.values() if isinstance(container, dict)
                         else container):
                if isinstance(item, _CONTAINERS):
                    below[id(item)] = item
                elif not (isinstance(item, (*_LEAVES, set, frozenset))
                          or isinstance(item, np.ndarray)
                          and item.dtype.kind != 'V'):
                    _refuse('it holds a type or an unfinished array, expected '
                            'numpy arrays and plain containers only')
        level = below.values()
        if not level:
            return
    _refuse(f'its containers hold each other more than {MAX_DEPTH} deep')


def _check_keys(keys: Any) -> None:
    """What is hashed is short, or hashed by a secret."""
    for key in keys:
        if not (type(key) in (str, bytes, bool, type(None))
                or type(key) is int and abs(key) < 2**32):
            _refuse(f'it has {short_repr.repr(key)} as a key of a dict or a '
                    'member of a set, expected text or a small integer')


class _DType:
    """Stands for ``np.dtype``, whose own ``__setstate__`` trusts its input."""
    __slots__ = ('code', 'dtype', 'built')

    def __init__(self, code: str) -> None:
        if not (isinstance(code, str) and re.fullmatch(
                r'b1|[iufc]\d{1,2}|[SU]\d{1,6}', code, re.ASCII)):
            _refuse(f'it holds an array of type {short_repr.repr(code)}, '
                    'expected numbers or strings')
        self.code, self.dtype, self.built = code, np.dtype(code), False

    def build(self, state: tuple) -> None:
        if self.built or state[1] not in ('<', '>', '=', '|'):
            raise ValueError('an array of unknown byte order')
        self.dtype, self.built = np.dtype(state[1] + self.code), True


class _Array(np.ndarray):
    """An array whose pickled state is checked before numpy gets it."""
    __slots__ = ()

    def build(self, state: tuple) -> None:
        version, shape, kind, fortran, data = state
        if not (self.dtype.kind == 'V' and isinstance(kind, _DType)
                and isinstance(data, bytes)):
            raise ValueError('an array that is not made of bytes')
        # numpy passes over a version and an order that it does not know.
        if not (version == 1 and isinstance(fortran, int)
                and isinstance(shape, tuple)
                and all(isinstance(n, int) and n >= 0 for n in shape)):
            raise ValueError('an array whose shape or order is garbled')
        super().__setstate__((version, shape, kind.dtype, fortran, data))

    def __reduce_ex__(self, protocol: int) -> tuple:
        return np.asarray(self).__reduce_ex__(protocol)


class _Opcodes(dict):

    def __missing__(self, opcode: int) -> NoReturn:
        _refuse(f'it holds the opcode {bytes([opcode])}, expected those of '
                'the protocols 2 to 5 for plain data')


class _Unpickler(pickle._Unpickler):
    """Python's own, of which the dangerous parts are replaced."""
    dispatch = _Opcodes()

    def find_class(self, module: str, name: str) -> Any:
        # numpy 2 moved `numpy.core`; protocol 2 has the names of Python 2.
        current = module.replace('numpy.core', 'numpy._core').replace(
            '__builtin__', 'builtins'), name
        known = {
            ('numpy', 'dtype'): self.make_dtype,
            ('numpy', 'ndarray'): np.ndarray,
            ('numpy._core.multiarray', '_reconstruct'): self.make_array,
            ('numpy._core.multiarray', 'scalar'): self.make_scalar,
            ('numpy._core.numeric', '_frombuffer'): self.make_from_buffer,
            ('_codecs', 'encode'): self.encode,
            ('builtins', 'set'): self.make_set,
            ('builtins', 'frozenset'): self.make_frozenset,
        }
        if current not in known:
            _refuse(f'it asks for {short_repr.repr(module)[1:-1]}.'
                    f'{short_repr.repr(name)[1:-1]}, which could run code; '
                    'expected numpy arrays and plain containers only')
        return known[current]

    def make_dtype(self, code: str, *_: Any) -> _DType:
        return _DType(code)

    def make_array(self, *_: Any) -> _Array:
        return _Array((0, ), 'V1')  # until it is built

    def make_scalar(self, kind: _DType, data: bytes) -> np.generic:
        if not isinstance(kind, _DType) or len(data) != kind.dtype.itemsize:
            raise ValueError('a number of another size')
        return np.frombuffer(bytes(data), kind.dtype, 1)[0]

    def make_from_buffer(self, data: bytes, kind: _DType, shape: tuple,
                         order: str,
                         axes: Optional[tuple] = None) -> np.ndarray:
        if not (isinstance(kind, _DType)
                and isinstance(data, (bytes, bytearray))):
            raise ValueError('an array that is not made of bytes')
        # In native byte order, as `__setstate__` of an array leaves it.
        array = np.frombuffer(data, kind.dtype).astype(
            kind.dtype.newbyteorder('='), copy=False)
        if axes is not None:
            return array.reshape(shape).transpose(axes)
        return array.reshape(shape, order=order)

    def encode(self, text: str, encoding: str) -> bytes:
        # Protocol 2 writes bytes as text in latin1.
        if encoding != 'latin1':
            raise ValueError('bytes in an unknown encoding')
        return codecs.latin_1_encode(text)[0]

    def make_set(self, members: Any = ()) -> set:
        if not isinstance(members, (list, tuple, set, frozenset)):
            raise ValueError('a set that is not made of a list')
        _check_keys(members)
        return set(members)

    def make_frozenset(self, members: Any = ()) -> frozenset:
        return frozenset(self.make_set(members))

    # Opcodes of which the original trusts its input.

    def fill(self, target: Any, kind: type) -> Any:
        if type(target) is not kind:
            raise ValueError('items for something else')
        return target

    def load_frame(self) -> None:
        self.read(8)  # a hint to read ahead, of which a map has no need

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), 'little')
        self.append(bytearray(self.read(min(size, 2**62))))

    def load_append(self) -> None:
        item = self.stack.pop()
        self.fill(self.stack[-1], list).append(item)

    def load_appends(self) -> None:
        items = self.pop_mark()
        self.fill(self.stack[-1], list).extend(items)

    def load_additems(self) -> None:
        items = self.pop_mark()
        _check_keys(items)
        self.fill(self.stack[-1], set).update(items)

    def load_frozenset(self) -> None:
        members = self.pop_mark()  # which also changes where to append
        self.append(self.make_frozenset(members))

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append({})
        self.put(items)

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.put([key, value])

    def load_setitems(self) -> None:
        self.put(self.pop_mark())

    def put(self, items: list) -> None:
        keys, values = items[::2], items[1::2]
        if len(keys) != len(values):
            raise ValueError('a key without a value')
        _check_keys(keys)
        self.fill(self.stack[-1], dict).update(zip(keys, values))

    def load_reduce(self) -> None:
        args = self.stack.pop()
        function = self.stack[-1]
        if getattr(function, '__self__', None) is not self:
            _refuse('it calls what is no function, expected numpy arrays and '
                    'plain containers only')
        self.stack[-1] = function(*self.fill(args, tuple))

    def load_build(self) -> None:
        state = self.stack.pop()
        if type(self.stack[-1]) not in (_DType, _Array):
            _refuse('it sets the state of an object, expected numpy arrays '
                    'and plain containers only')
        self.stack[-1].build(self.fill(state, tuple))


def _handlers() -> dict:
    """Python's handlers, or those of the same name here."""
    handlers = {}
    for name in _OPCODES:
        opcode = getattr(pickle, name)[0]
        original = pickle._Unpickler.dispatch[opcode]
        handlers[opcode] = getattr(_Unpickler, original.__name__)
    return handlers


_Unpickler.dispatch.update(_handlers())
