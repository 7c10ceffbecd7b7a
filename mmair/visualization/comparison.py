"""A comparison of methods as a picture."""
from typing import List

import numpy as np
from matplotlib.figure import Figure

from .style import SERIES_COLORS, SHADE_COLOR, TEXT_COLOR, clean


def draw_comparison(track: dict, protocols: List[str], subject: str,
                    title: str) -> Figure:
    """Draw macro-F1 of every row on every split.

    Args:
        track (dict): One of the tracks of
            :func:`mmair.evaluation.comparison_report.report`.
        protocols (list[str]): The panels, from left to right.
        subject (str): The row to emphasise.
        title (str): What the numbers are of.

    Returns:
        matplotlib.figure.Figure: A panel a split; a dot is the mean, a bar
        the deviation over seeds, a small ring one seed.
    """
    rows = list(dict.fromkeys((s['row'], s['readout'])
                              for s in track['scores']))
    fig = Figure(figsize=(3. + 1.9 * len(protocols), 1.3 + .27 * len(rows)),
                 dpi=120, facecolor='white', layout='constrained')
    panels = fig.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
    for ax, protocol in zip(panels, protocols):
        for score in track['scores']:
            if score['protocol'] != protocol:
                continue
            values = np.array([s['macro_f1'] for s in score['seeds']])
            y = rows.index((score['row'], score['readout']))
            color = (SERIES_COLORS[0] if score['row'] == subject else
                     '#7A818B')
            spread = values.std(ddof=1) if len(values) > 1 else None
            ax.errorbar(values.mean(), y, xerr=spread, fmt='o', ms=5.5,
                        color=color, elinewidth=1.6, capsize=3, zorder=3)
            if spread is not None:
                ax.plot(values, np.full(len(values), y), 'o', ms=3,
                        mfc='white', mec=color, mew=.8, zorder=4)
        ax.set_title(protocol, size=10, color=TEXT_COLOR)
        clean(ax)
        ax.spines['left'].set_visible(False)
        ax.tick_params(axis='y', length=0)
        ax.grid(axis='x', color=SHADE_COLOR, lw=.8)
        ax.margins(x=.12)
    panels[0].set_yticks(range(len(rows)), [', '.join(r) for r in rows])
    panels[0].set_ylim(len(rows) - .5, -.5)
    fig.supxlabel('macro-F1 (%): mean, standard deviation over seeds, and '
                  'each seed (ring)', size=10, color=TEXT_COLOR)
    fig.suptitle(title, size=10, color=TEXT_COLOR, wrap=True)
    return fig
