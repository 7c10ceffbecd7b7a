"""Checks of what is compared: classes, copies and splits."""
import re
from collections import Counter, defaultdict
from itertools import combinations
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from .finding import Outcome, counted, listed
from .measure import Measurement

#: What a split of this name must not divide; ``_f0`` and so on may follow.
UNDIVIDED = dict(xsub='actor', xrec='recording', xact='action')
_PART = re.compile(r'(.+)_(train|val|test)$')
#: Distinct frames that two recordings have to share to be called
#: overlapping, of the ``SKETCH_SIZE`` that stand for each.
_SHARED = 2
#: A frame that more recordings have is a pose that was put there, such as a
#: T-pose at the start.
_COMMON = 50


class Pair(NamedTuple):
    """Two recordings, by index, that share frames to the last bit."""
    first: int
    second: int
    equal: bool


def find_pairs(recordings: Sequence[Measurement]) -> List[Pair]:
    """Recordings of equal content, and such as overlap in time.

    Overlap is seen if it is a large part of both, from the smallest hashes
    of their frames; of equal recordings only the first is looked at.
    """
    first: Dict[bytes, int] = {}
    pairs = []
    for index, m in enumerate(recordings):
        if m.nonfinite:
            continue
        other = first.setdefault(m.digest, index)
        if other != index:
            pairs.append(Pair(other, index, True))
    members = sorted(first.values())
    owners = np.concatenate([np.full(len(recordings[i].sketch), i)
                             for i in members] or [np.zeros(0, int)])
    hashes = np.concatenate([recordings[i].sketch for i in members]
                            or [np.zeros(0, np.uint64)])
    order = np.argsort(hashes, kind='stable')
    hashes, owners = hashes[order], owners[order]
    starts = np.flatnonzero(np.diff(hashes, prepend=hashes[:1] + 1) != 0)
    ends = np.append(starts[1:], len(hashes))
    shared: Counter = Counter()
    for start, end in zip(starts, ends):
        if 1 < end - start <= _COMMON:
            shared.update(combinations(owners[start:end].tolist(), 2))
    pairs += [Pair(a, b, False) for (a, b), count in sorted(shared.items())
              if count >= _SHARED]
    return pairs


def check_classes(classes: Sequence[str],
                  recordings: Sequence[Measurement]) -> Outcome:
    """Classes that nobody shows."""
    seen = {m.label for m in recordings}
    absent = [name for label, name in enumerate(classes)
              if label not in seen and name != 'unlabelled']
    note = 'every class has a recording'
    if not any(label is not None for label in seen):
        return 'not checked: no recording has a label', []
    if not absent:
        return note, []
    return note, [('note', f'no recording of {listed(absent, 6)}')]


def check_copies(recordings: Sequence[Measurement],
                 pairs: Sequence[Pair]) -> Outcome:
    """Recordings that are there twice, whole or in part."""
    findings = []

    def names(pair: Pair) -> str:
        return (f'{recordings[pair.second].name} = '
                f'{recordings[pair.first].name}')

    equal = [p for p in pairs if p.equal]
    unlike, alike = [], []
    for p in equal:
        same = recordings[p.first].label == recordings[p.second].label
        (alike if same else unlike).append(p)
    if unlike:
        findings.append(('error', (
            'the content of another recording, but another label, in '
            f'{counted(p.second for p in unlike)}: '
            + listed(map(names, unlike)))))
    if alike:
        findings.append(('warning', (
            'the content of another recording in '
            f'{counted(p.second for p in alike)}: '
            + listed(map(names, alike)))))
    overlaps = [p for p in pairs if not p.equal]
    if overlaps:
        findings.append(('warning', (
            'frames of another recording, as excerpts that overlap have '
            f'them, in {counted(p.second for p in overlaps)}: ' + listed(
                f'{recordings[p.second].name} and '
                f'{recordings[p.first].name}' for p in overlaps))))
    return 'positions are compared to the last bit, whole and by frames', \
        findings


def parts_of(split: dict) -> Dict[str, Dict[str, list]]:
    """``xsub_train`` and ``xsub_test`` as ``xsub`` with its parts."""
    parts: Dict[str, Dict[str, list]] = defaultdict(dict)
    for name, members in split.items():
        match = _PART.fullmatch(name)
        base, part = match.groups() if match else (name, 'all')
        parts[base][part] = members
    return dict(parts)


def sizes(split: dict, total: int) -> Dict[str, Dict[str, int]]:
    """Recordings in each part of each split, and in none of its parts."""
    return {
        base: {**{part: len(set(members)) for part, members in parts.items()},
               'neither': total - len(set().union(*parts.values()))}
        for base, parts in parts_of(split).items()}


def check_splits(split: dict, recordings: Sequence[Measurement],
                 pairs: Sequence[Pair]) -> Outcome:
    """What stands on both sides of a split, and what in no split at all."""
    if not split:
        return 'not checked: the file has no splits', []
    names = [m.name for m in recordings]
    # What is divided, and by which splits, for each family of folds.
    divided: Dict[Tuple[str, str], Tuple[list, list]] = {}
    for base, parts in parts_of(split).items():
        train = set(parts.get('train', ()))
        held_out = set().union(*(members for part, members in parts.items()
                                 if part != 'train'))
        family = re.sub(r'_f\d+$', '', base)
        both = {'recording': train & held_out}
        held_out -= train
        if family in UNDIVIDED:
            attribute = UNDIVIDED[family]
            kind = 'session' if attribute == 'recording' else attribute
            sides = [{getattr(m, attribute) for m in recordings
                      if m.name in side} for side in (train, held_out)]
            both[kind] = (sides[0] & sides[1]) - {None}
        both['pair'] = {
            f'{names[b]} and {names[a]}' for a, b, _ in pairs
            if {names[a], names[b]} & train and {names[a], names[b]} & held_out
        }
        for kind, things in both.items():
            if things:
                known, bases = divided.setdefault((family, kind), ([], []))
                known += sorted(things)
                bases.append(base)
    findings = []
    for (_, kind), (things, bases) in divided.items():
        count = len(set(things))
        what = f'{count} {kind}{"s" * (count != 1)}'
        if kind == 'pair':
            what += ' of recordings that share frames'
        findings.append(('error', f'{what} on both sides of {listed(bases)}: '
                         f'{listed(things)}'))
    absent = sorted(set(names).difference(*split.values()))
    if absent:
        findings.append(('warning', f'{counted(absent)} in no split: '
                         f'{listed(absent)}'))
    return ('no actor on both sides of xsub, no session of xrec, no action of '
            'xact, no recording or content of any'), findings
