"""Classes from the ``projects/`` folder of a checkout of MMAction2.

The wheel of MMAction2 leaves that folder out, and its projects all call their
package ``models``, so that Python finds one of them only. Here each is
imported from its folder under a name of its own.

To import is to run the code of that folder: it is done for a path that the
user names, and for no other.
"""
import contextlib
import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import Iterator, Optional

import mmaction.models  # noqa: F401  (so that a project imports nothing new)
from mmaction.registry import MODELS

from mmair.errors import InputError

#: Names the checkout where a config does not.
VARIABLE = 'MMACTION2_ROOT'
_ADVICE = (f'give `root` in its config, or the environment variable '
           f'{VARIABLE}, the path of a checkout of MMAction2 (git clone '
           'https://github.com/open-mmlab/mmaction2)')


def project_class(project: str, name: str,
                  root: Optional[str] = None) -> type:
    """A class of a project of MMAction2.

    It is registered nowhere by this, so that a project that is imported in
    another way as well does not clash.

    Args:
        project (str): Folder below ``projects``, such as 'ctrgcn'.
        name (str): Name of the class.
        root (str, optional): The checkout. By default the environment
            variable ``MMACTION2_ROOT``.

    Returns:
        type: The class; the same one whenever the same file is meant.

    Raises:
        InputError: If no path is given, it is no such checkout, or the
            project cannot be imported.
    """
    root = root or os.environ.get(VARIABLE)
    if not root:
        raise InputError(f'mmair.{name}: the code is in projects/{project} of '
                         f'MMAction2, which its package leaves out; {_ADVICE}')
    package = Path(root).expanduser().resolve() / 'projects' / project
    package /= 'models'
    if not (package / '__init__.py').is_file():
        raise InputError(f'{root}: is no checkout of MMAction2, it has no '
                         f'projects/{project}/models/__init__.py; {_ADVICE}')
    module = _imported(package, project)
    if not isinstance(getattr(module, name, None), type):
        raise InputError(f'{package}: has no class {name}; {_ADVICE}')
    return getattr(module, name)


def _imported(package: Path, project: str):
    """The package of a folder, under a name that no other folder has."""
    digest = hashlib.sha256(str(package).encode()).hexdigest()[:12]
    alias = f'_mmaction2_{project}_{digest}'
    if alias in sys.modules:
        return sys.modules[alias]
    spec = importlib.util.spec_from_file_location(
        alias, package / '__init__.py',
        submodule_search_locations=[str(package)])
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module  # its own modules look for it there
    try:
        with _registered_nowhere():
            spec.loader.exec_module(module)
    except Exception as error:  # it is somebody's code: anything may happen
        for key in [k for k in sys.modules if k.split('.')[0] == alias]:
            del sys.modules[key]
        raise InputError(f'{package}: cannot be imported '
                         f'({type(error).__name__}: {error}); {_ADVICE}'
                         ) from error
    return module


@contextlib.contextmanager
def _registered_nowhere() -> Iterator[None]:
    """Leave MMAction2's models as they were, and no name taken."""
    registered = MODELS.module_dict
    before = dict(registered)
    registered.clear()
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)
