"""What a run logged as pictures: curves over training, use of codes."""
import json
import re
from pathlib import Path
from typing import List, Optional, Sequence, Tuple, Union

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmair.errors import InputError

from .style import SERIES_COLORS, TEXT_COLOR, clean


def load_scalars(path: Union[str, Path]) -> List[dict]:
    """Read the ``vis_data/scalars.json`` of a run.

    Args:
        path (str | Path): The file that MMEngine's ``LocalVisBackend`` wrote,
            one JSON dict a line.

    Returns:
        list[dict]: The records; those of training have ``iter``.

    Raises:
        InputError: If the file is unreadable or a line is no such dict.
    """
    try:
        lines = Path(path).read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{path}: not readable as a log: {error}') from error
    records = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise InputError(f'{path}: line {number} is {line[:40]!r}, '
                             'expected a dict in JSON; give the scalars.json '
                             'that MMEngine wrote')
        records.append(record)
    return records


def curve_of(records: Sequence[dict],
             key: str) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """A logged value over epochs.

    Args:
        records (Sequence[dict]): From :func:`load_scalars`.
        key (str): Name of the value.

    Returns:
        tuple[np.ndarray] | None: Epochs and values, ``(n, )``; iterations
        where the run counts no epochs; None if it did not log the value.
    """
    # Training counts iterations, validation epochs. At the end of an epoch
    # the quotient is exact, before it smaller.
    per_epoch = max((r['iter'] / r['epoch'] for r in records
                     if 'iter' in r and r.get('epoch')), default=1)
    points = [(r['step'] / (per_epoch if 'iter' in r else 1), r[key])
              for r in records
              if 'step' in r and isinstance(r.get(key), (int, float))]
    return tuple(np.array(points, float).T) if points else None


def draw_curves(records: Sequence[dict],
                pattern: str,
                ylabel: str,
                name: str = '{}',
                ylim: Optional[Tuple[float, float]] = None,
                reference: Optional[Tuple[float, str]] = None
                ) -> Optional[Figure]:
    """Draw logged values over training.

    Args:
        records (Sequence[dict]): From :func:`load_scalars`.
        pattern (str): Regular expression that a key must match whole to be
            drawn, with one group, for example ``'usage_(.*)'``.
        ylabel (str): What is drawn, with its unit.
        name (str): Name in the legend, '{}' is what the pattern's group
            caught. Defaults to '{}'.
        ylim (tuple[float], optional): Limits of the values.
        reference (tuple[float, str], optional): A value to draw a dashed line
            at, and what it is.

    Returns:
        matplotlib.figure.Figure | None: The picture, None if no key matches.
    """
    keys = dict.fromkeys(key for record in records for key in record
                         if re.fullmatch(pattern, key))
    curves = {key: curve for key in keys
              if (curve := curve_of(records, key)) is not None}
    if not curves:
        return None
    fig, ax = _axes()
    for (key, curve), color in zip(curves.items(), _cycle(len(curves))):
        caught = re.fullmatch(pattern, key)[1].replace('_', ' ')
        ax.plot(*curve, color=color, lw=1.8, label=name.format(caught),
                marker='o' if len(curve[0]) < 40 else None, ms=3.5,
                solid_capstyle='round')
    if reference:
        ax.axhline(reference[0], color=TEXT_COLOR, lw=1.2, ls=(0, (4, 3)),
                   label=reference[1], zorder=1)
    ax.set(xlabel='epoch' if any(r.get('epoch') for r in records)
           else 'iteration', ylabel=ylabel, ylim=ylim)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    _legend(ax)
    return fig


def draw_code_histogram(usage: Sequence[Sequence[int]]) -> Figure:
    """Draw how many recordings have each code, most used first.

    Args:
        usage (Sequence[Sequence[int]]): For every label scale the recordings
            with each of its codes.

    Returns:
        matplotlib.figure.Figure: One panel a scale; a dashed line is even
        use.
    """
    fig = Figure(figsize=(6.4, 2.6), dpi=110, facecolor='white',
                 layout='constrained')
    panels = fig.subplots(1, len(usage), squeeze=False,
                          width_ratios=[8 + len(u) for u in usage])[0]
    for ax, counts, color in zip(panels, usage, _cycle(len(usage))):
        ax.bar(range(1, len(counts) + 1), sorted(counts, reverse=True),
               color=color, width=.8)
        ax.axhline(sum(counts) / len(counts), color=TEXT_COLOR, lw=1.2,
                   ls=(0, (4, 3)))
        ax.set_title(f'{len(counts)} codes', size=10, color=TEXT_COLOR)
        ax.set_xticks([1, len(counts)])
        clean(ax)
    panels[0].set_ylabel('recordings')
    fig.supxlabel('codes, most used first', size=10, color=TEXT_COLOR)
    return fig


def _axes() -> tuple:
    fig = Figure(figsize=(5.2, 3.), dpi=110, facecolor='white',
                 layout='constrained')
    ax = fig.add_subplot()
    clean(ax)
    return fig, ax


def _legend(ax) -> None:
    """Names above the axes, where no curve can run through them."""
    ax.legend(loc='lower left', bbox_to_anchor=(0, 1), ncols=4,
              frameon=False, fontsize=9, labelcolor=TEXT_COLOR,
              handlelength=1.6, columnspacing=1.4, borderaxespad=.2)


def _cycle(num: int) -> List[str]:
    return [SERIES_COLORS[i % len(SERIES_COLORS)] for i in range(num)]
