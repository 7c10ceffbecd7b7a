"""What a config gets wrong, told by the field and not by a traceback.

mmengine 0.10.7 raises a KeyError for a name that is registered nowhere,
Python a TypeError for an argument that a class does not take, and a class a
ValueError for a number that it does not. None says where in the config it is.
"""
import contextlib
import inspect
import re
import traceback
from difflib import get_close_matches
from textwrap import shorten
from typing import Any, Dict, Iterator, List, Optional, Tuple

import mmaction.registry as mmaction_registry
from mmengine.config import Config
from mmengine.registry import Registry

import mmair.registry as mmair_registry
from mmair.errors import InputError

_UNKNOWN = re.compile(r'(\S+) is not in the (?:\S+::)?(.+?) registry')
#: Looked up by mmengine's constructor of optimisers, and not checked.
_NO_OPTIMIZER = 'None is not a callable object'
#: By Python, and by the backbones of MMAction2, which hand arguments on.
_UNEXPECTED = re.compile(
    r"(?:(?P<owner>\w+)(?:\.__init__)?\(\) )?got an unexpected keyword "
    r"argument '(?P<key>\w+)'|Invalid arguments: {'(?P<handed_on>\w+)'")
#: By mmengine, of a part of the config that is to be built.
_NO_TYPE = re.compile(r'must contain the key "type", but got (.*)')
#: By torch, where a backbone begins with the norm of what it is given.
_CHANNELS = re.compile(r'running_mean should contain (\d+) elements not '
                       r'(\d+)')
_MISSING = re.compile(r'(\w+)(?:\.__init__)?\(\) missing \d+ required '
                      r'(?:positional|keyword-only) arguments?: (.+)')

#: A dict of the config, and its place as --cfg-options names it.
_Part = Tuple[str, dict]


@contextlib.contextmanager
def building(cfg: Config) -> Iterator[None]:
    """What is built inside from a config tells its mistakes in a sentence.

    Args:
        cfg (Config): What is built from.

    Raises:
        InputError: On a ``type`` that is registered nowhere or missing, and
            on an argument that is unknown, missing or refused by its class.
            An error that no field of the config explains is left as it is.
    """
    try:
        yield
    except InputError:
        raise
    except (KeyError, TypeError, AssertionError, ValueError,
            RuntimeError) as error:
        parts, message = list(_parts(cfg)), str(next(iter(error.args), ''))
        told = _told(parts, message)
        if told is None and isinstance(error, (AssertionError, ValueError)):
            told = _refused(parts, message, error)
        if told is None and isinstance(error, TypeError):
            told = _text(parts, error)
        if told is None:
            raise
        raise InputError(
            f'{cfg.filename or "the config"}: {told}') from error


def _told(parts: List[_Part], message: str) -> Optional[str]:
    """The sentence for an error, or None if the config does not explain it."""
    if match := _UNKNOWN.search(message):
        return _unknown(*match.groups(),
                        [p for p in parts if p[1].get('type') == match[1]])
    if message == _NO_OPTIMIZER:
        found = [p for p in parts if p[0].endswith('.optimizer')
                 and 'type' in p[1]]
        return found and _unknown(found[0][1]['type'], 'optimizer',
                                  found) or None
    if match := _UNEXPECTED.search(message):
        key = match['key'] or match['handed_on']
        found = [p for p in parts if key in p[1]]
        # A class may hand arguments on: its name is in the config or not.
        found = [p for p in found if _is(p, match['owner'])] or found
        return _unexpected(key, found) if found else None
    if match := _MISSING.search(message):
        fields = [p[0] for p in parts if _is(p, match[1])]
        return fields and (f'{_few(fields)} of type {match[1]} lacks '
                           f'{match[2]}; add it') or None
    if match := _NO_TYPE.search(message):
        found = [path for path, part in parts if str(dict(part)) == match[1]]
        return found and _without_type(found[0], parts) or None
    if match := _CHANNELS.search(message):
        return (f'the data has {match[1]} numbers a frame, the backbone '
                f'{match[2]}; set in_channels of the backbone to what its '
                'pipeline gives of a joint, and graph_cfg.layout to that of '
                'the data')
    return None


def _refused(parts: List[_Part], message: str,
             error: Exception) -> Optional[str]:
    """The sentence for what a class says while it is made, or None."""
    owners = [made.__name__ for made in _made(error)]
    if not message or not owners:
        return None
    message = shorten(message, 200, placeholder='...')
    for owner in owners:
        fields = [path for path, part in parts if _is((path, part), owner)]
        if fields:
            return f'{_few(fields)} of type {owner}: {message}'
        if owner == 'DataLoader':  # whose type no config names
            fields = [f'{path}.{key}' for path, part in parts for key in part
                      if path.endswith('_dataloader')
                      and re.search(rf'\b{key}\b', message)]
            return f'{_few(fields) or "a dataloader"}: {message}'
    return message if 'Runner' in owners else None


