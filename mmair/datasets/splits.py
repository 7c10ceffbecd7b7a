"""Which recordings train and which test."""
from collections import Counter
from typing import Dict, List, Optional, Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

#: Folds of ``xrec``, ``xseq`` and ``random``.
NUM_FOLDS = 5
#: Folds of ``xsub`` and ``xact`` at most: with one for each of a thousand
#: actors the splits would be larger than the recordings.
_MAX_FOLDS = 50


def make_splits(annotations: Sequence[dict],
                test_actors: Optional[Sequence[str]] = None
                ) -> Dict[str, List[str]]:
    """Divide recordings, before any window is cut from them.

    - ``xsub_f<i>``: one actor is unseen, in alphabetical order; ``xsub``
      alone is the fixed fold.
    - ``xact_f<i>``: one action is unseen, in alphabetical order.
    - Of more than 50 actors or actions each fold leaves out several.
    - ``xrec_f<i>`` and ``xseq_f<i>``: stratified folds with unseen recording
      sessions and unseen files; ``xrec`` and ``xseq`` alone are fold 0.
    - ``random_f<i>``: recordings are shuffled, four parts train and one
      tests; ``random`` alone is fold 0. It depends on the names alone.

    ``xsub`` needs the actor, ``xact`` the action and ``xrec`` the session of
    every recording, and is left out where one is not known.

    Args:
        annotations (Sequence[dict]): Recordings with ``frame_dir`` and
            perhaps ``actor``, ``action``, ``recording`` and ``label``.
        test_actors (Sequence[str], optional): Actors of the test part of
            ``xsub``. By default the last quarter of the actors in
            alphabetical order, at least one.

    Returns:
        dict[str, list[str]]: The ``frame_dir``s of ``<name>_train`` and
        ``<name>_test``. A split of which a part would be empty is left out,
        and a line says so.
    """
    names = np.array([a['frame_dir'] for a in annotations])
    folds = {}
    if (actors := _known('xsub', annotations, 'actor')) is not None:
        found = sorted(set(actors))
        if test_actors is None:
            test_actors = found[-max(1, len(found) // 4):]
        folds['xsub'] = np.isin(actors, list(test_actors))
        folds.update(_one_out('xsub', actors))
    if any('action' in a for a in annotations):
        if (actions := _known('xact', annotations, 'action')) is not None:
            folds.update(_one_out('xact', actions))
    if (sessions := _known('xrec', annotations, 'recording')) is not None:
        folds.update(_stratified('xrec', annotations, sessions))
    folds.update(_stratified('xseq', annotations, names))
    folds.update(_shuffled('random', names))

    split = {}
    for name, test in folds.items():
        if test.all() or not test.any():
            print(f'split {name} left out: its '
                  f'{"train" if test.all() else "test"} part would be empty')
            continue
        split[f'{name}_train'] = names[~test].tolist()
        split[f'{name}_test'] = names[test].tolist()
    return split


def _known(name: str, annotations: Sequence[dict],
           key: str) -> Optional[np.ndarray]:
    """What all recordings say of ``key``; None if one says nothing."""
    unknown = sum(key not in a for a in annotations)
    if unknown:
        print(f'splits {name} left out: {unknown} of {len(annotations)} '
              f'recordings have no {key}')
        return None
    return np.array([a[key] for a in annotations])


def _one_out(name: str, groups: np.ndarray) -> Dict[str, np.ndarray]:
    """Test masks that leave one group out each, or a share of many."""
    found, number = np.unique(groups, return_inverse=True)
    folds = min(len(found), _MAX_FOLDS)
    if len(found) > folds:
        print(f'splits {name}: {len(found)} groups make {folds} folds, each '
              'of which leaves out several')
    return {f'{name}_f{fold}': number % folds == fold
            for fold in range(folds)}


def _shuffled(name: str, names: np.ndarray) -> Dict[str, np.ndarray]:
    """Test masks of folds of equal size, a function of the names."""
    if len(names) < NUM_FOLDS:
        print(f'splits {name} left out: {len(names)} recordings do not make '
              f'{NUM_FOLDS} folds')
        return {}
    # numpy promises never to change the numbers of this older generator.
    place = np.empty(len(names), int)
    place[np.argsort(names)] = np.random.RandomState(0).permutation(
        len(names))
    masks = {f'{name}_f{i}': place % NUM_FOLDS == i
             for i in range(NUM_FOLDS)}
    return {name: masks[f'{name}_f0'], **masks}


def _stratified(name: str, annotations: Sequence[dict],
                groups: np.ndarray) -> Dict[str, np.ndarray]:
    """Test masks of stratified folds that divide no group."""
    labels = np.array([a.get('label', -1) for a in annotations])
    largest = max(Counter(labels.tolist()).values())
    if min(len(set(groups)), largest) < NUM_FOLDS:
        print(f'splits {name} left out: {len(set(groups))} groups and at most '
              f'{largest} recordings of a class do not make {NUM_FOLDS} folds')
        return {}
    splitter = StratifiedGroupKFold(NUM_FOLDS, shuffle=True, random_state=0)
    masks = {}
    for number, (_, test) in enumerate(
            splitter.split(labels, labels, groups)):
        mask = np.zeros(len(labels), bool)
        mask[test] = True
        masks[f'{name}_f{number}'] = mask
    return {name: masks[f'{name}_f0'], **masks}
