"""What several runs logged, one beside the other."""
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .curves import SERIES_COLORS, TEXT_COLOR

_COLUMNS = 3


def curve_of(records: Sequence[dict],
             key: str) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """A logged value over epochs.

    Args:
        records (Sequence[dict]): From
            :func:`mmair.visualization.load_scalars`.
        key (str): Name of the value.

    Returns:
        tuple[np.ndarray] | None: Epochs and values, ``(n, )``; iterations
        where the run counts no epochs; None if it did not log the value.
    """
    # Training counts iterations, validation epochs.
    per_epoch = max((r['iter'] / r['epoch'] for r in records
                     if 'iter' in r and r.get('epoch')), default=1)
    points = [(r['step'] / (per_epoch if 'iter' in r else 1), r[key])
              for r in records
              if 'step' in r and isinstance(r.get(key), (int, float))]
    return tuple(np.array(points, float).T) if points else None


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
        ax.set_title(key, size=10, color=TEXT_COLOR)
        ax.set_xlabel('epoch', size=9, color=TEXT_COLOR)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.spines[['top', 'right']].set_visible(False)
        ax.spines[['left', 'bottom']].set_color('#B5BAC2')
        ax.tick_params(colors=TEXT_COLOR, labelsize=9, length=3)
        ax.grid(axis='y', color='#E3E5E8', lw=.8)
        ax.set_axisbelow(True)
    for ax in list(panels):  # what is left of the last row
        ax.axis('off')
    fig.legend(handles.values(), handles, loc='outside upper left',
               ncols=min(4, max(1, len(handles))), frameon=False, fontsize=9,
               labelcolor=TEXT_COLOR)
    return fig
