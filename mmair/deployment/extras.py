"""Packages that deployment needs and nothing else does."""
import importlib.util

from mmair.errors import InputError


def require_extra(*packages: str) -> None:
    """Say in one sentence which package is missing.

    Args:
        *packages (str): Names as they are imported.

    Raises:
        InputError: If one of them is not installed.
    """
    missing = [name for name in packages
               if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f'the package {missing[0]} is not installed; '
                         f'pip install {" ".join(missing)}')
