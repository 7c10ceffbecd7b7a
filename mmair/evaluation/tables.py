"""Tables as people read them."""
from typing import Sequence

import numpy as np


def mean_and_deviation(values: Sequence[float]) -> str:
    """``35.5 ± 1.2``, or ``35.5`` of one value."""
    cell = f'{np.mean(values):.1f}'
    if len(values) > 1:
        cell += f' ± {np.std(values, ddof=1):.1f}'
    return cell


def markdown(table: dict) -> str:
    """A table as Markdown.

    Args:
        table (dict): ``title``, ``columns``, ``rows`` of strings, ``note``.

    Returns:
        str: Title, table and note.
    """
    lines = [table['columns'], ['---'] * len(table['columns']),
             *table['rows']]
    return '\n'.join(['**' + table['title'] + '**', '']
                     + ['| ' + ' | '.join(line) + ' |' for line in lines]
                     + ['', table['note']])
