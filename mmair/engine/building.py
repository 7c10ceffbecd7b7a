"""What a config gets wrong, told by the field and not by a traceback.

mmengine 0.10.7 raises a KeyError for a name that is registered nowhere, and
Python a TypeError for an argument that a class does not take. Neither says
where in the config it is.
"""
import contextlib
import inspect
import re
from difflib import get_close_matches
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
    r"(?P<owner>\w+)(?:\.__init__)?\(\) got an unexpected keyword argument "
    r"'(?P<key>\w+)'|Invalid arguments: {'(?P<handed_on>\w+)'")
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
        InputError: On a ``type`` that is registered nowhere, and on an
            argument that is unknown or missing. An error that no field of
            the config explains is left as it is.
    """
    try:
        yield
    except (KeyError, TypeError, AssertionError) as error:
        told = _told(list(_parts(cfg)), str(next(iter(error.args), '')))
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
    return None


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