def _text(parts: List[_Part], error: Exception) -> Optional[str]:
    """The sentence for text where a class has a number, or None."""
    for made in _made(error)[:1]:
        arguments = inspect.signature(made).parameters
        fields = [f'{path}.{key} is {value!r}' for path, part in parts
                  if _is((path, part), made.__name__)
                  for key, value in part.items()
                  if isinstance(value, str) and key in arguments
                  and isinstance(arguments[key].default, (int, float))]
        if fields:
            return f'{_few(fields)}, expected a number'
    return None


def _made(error: Exception) -> List[type]:
    """Classes that were being made when an error came, the inner first."""
    return [type(frame.f_locals.get('self'))
            for frame, _ in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_name == '__init__'][::-1]


def _without_type(path: str, parts: List[_Part]) -> str:
    above = path.rpartition('.')[0]
    near = _near(path, {_last(p).lower(): p for p, part in parts
                        if p.rpartition('.')[0] == above and 'type' in part})
    return f'{path} has no type, expected {near or "one"}'


def places(cfg: Config, option: str) -> List[str]:
    """Fields of a config whose full name ends with that of an option."""
    return [f'{path}.{key}' for path, part in _parts(cfg) for key in part
            if f'{path}.{key}'.endswith(f'.{option}')]


def part_of(cfg: Config, field: str) -> Optional[dict]:
    """The part of a config that is a field, or None if it is no part."""
    return dict(_parts(cfg)).get(field)


def _unknown(name: str, kind: str, found: List[_Part]) -> Optional[str]:
    if not found:
        return None
    near = _near(name, {
        name.lower(): f'mmair.{name}' if registry.scope == 'mmair' else name
        for registry in _registries(kind) for name in registry.module_dict})
    return (f'{_few([f"{path}.type" for path, _ in found])} is {name!r}, '
            f'which is registered nowhere, expected {near or f"a {kind}"}; '
            'a class of your own needs its module in custom_imports')


def _unexpected(key: str, found: List[_Part]) -> str:
    name = found[0][1].get('type')
    near = name and _near(key, {k.lower(): k for k in _arguments(name)})
    return (f'{_few([f"{path}.{key}" for path, _ in found])} is no argument'
            + (f' of {name}' if name else '')
            + (f', expected {near}' if near else '; take it out'))


def _parts(node: Any, path: str = '') -> Iterator[_Part]:
    items: Any = ()
    if isinstance(node, (dict, Config)):
        if path:
            yield path, node
        items = node.items()
    elif isinstance(node, (list, tuple)):
        items = enumerate(node)
    for key, value in items:
        yield from _parts(value, f'{path}.{key}' if path else str(key))


def _last(name: str) -> str:
    return name.rsplit('.', 1)[-1]


def _is(part: _Part, owner: Optional[str]) -> bool:
    return _last(str(part[1].get('type', ''))) == owner


def _few(fields: List[str]) -> str:
    more = f' and {len(fields) - 2} more' if len(fields) > 3 else ''
    return ', '.join(fields[:2] if more else fields) + more


def _near(name: str, known: Dict[str, str]) -> str:
    """Names like a name, whatever its scope and case; '' if there is none.

    Args:
        name (str): What was found.
        known (dict[str, str]): What to write, by its last part in lower case.
    """
    found = get_close_matches(_last(name).lower(), known, n=3)
    return ' or '.join(repr(known[key]) for key in found)


def _registries(kind: Optional[str] = None) -> Iterator[Registry]:
    """Those of a kind, or all: of mmengine, of MMAction2 and mmair's."""
    for registry in vars(mmaction_registry).values():
        if isinstance(registry, Registry) and kind in (None, registry.name):
            yield from filter(None, (registry.parent, registry))
    for registry in vars(mmair_registry).values():
        if isinstance(registry, Registry) and kind in (None, registry.name):
            yield registry


def _arguments(name: str) -> List[str]:
    """The arguments of what is registered by a name, of its bases as well."""
    found = next((registry.module_dict[_last(name)]
                  for registry in _registries()
                  if _last(name) in registry.module_dict), None)
    functions = ([base.__init__ for base in found.__mro__
                  if '__init__' in vars(base)] if inspect.isclass(found)
                 else [found])
    return [key for function in functions if inspect.isfunction(function)
            for key, parameter in inspect.signature(
                function).parameters.items()
            if key != 'self' and parameter.kind in (
                parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)]
