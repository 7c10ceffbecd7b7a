"""Where pictures go."""
from pathlib import Path
from typing import Union

from matplotlib.figure import Figure

from mmair.errors import InputError


def save_figure(figure: Figure, path: Union[str, Path]) -> None:
    """Write a picture; its folder is made.

    Args:
        figure (matplotlib.figure.Figure): The picture.
        path (str | Path): The file, of a kind that matplotlib writes.

    Raises:
        InputError: If it cannot be written, or is of no such kind.
    """
    kinds = figure.canvas.get_supported_filetypes()
    kind = Path(path).suffix.lstrip('.').lower()
    if kind not in kinds:
        raise InputError(f'{path}: is of no kind that can be drawn; end the '
                         f'name in .png, or one of {", ".join(kinds)}')
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as error:
        raise InputError(f'{path}: cannot be written '
                         f'({error.strerror or error})') from error
