"""Nearest-neighbour recognition on features."""
from typing import Optional

import numpy as np

#: Similarities at a time, which bounds the memory: some 80 MB.
_CHUNK = 10**7


def knn_predict(bank: np.ndarray,
                labels: np.ndarray,
                queries: np.ndarray,
                k: int,
                bank_groups: Optional[np.ndarray] = None,
                query_groups: Optional[np.ndarray] = None) -> np.ndarray:
    """Majority vote of the nearest neighbours by cosine.

    Features are standardised by the bank; ties go to the class whose
    neighbours are more similar in sum.

    Args:
        bank (np.ndarray): Features with labels, ``(N, D)``.
        labels (np.ndarray): Integer labels, ``(N, )``.
        queries (np.ndarray): Features to recognise, ``(Q, D)``.
        k (int): Number of neighbours; fewer where the bank is smaller.
        bank_groups (np.ndarray, optional): ``(N, )``.
        query_groups (np.ndarray, optional): ``(Q, )``. Neighbours of the
            query's own group do not vote.

    Returns:
        np.ndarray: Labels, ``(Q, )``; -1 where no neighbour may vote.
    """
    bank, queries = (np.asarray(x, np.float64) for x in (bank, queries))
    mean, std = bank.mean(0), bank.std(0)
    # What is constant in the bank tells nothing.
    std = np.where(std > 1e-8, std, np.inf)
    bank, queries = ((x - mean) / std for x in (bank, queries))
    bank, queries = (
        x / np.linalg.norm(x, axis=1, keepdims=True).clip(1e-12)
        for x in (bank, queries))
    if bank_groups is not None:  # numbers are faster to compare than names
        groups = np.unique(np.concatenate((bank_groups, query_groups)),
                           return_inverse=True)[1]
        bank_groups, query_groups = np.split(groups, [len(bank)])
    k = min(k, len(bank))
    found, rows = [], max(1, _CHUNK // len(bank))
    for start in range(0, len(queries), rows):
        chunk = slice(start, start + rows)
        similarity = queries[chunk] @ bank.T
        if bank_groups is not None:
            similarity[query_groups[chunk, None] == bank_groups] = -np.inf
        nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(similarity, nearest, 1)
        votes = np.zeros((len(near), int(labels.max()) + 1))
        # A vote counts 1; the similarity, below 1e-3, only breaks ties.
        worth = np.where(np.isfinite(near), 1 + 1e-3 * near / k, 0)
        np.add.at(votes, (np.arange(len(near))[:, None], labels[nearest]),
                  worth)
        found.append(np.where(votes.any(1), votes.argmax(1), -1))
    return np.concatenate(found)
