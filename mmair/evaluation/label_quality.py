"""What discrete labels are about, and how they are used.

Codes stand for clusters: purity and adjusted mutual information compare them
with what is known of the recordings, as is done for the units of HuBERT (Hsu
et al., IEEE/ACM TASLP 2021).
"""
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score, mutual_info_score


def contingency(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Recordings with each code and each value.

    Args:
        codes (np.ndarray): Whole numbers from 0, ``(N, )``.
        values (np.ndarray): Whole numbers from 0, ``(N, )``.

    Returns:
        np.ndarray: Counts, ``(codes, values)``.
    """
    shape = int(codes.max()) + 1, int(values.max()) + 1
    return np.bincount(np.ravel_multi_index((codes, values), shape),
                       minlength=shape[0] * shape[1]).reshape(shape)


def purity(codes: np.ndarray, values: np.ndarray) -> float:
    """Share of the recordings that have the commonest value of their code.

    It grows with the number of codes, to 1 where each recording has its own,
    so that it tells something only beside :func:`chance_purity`.

    Args:
        codes (np.ndarray): Whole numbers from 0, ``(N, )``.
        values (np.ndarray): Whole numbers from 0, ``(N, )``.

    Returns:
        float: In (0, 1].
    """
    return float(contingency(codes, values).max(1).sum() / len(codes))


def chance_purity(codes: np.ndarray, values: np.ndarray, draws: int = 200,
                  seed: int = 0) -> Tuple[float, float]:
    """Purity of a random labelling whose codes are of the same sizes.

    Args:
        codes (np.ndarray): Whole numbers from 0, ``(N, )``.
        values (np.ndarray): Whole numbers from 0, ``(N, )``.
        draws (int): Permutations. Defaults to 200.
        seed (int): Of the permutations. Defaults to 0.

    Returns:
        tuple[float]: Mean and deviation over the permutations.
    """
    rng = np.random.default_rng(seed)
    found = [purity(rng.permutation(codes), values) for _ in range(draws)]
    return float(np.mean(found)), float(np.std(found, ddof=1))


def usage(codes: np.ndarray, num_labels: int) -> Dict[str, float]:
    """How evenly codes are used.

    Args:
        codes (np.ndarray): Whole numbers from 0, ``(N, )``.
        num_labels (int): K, codes that there are.

    Returns:
        dict: ``used`` codes, ``perplexity`` (the exponential of their
        entropy: K where all are used alike), it as a share of K
        (``perplexity_share``), and the share of the largest (``largest``).
        Without any code the perplexity is 1.
    """
    share = np.bincount(codes, minlength=num_labels) / max(len(codes), 1)
    there = share[share > 0]
    perplexity = float(np.exp(-(there * np.log(there)).sum()))
    return dict(used=len(there), perplexity=perplexity,
                perplexity_share=perplexity / num_labels,
                largest=float(share.max()))


def churn(codes: np.ndarray, previous: np.ndarray) -> Optional[float]:
    """Share of the recordings whose code changed.

    Args:
        codes (np.ndarray): ``(N, )``, -1 where there is none yet.
        previous (np.ndarray): Those of the epoch before, ``(N, )``.

    Returns:
        float | None: Over the recordings that have both; None if none has.
    """
    known = (codes >= 0) & (previous >= 0)
    return float((codes != previous)[known].mean()) if known.any() else None


class Knowledge(NamedTuple):
    """One thing that is known of N recordings, such as the actor."""
    name: str
    values: Tuple[Optional[str], ...]  #: None where unknown, N

    @property
    def known(self) -> np.ndarray:
        """Which recordings it is known of, ``(N, )``."""
        return np.array([v is not None for v in self.values])

    @property
    def lack(self) -> str:
        """Why codes cannot be compared with it; '' where they can."""
        found = sorted({v for v in self.values if v is not None})
        if not found:
            return 'not in the data'
        return f'{found[0]!r} alone' if len(found) == 1 else ''

    def agreement(self, codes: np.ndarray) -> dict:
        """How much codes are about it.

        Args:
            codes (np.ndarray): ``(N, )``.

        Returns:
            dict: ``recordings`` of which it is known, its ``values``,
            ``purity``, ``chance_purity``, ``chance_deviation`` and ``ami``,
            the adjusted mutual information (0 by chance, 1 where codes and
            values are one); or ``lack`` alone.
        """
        if self.lack:
            return dict(lack=self.lack)
        names, values = np.unique(np.array(self.values)[self.known].astype(
            str), return_inverse=True)
        codes = codes[self.known]
        chance, deviation = chance_purity(codes, values)
        return dict(recordings=len(codes), values=len(names),
                    purity=purity(codes, values), chance_purity=chance,
                    chance_deviation=deviation,
                    ami=float(adjusted_mutual_info_score(values, codes)))

    def agreement_of_segments(self, counts: np.ndarray, draws: int = 200,
                              seed: int = 0) -> dict:
        """How much the codes of segments are about it.

        Segments of one recording are no independent draws: chance is what
        remains when the values are permuted among the recordings.

        Args:
            counts (np.ndarray): Segments with each code, ``(N, K)``.
            draws (int): Permutations. Defaults to 200.
            seed (int): Of the permutations. Defaults to 0.

        Returns:
            dict: As :meth:`agreement`, of segments. The mutual information is
            adjusted by its mean over the permutations, and is 1 where a code
            tells the value.
        """
        if self.lack:
            return dict(lack=self.lack)
        names, values = np.unique(np.array(self.values)[self.known].astype(
            str), return_inverse=True)
        counts = counts[self.known].astype(float)
        rng = np.random.default_rng(seed)

        def score(values: np.ndarray) -> Tuple[float, float]:
            table = np.eye(len(names))[values].T @ counts
            return (table.max(0).sum() / table.sum(),
                    mutual_info_score(None, None, contingency=table))

        pure, information = score(values)
        chance = np.array([score(rng.permutation(values))
                           for _ in range(draws)])
        share = np.bincount(values, counts.sum(1)) / counts.sum()
        entropy = -(share * np.log(share)).sum()
        expected = chance[:, 1].mean()
        room = entropy - expected  # none where each recording has own codes
        return dict(
            recordings=len(values), values=len(names), purity=float(pure),
            chance_purity=float(chance[:, 0].mean()),
            chance_deviation=float(chance[:, 0].std(ddof=1)),
            ami=float((information - expected) / room) if room > 1e-9 else 0.)

    def commonest(self, weights: np.ndarray,
                  number: int) -> List[Tuple[str, float, float]]:
        """The commonest values of some recordings.

        Args:
            weights (np.ndarray): How much each recording counts, ``(N, )``:
                whether it is one of them, or how many segments it has.
            number (int): Values at most.

        Returns:
            list[tuple]: Value, its share among these and among all recordings
            of which it is known; the largest share first.
        """
        everywhere = np.array(self.values, dtype=object)[self.known]
        weights = weights[self.known].astype(float)
        names, values = np.unique(everywhere[weights > 0].astype(str),
                                  return_inverse=True)
        counts = np.bincount(values, weights[weights > 0],
                             minlength=len(names))
        order = np.argsort(-counts, kind='stable')[:number]
        return [(str(names[i]), float(counts[i] / counts.sum()),
                 float((everywhere == names[i]).mean())) for i in order]


def knowledge_of(recordings: Sequence[dict],
                 classes: Sequence[str]) -> List[Knowledge]:
    """What the data tells of its recordings.

    Args:
        recordings (Sequence[dict]): Of a
            :class:`mmair.datasets.SkeletonDataset`.
        classes (Sequence[str]): Names of the labels.

    Returns:
        list[Knowledge]: Emotion, actor, session and action.
    """
    def emotion(recording: dict) -> Optional[str]:
        label = recording.get('label')
        if label is None:
            return None
        return classes[label] if label < len(classes) else f'class {label}'

    rows = list(recordings)
    return [Knowledge('emotion', tuple(map(emotion, rows))), *(
        Knowledge(name, tuple(r.get(key) for r in rows))
        for name, key in (('actor', 'actor'), ('session', 'recording'),
                          ('action', 'action')))]
