"""Which training recordings keep their label when few are given."""
import hashlib
from collections import defaultdict
from typing import Dict, List, Sequence, Tuple

import numpy as np

from mmair.errors import InputError


def labelled_subset(names: Sequence[str], labels: Sequence[int],
                    percentage: float, draw: int) -> np.ndarray:
    """A stratified part of the training recordings.

    Every class gives the same percentage of its recordings, at least one.
    Which ones is a function of (draw, percentage, name) alone: neither the
    machine nor the order of the recordings matters.

    Args:
        names (Sequence[str]): ``frame_dir`` of the training recordings.
        labels (Sequence[int]): Their classes.
        percentage (float): How many keep their label, in (0, 100].
        draw (int): Number of the draw.

    Returns:
        np.ndarray: Indices of the labelled ones, ascending.

    Raises:
        InputError: If the percentage is out of range.
    """
    if not 0 < percentage <= 100:
        raise InputError(f'percentage of labels: found {percentage}, expected '
                         'more than 0 and at most 100')
    classes: Dict[int, List[Tuple[str, int]]] = defaultdict(list)
    for index, (name, label) in enumerate(zip(names, labels)):
        rank = hashlib.sha256(f'{draw}\0{percentage:g}\0{name}'.encode())
        classes[int(label)].append((rank.hexdigest(), index))
    chosen = []
    for ranked in classes.values():
        count = max(1, int(len(ranked) * percentage / 100 + 0.5))
        chosen += [index for _, index in sorted(ranked)[:count]]
    return np.array(sorted(chosen))
