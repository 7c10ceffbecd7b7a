"""The names of classes, wherever they come from."""
from typing import Any, Tuple

from mmair.errors import InputError


def class_names(source: str, names: Any) -> Tuple[str, ...]:
    """The names of classes, checked.

    Args:
        source (str): For the message: where they are from.
        names: What was found there.

    Returns:
        tuple[str]: The same, in the order of the labels.

    Raises:
        InputError: If they are no list of distinct names.
    """
    if not (isinstance(names, (list, tuple))
            and all(isinstance(name, str) and name.strip() for name in names)
            and len(set(names)) == len(names)):
        raise InputError(f'{source}: the class names are {names!r}, expected '
                         'a list of names of which none is twice or empty')
    return tuple(names)
