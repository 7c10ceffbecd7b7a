"""What a model says of a recording, under the recording."""
from pathlib import Path
from typing import List, NamedTuple, Sequence, Tuple, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout, get_layout

from .files import GIF_FRAME_MS, gif_frame, save_gif
from .skeleton import Body, center, project
from .style import SERIES_COLORS, SHADE_COLOR, TEXT_COLOR, clean, in_inches

#: Inches: of the picture, left of the curves, right of them for their names.
_WIDTH, _LEFT, _RIGHT = 11., .75, 1.35
_POSES, _CURVES, _BELOW, _ABOVE = 2.1, 1.9, .55, .42
#: Of more classes only so many are drawn, the most probable ones.
_MAX_CLASSES = 12


class _Poses(NamedTuple):
    """The frames in which there is a body to draw."""
    points: np.ndarray  # (T', V, 2), y up, root at x = 0
    times: np.ndarray  # (T', ), seconds


def _poses_of(keypoint: np.ndarray, layout: SkeletonLayout,
              fps: float) -> _Poses:
    keypoint = np.asarray(keypoint)
    finite = np.isfinite(keypoint).all(-1)
    there = finite & (keypoint[..., 2] > 0 if layout.dims == 2
                      and keypoint.shape[-1] == 3 else finite)
    shown = there.any(-1) & np.nan_to_num(keypoint).any((-2, -1))
    if not shown.any():
        raise InputError('there is no joint in any frame, so nothing to draw')
    points = center(project(keypoint[shown], layout), layout)
    return _Poses(points, np.flatnonzero(shown) / fps)


def draw_emotion_strip(keypoint: np.ndarray,
                       layout: Union[str, dict, SkeletonLayout],
                       fps: float,
                       windows: Sequence[dict],
                       title: str = '',
                       num_poses: int = 8) -> Figure:
    """Draw poses above the probabilities of the emotions at their time.

    A recording that was scored as a whole has bars in place of curves.

    Args:
        keypoint (np.ndarray): One person, (T, V, C), as for
            :func:`mmair.visualization.draw_strip`; NaN where not seen.
        layout (str | dict | SkeletonLayout): The layout of the joints.
        fps (float): Frames a second.
        windows (Sequence[dict]): ``start``, ``end`` and ``scores`` of every
            window, as :class:`mmair.apis.EmotionInferencer` returns them.
        title (str): Title. Defaults to none.
        num_poses (int): Poses at most. Defaults to 8.

    Returns:
        matplotlib.figure.Figure: The picture.

    Raises:
        InputError: If ``keypoint`` does not fit the layout or is empty, or no
            window has scores.
    """
    layout = get_layout(layout)
    poses = _poses_of(keypoint, layout, fps)
    length = len(keypoint) / fps
    fig, width = _figure(title, _POSES + _CURVES + _BELOW)
    ax = in_inches(fig, _LEFT, _BELOW + _CURVES, width, _POSES)
    step = width / num_poses
    wanted = (np.arange(num_poses) + .5) * length / num_poses
    index = np.abs(poses.times - wanted[:, None]).argmin(1)
    chosen = poses.points[index]
    scale, bottom = _scale(chosen, step * .9, _POSES - .35)
    if layout.dims == 3:
        ax.plot([0, width], [.15, .15], color=SHADE_COLOR, lw=1.2, zorder=0)
    for i, pose in enumerate(chosen):
        # A place without a body near is left empty.
        if abs(poses.times[index[i]] - wanted[i]) <= length / num_poses / 2:
            low, high = np.nanmin(pose[:, 0]), np.nanmax(pose[:, 0])
            Body(ax, layout, .75).show(
                scale * (pose - ((low + high) / 2, bottom))
                + (step * (i + .5), .15))
    _draw_scores(_inches_below(fig, width), windows, length)
    return fig


def draw_emotion_gif(keypoint: np.ndarray,
                     layout: Union[str, dict, SkeletonLayout],
                     path: Union[str, Path],
                     fps: float,
                     windows: Sequence[dict],
                     title: str = '',
                     seconds: float = 10.) -> int:
    """Write a recording above its curves of emotion as an endless GIF.

    It plays at its true tempo; a line runs through the curves.

    Args:
        keypoint (np.ndarray): As for :func:`draw_emotion_strip`.
        layout (str | dict | SkeletonLayout): The layout of the joints.
        path (str | Path): The file to write.
        fps (float): Frames a second.
        windows (Sequence[dict]): As for :func:`draw_emotion_strip`.
        title (str): Title. Defaults to none.
        seconds (float): Longest time shown. Defaults to 10.

    Returns:
        int: Number of pictures in the file, 12.5 a second.

    Raises:
        InputError: As :func:`draw_emotion_strip`.
    """
    layout = get_layout(layout)
    poses = _poses_of(keypoint, layout, fps)
    length = len(keypoint) / fps
    fig, width = _figure(title, _POSES + _CURVES + _BELOW, .7)
    ax = in_inches(fig, _LEFT, _BELOW + _CURVES, width, _POSES)
    scale, bottom = _scale(poses.points, width, _POSES - .35)
    if layout.dims == 3:
        ax.plot([width / 2 - 1.5, width / 2 + 1.5], [.15, .15],
                color=SHADE_COLOR, lw=1.2, zorder=0)
    body = Body(ax, layout, .9)
    curves = _inches_below(fig, width)
    bars = _draw_scores(curves, windows, length)
    line = None if bars else curves.axvline(0, color=TEXT_COLOR, lw=1.2)
    clock = ax.text(width, _POSES - .1, '', ha='right', va='top', size=10,
                    color=TEXT_COLOR)
    # What does not move is drawn once.
    canvas, pictures = FigureCanvasAgg(fig), []
    moving = [(ax, artist) for artist in (
        *(lines for _, lines in body.parts), body.gaps, body.dot, clock)]
    moving += [] if line is None else [(curves, line)]
    for _, artist in moving:
        artist.set_animated(True)
    canvas.draw()
    still = canvas.copy_from_bbox(fig.bbox)
    nobody = np.full(poses.points.shape[1:], np.nan)
    for time in np.arange(0, min(length, seconds), GIF_FRAME_MS / 1000):
        nearest = np.abs(poses.times - time).argmin()
        there = abs(poses.times[nearest] - time) <= 1 / fps
        body.show(scale * (poses.points[nearest] - (0, bottom))
                  + (width / 2, .15) if there else nobody)
        clock.set_text(f'{time:.1f} s')
        if line is not None:
            line.set_xdata([time, time])
        canvas.restore_region(still)
        for axes, artist in moving:
            axes.draw_artist(artist)
        pictures.append(gif_frame(canvas, 128))
    save_gif(pictures, path)
    return len(pictures)


