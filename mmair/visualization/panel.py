"""Several sequences in one picture or GIF: a recording and what became of it.

All bodies of a picture are drawn to one scale, in body sizes.
"""
from pathlib import Path
from typing import List, NamedTuple, Sequence, Tuple, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmair.layouts import SkeletonLayout

from .files import GIF_FRAME_MS, gif_frame, save_gif
from .skeleton import Body, center, legend_of, project
from .style import SHADE_COLOR, TEXT_COLOR, in_inches

_WIDTH = 13.  # of a picture, in inches
_GAP = .35  # between panels
_SECONDS = 6.  # longest time that a GIF shows
_CAPTION, _TIMES, _SPACE = .5, .28, .12  # above a strip, below it, below that


class Panel(NamedTuple):
    """One sequence to draw.

    Args:
        title (str): What it is.
        keypoint (np.ndarray): One person, (T, V, C), as for
            :func:`mmair.visualization.draw_strip`; in 3-D a joint that is NaN
            is absent, too.
        layout (SkeletonLayout): The layout of the joints.
        times (np.ndarray): When each frame was, in seconds, (T, ); frames may
            be left out.
        size (float): Body size in the unit of ``keypoint``. Defaults to 1.
        turn (bool): Whether a 3-D body is seen half from its own front; if
            not, from a fixed direction, which shows how it is turned.
            Defaults to True.
        floor (bool): Whether to draw a floor under a 3-D body. Defaults to
            True.
        note (str): Small print. Defaults to none.
    """
    title: str
    keypoint: np.ndarray
    layout: SkeletonLayout
    times: np.ndarray
    size: float = 1.
    turn: bool = True
    floor: bool = True
    note: str = ''

    def points(self) -> np.ndarray:
        """Points on the picture in body sizes, root at x = 0, (T, V, 2)."""
        points = project(self.keypoint, self.layout, self.turn)
        return center(points, self.layout) / self.size


