"""Recordings as points in the plane, coloured by what is known of them."""
from collections import Counter
from typing import Dict, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from .style import SERIES_COLORS, SHADE_COLOR, TEXT_COLOR

_UNKNOWN, _REST = '#D0D3D8', '#9AA0A8'
_MOST = 20  # colours that can be told apart


def draw_embedding(points: np.ndarray, groups: Dict[str, Sequence[str]],
                   title: str = '') -> Figure:
    """Draw the same points once for each grouping.

    Args:
        points (np.ndarray): ``(N, 2)``.
        groups (dict[str, Sequence[str]]): For each panel its title and the
            group of every point, '' where unknown. Of more than 20 groups
            the largest 19 have a colour.
        title (str): Title. Defaults to none.

    Returns:
        matplotlib.figure.Figure: A panel a grouping.
    """
    fig = Figure(figsize=(5.6 * len(groups), 4.6), dpi=110,
                 facecolor='white', layout='constrained')
    panels = fig.subplots(1, len(groups), squeeze=False)[0]
    for ax, (name, of_points) in zip(panels, groups.items()):
        of_points = np.asarray(of_points)
        for group, chosen, color in _colored(of_points):
            ax.scatter(*points[chosen].T, s=14, color=color, label=group,
                       linewidths=0, alpha=.85,
                       zorder=1 if group == 'unknown' else 2)
        ax.set_title(name, size=11, color=TEXT_COLOR)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color(SHADE_COLOR)
        ax.legend(loc='center left', bbox_to_anchor=(1, .5), frameon=False,
                  fontsize=9, labelcolor=TEXT_COLOR, handletextpad=.2,
                  borderaxespad=.2, markerscale=1.4)
    fig.suptitle(title, size=10, color=TEXT_COLOR, wrap=True)
    return fig


def _colored(of_points: np.ndarray):
    """Name, points and colour of each group, in the order of names."""
    sizes = Counter(of_points[of_points != ''].tolist())
    most = sizes.most_common(_MOST if len(sizes) <= _MOST else _MOST - 1)
    names = sorted(name for name, _ in most)
    colors = (SERIES_COLORS if len(names) <= len(SERIES_COLORS) else
              matplotlib.colormaps['tab10' if len(names) <= 10 else
                                   'tab20'].colors)
    for name, color in zip(names, colors):
        yield name, of_points == name, color
    rest = ~np.isin(of_points, [*names, ''])
    if rest.any():
        yield f'{len(sizes) - len(names)} others', rest, _REST
    if (of_points == '').any():
        yield 'unknown', of_points == '', _UNKNOWN
