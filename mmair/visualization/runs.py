"""What several runs logged, one beside the other."""
from typing import Dict, List, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .curves import curve_of
from .style import SERIES_COLORS, TEXT_COLOR, clean

_COLUMNS = 3


def draw_runs(runs: Dict[str, List[dict]], keys: Sequence[str]) -> Figure:
    """Draw logged values of several runs.

    Args:
        runs (dict[str, list[dict]]): Records of each run, by its name.
        keys (Sequence[str]): Values, one panel each; a run that has not
            logged one is absent from its panel.

    Returns:
        matplotlib.figure.Figure: The picture.
    """
    columns = min(_COLUMNS, len(keys))
    rows = -(-len(keys) // columns)
    fig = Figure(figsize=(4.4 * columns, 2.9 * rows + .35), dpi=110,
                 facecolor='white', layout='constrained')
    panels = fig.subplots(rows, columns, squeeze=False).flat
    handles = {}
    for key, ax in zip(keys, panels):
        for number, (name, records) in enumerate(runs.items()):
            curve = curve_of(records, key)
            if curve is None:
                continue
            handles[name], = ax.plot(
                *curve, lw=1.8, color=SERIES_COLORS[
                    number % len(SERIES_COLORS)],
                ls=('-', '--', ':')[number // len(SERIES_COLORS) % 3],
                marker='o' if len(curve[0]) < 40 else None, ms=3.5)
        clean(ax)
        ax.set_title(key, size=10, color=TEXT_COLOR)
        ax.set_xlabel('epoch', size=9, color=TEXT_COLOR)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    for ax in list(panels):  # what is left of the last row
        ax.axis('off')
    fig.legend(handles.values(), handles, loc='outside upper left',
               ncols=min(4, max(1, len(handles))), frameon=False, fontsize=9,
               labelcolor=TEXT_COLOR)
    return fig