def draw_panels(rows: Sequence[Sequence[Panel]],
                title: str = '',
                num_poses: int = 8) -> Figure:
    """Draw rows of strips of poses.

    Args:
        rows (Sequence[Sequence[Panel]]): Panels of a row share its width.
        title (str): Title. Defaults to none.
        num_poses (int): Poses of a row. Defaults to 8.

    Returns:
        matplotlib.figure.Figure: The picture.

    Raises:
        InputError: If a panel does not fit its layout.
    """
    strips: List[List[Tuple[np.ndarray, np.ndarray]]] = []
    for row in rows:
        strips.append([])
        for panel in row:
            points = panel.points()
            index = np.linspace(0, len(points) - 1, max(
                2, num_poses // len(row))).round().astype(int)
            strips[-1].append((index, points[index]))
    # Inches a body size, so that no pose meets its neighbour.
    steps = [(_WIDTH - _GAP * (len(row) - 1)) / len(row) / len(row[0][0])
             for row in strips]
    scale = min(min(step / (1.12 * _extent(poses, 0)),
                    1.9 / _extent(poses, 1))
                for step, row in zip(steps, strips) for _, poses in row)
    # Roots of a row are level.
    heights = [_CAPTION + _TIMES + _SPACE + scale * _extent(
        np.concatenate([poses.reshape(-1, 2) for _, poses in row]), 1)
        for row in strips]
    above, below = .1 + .42 * bool(title), .35
    size = (_WIDTH + .2, sum(heights) + above + below)
    fig = Figure(figsize=size, dpi=100, facecolor='white')
    if title:
        fig.text(.1 / size[0], 1 - .1 / size[1], title, ha='left', va='top',
                 size=13, weight='bold', color=TEXT_COLOR, parse_math=False)
    top = size[1] - above
    for row, strip, step, height in zip(rows, strips, steps, heights):
        left = .1
        lowest = scale * min(np.nanmin(poses[..., 1]) for _, poses in strip)
        for panel, (index, poses) in zip(row, strip):
            width = step * len(index)
            _draw_strip(fig, panel, index, poses * scale - (0, lowest), step,
                        (left, top - height, width, height))
            left += width + _GAP
        top -= height
    legend_of(fig)
    return fig


def _extent(poses: np.ndarray, axis: int) -> float:
    """Widest pose, or height from the lowest point to the highest."""
    values = poses[..., axis]
    if axis == 0:
        return max(float((np.nanmax(values, 1) - np.nanmin(values, 1)).max()),
                   1e-3)
    return max(float(np.nanmax(values) - np.nanmin(values)), 1e-3)


def _draw_strip(fig: Figure, panel: Panel, index: np.ndarray,
                poses: np.ndarray, step: float,
                box: Tuple[float, float, float, float]) -> None:
    ax = in_inches(fig, *box)
    width, height = box[2:]
    ax.text(0, height - .06, panel.title, ha='left', va='top', size=11,
            weight='bold', color=TEXT_COLOR, parse_math=False)
    ax.text(0, height - .27, panel.note, ha='left', va='top', size=9,
            color=TEXT_COLOR, parse_math=False)
    bottom = _SPACE + _TIMES
    poses = poses + (0, bottom)
    if panel.floor and panel.layout.dims == 3:
        ax.plot([0, width], [bottom, bottom], color=SHADE_COLOR, lw=1.2,
                zorder=0)
    for i, (frame, pose) in enumerate(zip(index, poses)):
        low, high = np.nanmin(pose[:, 0]), np.nanmax(pose[:, 0])
        middle = step * (i + .5)
        Body(ax, panel.layout, .75).show(
            pose + (middle - (low + high) / 2, 0))
        ax.text(middle, bottom - .06, f'{panel.times[frame]:.1f} s',
                ha='center', va='top', size=9, color=TEXT_COLOR)


def draw_panels_gif(panels: Sequence[Panel],
                    path: Union[str, Path],
                    height: int = 260) -> int:
    """Write sequences side by side as an endless animated GIF.

    Their first 6 s play at their true tempo; those that are over hold their
    last pose. The picture follows the bodies sideways.

    Args:
        panels (Sequence[Panel]): What to show.
        path (str | Path): The file to write.
        height (int): Height of a body's picture in pixels. Defaults to 260.

    Returns:
        int: Number of pictures in the file, 12.5 a second.

    Raises:
        InputError: If a panel does not fit its layout.
    """
    moves = [panel.points() for panel in panels]
    length = min(_SECONDS, max(panel.times[-1] for panel in panels))
    times = np.arange(int(length * 1000 / GIF_FRAME_MS) + 1) \
        * GIF_FRAME_MS / 1000
    shown = [points[np.abs(panel.times - times[:, None]).argmin(1)]
             for panel, points in zip(panels, moves)]
    lows = [np.nanmin(poses, (0, 1)) for poses in shown]
    highs = [np.nanmax(poses, (0, 1)) for poses in shown]
    # Bodies without a floor have their roots level.
    level = min((low[1] for panel, low in zip(panels, lows)
                 if not panel.floor), default=0.)
    for panel, low in zip(panels, lows):
        low[1] = low[1] if panel.floor else level
    tallest = max(high[1] - low[1] for low, high in zip(lows, highs))
    scale = height / 100 / max(tallest, 1e-3)
    widths = [max(scale * (high[0] - low[0]) + .3, 1.9)
              for low, high in zip(lows, highs)]
    size = (sum(widths), height / 100 + .55)
    fig = Figure(figsize=size, dpi=100, facecolor='white')
    bodies, left = [], 0.
    for panel, low, high, width in zip(panels, lows, highs, widths):
        ax = in_inches(fig, left, 0, width, size[1])
        ax.text(width / 2, size[1] - .08, panel.title, ha='center', va='top',
                size=10, weight='bold', color=TEXT_COLOR, parse_math=False)
        if panel.floor and panel.layout.dims == 3:
            ax.plot([.1, width - .1], [.12, .12], color=SHADE_COLOR, lw=1.2,
                    zorder=0)
        shift = (width / 2 - scale * (low[0] + high[0]) / 2,
                 .12 - scale * low[1])
        bodies.append((Body(ax, panel.layout, height / 260), shift))
        left += width
    canvas = FigureCanvasAgg(fig)
    pictures = []
    for poses_now in zip(*shown):
        for (body, shift), pose in zip(bodies, poses_now):
            body.show(scale * pose + shift)
        canvas.draw()
        pictures.append(gif_frame(canvas, 64))
    save_gif(pictures, path)
    return len(pictures)
