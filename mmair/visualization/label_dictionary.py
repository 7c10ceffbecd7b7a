"""What a model calls a category: each code and the recordings like it."""
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from .panel import Panel
from .skeleton import LIMB_COLORS, Body, legend_of
from .style import LINE_COLOR, SERIES_COLORS, SHADE_COLOR, TEXT_COLOR

#: Inches: of the picture, of what is known of a code, left of its strips.
_WIDTH, _FACTS, _GAP = 16., 3., .3
#: Inches: above the codes, the head of a code, a caption, a line of facts.
_TOP, _HEAD, _CAPTION, _LINE = .75, .36, .18, .2
_TALLEST = 1.8  # inches of a body
_COLUMNS = 2  # strips side by side


class Entry(NamedTuple):
    """One code of a dictionary.

    Args:
        title (str): What it is called, and how many recordings have it.
        facts (dict[str, list[tuple]]): By their name, the commonest values
            among its recordings: value, share among them, share among all.
        nearest (list[Panel]): Recordings, the nearest first.
    """
    title: str
    facts: Dict[str, List[Tuple[str, float, float]]]
    nearest: List[Panel]


def draw_dictionary(entries: Sequence[Entry], title: str = '',
                    seconds: float = 4., poses: int = 8) -> Figure:
    """Draw codes below each other, each with the recordings nearest to it.

    All strips have one scale of size and of time: a pose stands for a step of
    time, and the lines behind hands and feet are the ways that they took, as
    seen from the root, since the pose before. Long lines are fast movements.
    Of what is longer than a strip the middle is drawn; what is shorter leaves
    its strip empty at the end.

    Args:
        entries (Sequence[Entry]): The codes.
        title (str): Title. Defaults to none.
        seconds (float): Time of a strip. Defaults to 4.
        poses (int): Poses in that time. Defaults to 8.

    Returns:
        matplotlib.figure.Figure: The picture.

    Raises:
        InputError: If a panel does not fit its layout.
    """
    pause = seconds / poses
    strips = [[_cut(panel, pause, poses) for panel in entry.nearest]
              for entry in entries]
    cell = (_WIDTH - _FACTS - _GAP * (_COLUMNS - 1)) / _COLUMNS
    step = cell / poses
    drawn = [strip.points for row in strips for strip in row]
    # Arms that reach far may meet a neighbour; bodies do not.
    scale = min(1.05 * step / _usual(drawn, 0),
                _TALLEST / _usual(drawn, 1)) if drawn else 1.
    blocks = [[_Line(row[i:i + _COLUMNS], scale)
               for i in range(0, len(row), _COLUMNS)] for row in strips]
    heights = [_HEAD + max(
        sum(line.height for line in block),
        sum(_LINE * (1 + len(v)) + .04 for v in entry.facts.values()))
        for entry, block in zip(entries, blocks)]
    size = (_WIDTH + .3, sum(heights) + _TOP + .38)
    fig = Figure(figsize=size, dpi=100, facecolor='white')
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, size[0]), ylim=(0, size[1]))  # in inches
    ax.axis('off')
    top = size[1] - _TOP
    _text(ax, .15, size[1] - .12, title, 14, weight='bold')
    _text(ax, .15, size[1] - .44, (
        f'A pose each {pause:.2g} s, of one size; lines are the '
        'ways of hands and feet since the pose before: long ones are fast. '
        'Bars: share in the code; mark: share among all recordings.'
    ), 10)
    for entry, block, tall in zip(entries, blocks, heights):
        ax.plot([.15, size[0] - .15], [top, top], color=LINE_COLOR, lw=1)
        _text(ax, .15, top - .08, entry.title, 12, weight='bold')
        _draw_facts(ax, entry.facts, top - _HEAD)
        up = top - _HEAD
        for line in block:
            for number, strip in enumerate(line.strips):
                left = .15 + _FACTS + number * (cell + _GAP)
                _text(ax, left, up, strip.title, 9)
                _draw_strip(ax, strip, left, up - line.above, step, scale)
            up -= line.height
        top -= tall
    legend_of(fig)
    return fig


class _Strip(NamedTuple):
    title: str
    layout: object
    points: np.ndarray  # (T, V, 2), the middle of most poses at x = 0
    spans: List[Tuple[int, int]]  # frames of the ways, the last is the pose


