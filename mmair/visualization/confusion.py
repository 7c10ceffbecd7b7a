"""Which classes are taken for which."""
from typing import Sequence

import numpy as np
from matplotlib.figure import Figure

from .style import TEXT_COLOR


def draw_confusion(counts: np.ndarray, classes: Sequence[str],
                   title: str = '') -> Figure:
    """Draw a confusion matrix.

    The colour is the share of the true class, so that classes of few
    recordings are seen as well; the number is that of recordings.

    Args:
        counts (np.ndarray): Recordings, ``(K, K)``; rows are the truth.
        classes (Sequence[str]): Names, K.
        title (str): Title. Defaults to none.

    Returns:
        matplotlib.figure.Figure: The picture.
    """
    counts = np.asarray(counts)
    support = counts.sum(1, keepdims=True)
    share = counts / np.maximum(support, 1)
    size = 1.9 + .55 * len(classes)
    fig = Figure(figsize=(size + 1.1, size), dpi=120, facecolor='white',
                 layout='constrained')
    ax = fig.add_subplot()
    drawn = ax.imshow(100 * share, cmap='Blues', vmin=0, vmax=100)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ax.text(column, row, str(count), ha='center', va='center',
                    size=9, color='white' if share[row, column] > .45 else
                    TEXT_COLOR)
    ticks = range(len(classes))
    ax.set_xticks(ticks, classes, rotation=45, ha='right',
                  rotation_mode='anchor')
    ax.set_yticks(ticks, [f'{name} ({n})'
                          for name, n in zip(classes, support[:, 0])])
    ax.tick_params(colors=TEXT_COLOR, labelsize=9, length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel('recognised', color=TEXT_COLOR, size=10)
    ax.set_ylabel('true (recordings)', color=TEXT_COLOR, size=10)
    bar = fig.colorbar(drawn, ax=ax, shrink=.8)
    bar.set_label('share of the true class (%)', color=TEXT_COLOR, size=9)
    bar.ax.tick_params(colors=TEXT_COLOR, labelsize=8, length=2)
    bar.outline.set_visible(False)
    fig.suptitle(title, size=10, color=TEXT_COLOR, wrap=True)
    return fig
