"""Where pictures go."""
from pathlib import Path
from typing import Sequence, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mmair.errors import InputError, writing

#: A GIF counts in 10 ms, and browsers slow very short frames down.
GIF_FRAME_MS = 80


def gif_frame(canvas: FigureCanvasAgg, colors: int,
              method: int = Image.Quantize.FASTOCTREE) -> Image.Image:
    """What is drawn, as a picture of a GIF."""
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    return picture.convert('RGB').quantize(colors, method)


def save_gif(pictures: Sequence[Image.Image], path: Union[str, Path]) -> None:
    """Write pictures as an endless GIF."""
    pictures[0].save(path, save_all=True, append_images=pictures[1:],
                     duration=GIF_FRAME_MS, loop=0)


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
    with writing(path):
        figure.savefig(path)