def _figure(title: str, height: float,
            narrow: float = 1.) -> Tuple[Figure, float]:
    """A figure, and the inches that curves and poses are wide."""
    width = _WIDTH * narrow
    size = width, height + _ABOVE * bool(title) + .1
    fig = Figure(figsize=size, dpi=100, facecolor='white')
    if title:
        fig.text(.15 / width, 1 - .1 / size[1], title, ha='left', va='top',
                 size=12, weight='bold', color=TEXT_COLOR, parse_math=False)
    return fig, width - _LEFT - _RIGHT


def _inches_below(fig: Figure, width: float):
    w, h = fig.get_size_inches()
    return fig.add_axes((_LEFT / w, _BELOW / h, width / w, _CURVES / h))


def _scale(points: np.ndarray, width: float,
           height: float) -> Tuple[float, float]:
    """Inches a unit so that every pose fits, and the lowest point."""
    x, y = points[..., 0], points[..., 1]
    widest = float((np.nanmax(x, 1) - np.nanmin(x, 1)).max())
    low, high = float(np.nanmin(y)), float(np.nanmax(y))
    return min(width / max(widest, 1e-6), height / max(high - low, 1e-6)), low


def _draw_scores(ax, windows: Sequence[dict], length: float) -> bool:
    """Draw curves, or bars for one window; return whether bars."""
    scored = [w['scores'] for w in windows if w['scores'] is not None]
    if not scored:
        raise InputError('no window has scores, so there is no curve to draw')
    classes = list(scored[0])
    if len(classes) > _MAX_CLASSES:
        classes = sorted(classes, key=lambda name: -max(
            scores[name] for scores in scored))[:_MAX_CLASSES]
    several = '' if len(classes) == len(scored[0]) else (
        f' ({len(classes)} of {len(scored[0])})')
    clean(ax)
    ax.set_ylabel(f'probability{several}')
    colors = [SERIES_COLORS[i % len(SERIES_COLORS)]
              for i in range(len(classes))]
    if len(windows) == 1:
        values = [scored[0][name] for name in classes]
        ax.bar(classes, values, color=colors, width=.7)
        for i, value in enumerate(values):
            ax.text(i, value, f'{value:.2f}', ha='center', va='bottom',
                    size=9, color=TEXT_COLOR)
        ax.set_ylim(0, max(1.15 * max(values), 1e-3))
        ax.grid(False)
        return True
    curves = np.array([[w['scores'][name] if w['scores'] else np.nan
                        for name in classes] for w in windows])
    middle = [(w['start'] + w['end']) / 2 for w in windows]
    last = np.flatnonzero(np.isfinite(curves[:, 0]))[-1]
    # Colours come again after seven, then with broken lines.
    styles = ['-' if i < len(SERIES_COLORS) else (0, (3, 2))
              for i in range(len(classes))]
    for i in range(len(classes)):
        ax.plot(middle, curves[:, i], color=colors[i], lw=2, ls=styles[i],
                marker='o', ms=3)
    top = max(1.1 * np.nanmax(curves), 1e-3)
    ax.set(xlim=(0, length), ylim=(0, top))
    seconds = windows[0]['end'] - windows[0]['start']
    ax.set_xlabel(f'seconds (middle of each window of {seconds:.1f} s)')
    for name, color, style, y, end in zip(
            classes, colors, styles, _apart(curves[last], top), curves[last]):
        ax.annotate(name, (middle[last], end), (1.06, y),
                    textcoords=('axes fraction', 'data'), va='center',
                    size=9, color=color, annotation_clip=False,
                    arrowprops=dict(arrowstyle='-', color=color, lw=.7,
                                    ls=style, alpha=.5, shrinkA=0, shrinkB=2))
    return False


def _apart(values: Sequence[float], top: float) -> List[float]:
    """Heights for the names of curves, so that none covers another."""
    gap = top / max(11, len(values))
    order = np.argsort(values)
    places = np.array(values, float)[order]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    places -= max(0, places[-1] - top) if len(places) else 0
    for i in range(len(places) - 2, -1, -1):
        places[i] = min(places[i], places[i + 1] - gap)
    result = np.empty_like(places)
    result[order] = places
    return result.tolist()