def _cut(panel: Panel, pause: float, poses: int) -> _Strip:
    """The middle of a panel, in steps of equal time."""
    times = np.asarray(panel.times)
    middle = (times[0] + times[-1]) / 2
    start = max(times[0], middle - pause * poses / 2)
    bounds = start + pause * np.arange(poses + 1)
    frames = np.searchsorted(times, bounds - 1e-6)
    spans = [(a, b) for a, b in zip(frames, frames[1:]) if b < len(times)]
    if not spans:  # shorter than a step
        spans = [(0, len(times) - 1)]
    shown = slice(spans[0][0], spans[-1][1] + 1)
    points = panel.points()[shown]
    # Legs that lie to one side leave room at the other.
    points[..., 0] -= np.median((np.nanmin(points[..., 0], 1)
                                 + np.nanmax(points[..., 0], 1)) / 2)
    return _Strip(panel.title, panel.layout, points,
                  [(a - shown.start, b - shown.start) for a, b in spans])


class _Line:
    """Strips side by side, their roots level.

    Args:
        strips (list[_Strip]): The strips.
        scale (float): Inches a body size.
    """

    def __init__(self, strips: List[_Strip], scale: float) -> None:
        values = np.concatenate([s.points[..., 1].ravel() for s in strips])
        #: Inches from the top of the captions to the roots, and in all.
        self.above = _CAPTION + .06 + scale * float(np.nanmax(values))
        self.height = self.above - scale * float(np.nanmin(values)) + .12
        self.strips = strips


def _usual(drawn: List[np.ndarray], axis: int) -> float:
    """Width or height of poses but for the few that reach farthest."""
    sizes = np.concatenate([
        np.nanmax(points[..., axis], 1) - np.nanmin(points[..., axis], 1)
        for points in drawn])
    return max(float(np.percentile(sizes, 95)), 1e-3)


def _text(ax, x: float, y: float, text: str, size: float, **kwargs) -> None:
    ax.text(x, y, text, **dict(dict(ha='left', va='top', size=size,
                                    color=TEXT_COLOR), **kwargs))


def _draw_facts(ax, facts: Dict[str, List[Tuple[str, float, float]]],
                top: float) -> None:
    """Bars of shares, a mark at the share among all recordings."""
    left, full, y = .15 + 1.35, _FACTS - 1.35 - .75, top
    for (name, rows), color in zip(facts.items(), SERIES_COLORS):
        _text(ax, .15, y, name, 9, weight='bold')
        for value, share, overall in rows:
            y -= _LINE
            short = value if len(value) <= 17 else f'{value[:16]}…'
            _text(ax, .15, y, short, 9)
            middle = y - .08
            ax.plot([left, left + full], [middle, middle], color=SHADE_COLOR,
                    lw=6, solid_capstyle='butt', zorder=1)
            ax.plot([left, left + full * share], [middle, middle],
                    color=color, lw=6, solid_capstyle='butt', zorder=2)
            at = left + full * overall
            ax.plot([at, at], [middle - .07, middle + .07],
                    color=TEXT_COLOR, lw=1.6, zorder=3)
            _text(ax, left + full + .08, y, f'{100 * share:.0f} %', 9)
        y -= _LINE + .04


def _draw_strip(ax, strip: _Strip, left: float, root: float, step: float,
                scale: float) -> None:
    ends = {limb: chain[-1] for limb, chain in strip.layout.limbs.items()}
    for number, (first, last) in enumerate(strip.spans):
        at = np.array([left + step * (number + .5), root])
        ways = scale * strip.points[first:last + 1] + at
        for limb, joint in ends.items():
            way = ways[:, joint]
            pieces = np.stack([way[:-1], way[1:]], 1)
            there = np.isfinite(pieces).all((1, 2))
            fade = np.linspace(.2, .9, len(pieces))
            colors = [(*to_rgb(LIMB_COLORS[limb]), a) for a in fade]
            ax.add_collection(LineCollection(
                pieces[there], colors=np.array(colors)[there],
                linewidths=1.5, zorder=1), autolim=False)
        Body(ax, strip.layout, .75).show(ways[-1])
