"""Whether one method is ahead of another on the same recordings."""
import functools
from typing import Dict, List

import numpy as np


def macro_f1_of_counts(hits: np.ndarray, support: np.ndarray,
                       predicted: np.ndarray) -> np.ndarray:
    """Macro-F1 over the classes that occur.

    Args:
        hits (np.ndarray): How often each class was predicted rightly,
            ``(..., K)``.
        support (np.ndarray): How often each class occurs, ``(..., K)``.
        predicted (np.ndarray): How often each was predicted, ``(..., K)``.

    Returns:
        np.ndarray: ``(...)``, in percent.
    """
    f1 = np.where(support > 0,
                  2 * hits / np.maximum(support + predicted, 1), 0)
    return 100 * f1.sum(-1) / np.maximum((support > 0).sum(-1), 1)


def paired_bootstrap(labels: np.ndarray,
                     first: np.ndarray,
                     second: np.ndarray,
                     num_samples: int = 10000,
                     seed: int = 0) -> Dict[str, float]:
    """Difference of pooled macro-F1, resampling recordings.

    Both methods are scored on the same drawn recordings, so what makes a
    recording hard for both cancels (Efron & Tibshirani 1993, chapter 16).
    The score of a method is the mean over its seeds. Recordings of one
    actor are drawn independently: the interval speaks of more recordings of
    these actors, not of more actors.

    Args:
        labels (np.ndarray): True classes, ``(N, )``.
        first (np.ndarray): Predictions, ``(S1, N)``, one row a seed.
        second (np.ndarray): The same of the other method, ``(S2, N)``.
        num_samples (int): Number of draws. Defaults to 10000.
        seed (int): Of the draws. Defaults to 0.

    Returns:
        dict[str, float]: ``difference`` (first minus second), ``low`` and
        ``high`` of its 95 % interval, in percent, and the two-sided
        ``p_value``.
    """
    labels, first, second = (np.asarray(x) for x in (labels, first, second))
    width = 1 + int(max(labels.max(), first.max(), second.max()))

    def one_hot(classes: np.ndarray) -> np.ndarray:
        """Which class each recording has, ``(N, K)``."""
        return np.eye(width, dtype=np.float32)[classes]

    truth = one_hot(labels)
    methods = [[(truth * (row == labels)[:, None], one_hot(row))
                for row in rows] for rows in (first, second)]

    def difference(weights: np.ndarray) -> np.ndarray:
        support = weights @ truth
        return np.subtract(*(
            np.mean([macro_f1_of_counts(weights @ hits, support,
                                        weights @ predicted)
                     for hits, predicted in rows], 0) for rows in methods))

    drawn = np.concatenate([
        difference(weights)
        for weights in _draws(len(labels), num_samples, seed)])
    # The observed difference counts as one of the draws: p is never 0.
    below, above = (1 + (drawn <= 0).sum()), (1 + (drawn >= 0).sum())
    low, high = np.percentile(drawn, (2.5, 97.5))
    return dict(
        difference=float(
            difference(np.ones((1, len(labels)), np.float32))[0]),
        low=float(low), high=float(high),
        p_value=min(1., 2 * float(min(below, above)) / (num_samples + 1)))


@functools.lru_cache(maxsize=1)  # a table has many pairs, 43 MB of draws
def _draws(num: int, num_samples: int, seed: int) -> List[np.ndarray]:
    """How often each recording is drawn, (1000, N) at a time."""
    rng = np.random.default_rng(seed)
    even = np.full(num, 1 / num)
    return [rng.multinomial(num, even, min(1000, num_samples - start)).astype(
        np.float32) for start in range(0, num_samples, 1000)]
