"""How much a readout learns from how many labels, as a picture."""
from typing import Dict, List

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from .style import SERIES_COLORS, TEXT_COLOR, clean

_MARKERS = 'osD^vP*X'


def draw_label_curves(track: dict, protocols: List[str], subject: str,
                      title: str) -> Figure:
    """Draw macro-F1 of frozen features against the share of the labels.

    Args:
        track (dict): One of the tracks of
            :func:`mmair.evaluation.comparison_report.report`, with
            ``probes``.
        protocols (list[str]): The panels, from left to right.
        subject (str): The row to emphasise.
        title (str): What the numbers are of.

    Returns:
        matplotlib.figure.Figure: A panel a split, a line a row and readout;
        a mark is the mean, a bar the deviation over seeds and draws.
    """
    #: (row, readout) -> split -> percentage -> macro-F1 of each run.
    curves: Dict[tuple, Dict[str, Dict[float, list]]] = {}
    for probe in track['probes']:
        curves.setdefault((probe['row'], probe['readout']), {}).setdefault(
            probe['split'], {})[probe['percentage']] = probe['runs']
    for score in track['scores']:
        key = score['row'], score['readout']
        if score['protocol'] in curves.get(key, ()):
            curves[key][score['protocol']][100] = score['seeds']
    fig = Figure(figsize=(2.4 + 2.7 * len(protocols), 4.6), dpi=120,
                 facecolor='white', layout='constrained')
    panels = fig.subplots(1, len(protocols), squeeze=False)[0]
    for ax, protocol in zip(panels, protocols):
        ticks = set()
        for place, (key, of) in enumerate(curves.items()):
            if protocol not in of:
                continue
            shares = sorted(of[protocol])
            ticks.update(shares)
            values = [[run['macro_f1'] for run in of[protocol][share]]
                      for share in shares]
            ours = key[0] == subject
            ax.errorbar(
                # Side by side, so that no bar hides another.
                np.array(shares) * 1.02**(place - (len(curves) - 1) / 2),
                [np.mean(v) for v in values],
                [np.std(v, ddof=1) if len(v) > 1 else 0 for v in values],
                label=', '.join(key),
                color=SERIES_COLORS[place % len(SERIES_COLORS)],
                ls='-' if place < len(SERIES_COLORS) else '--',
                marker=_MARKERS[place % len(_MARKERS)], ms=4.5,
                lw=2.2 if ours else 1.1, elinewidth=.9, capsize=2,
                zorder=4 if ours else 3)
        ax.set_xscale('log')
        ticks = sorted(ticks)
        ax.set_xticks(ticks, [f'{tick:g}' for tick in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_title(protocol, size=10, color=TEXT_COLOR)
        clean(ax)
    panels[0].set_ylabel('macro-F1 (%)')
    fig.supxlabel('labels of the training part (%): mean and standard '
                  'deviation over seeds and draws', size=10, color=TEXT_COLOR)
    names = {name: handle for ax in panels
             for handle, name in zip(*ax.get_legend_handles_labels())}
    fig.legend(names.values(), names, loc='outside right center', fontsize=9,
               frameon=False, labelcolor=TEXT_COLOR)
    fig.suptitle(title, size=10, color=TEXT_COLOR, wrap=True)
    return fig
