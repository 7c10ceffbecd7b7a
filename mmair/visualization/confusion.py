"""The confusion matrix as a picture."""
from typing import Sequence

import numpy as np
from matplotlib.figure import Figure

from .curves import TEXT_COLOR


def draw_confusion_matrix(matrix: np.ndarray,
                          classes: Sequence[str]) -> Figure:
    """Draw which class is taken for which.

    Args:
        matrix (np.ndarray): Counts, (K, K), true classes in rows.
        classes (Sequence[str]): K names.

    Returns:
        matplotlib.figure.Figure: Shares of each row in percent, with the
        number of recordings beside the name of the row.
    """
    matrix = np.asarray(matrix)
    totals = matrix.sum(1)
    percent = 100 * matrix / np.maximum(totals, 1)[:, None]
    num = len(classes)
    fig = Figure(figsize=(2 + .55 * num, 1.3 + .5 * num), dpi=110,
                 facecolor='white', layout='constrained')
    ax = fig.add_subplot()
    ax.imshow(percent, cmap='Blues', vmin=0, vmax=100, aspect='auto')
    for (row, column), value in np.ndenumerate(percent):
        ax.text(column, row, f'{value:.0f}', ha='center', va='center',
                size=9, color='white' if value > 50 else TEXT_COLOR)
    ax.set_xticks(range(num), classes, rotation=40, ha='right',
                  rotation_mode='anchor')
    ax.set_yticks(range(num),
                  [f'{name} ({n})' for name, n in zip(classes, totals)])
    ax.set_xlabel('predicted', color=TEXT_COLOR)
    ax.set_ylabel('true (recordings)', color=TEXT_COLOR)
    ax.tick_params(length=0, labelsize=9, colors=TEXT_COLOR)
    ax.spines[:].set_visible(False)
    # White lines between the cells.
    ax.set_xticks(np.arange(num - 1) + .5, minor=True)
    ax.set_yticks(np.arange(num - 1) + .5, minor=True)
    ax.grid(which='minor', color='white', lw=1.5)
    ax.tick_params(which='minor', length=0)
    return fig
