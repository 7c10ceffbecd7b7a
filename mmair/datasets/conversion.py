"""What every data set converter shares: all but the parsing of one file."""
import hashlib
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Tuple, Union

import numpy as np
from rich.console import Console
from rich.progress import track
from sklearn.model_selection import StratifiedGroupKFold

from mmair.datasets.readers import save_annotations
from mmair.errors import InputError

#: Folds of ``xrec`` and ``xseq``; ``xsub`` has one an actor.
NUM_FOLDS = 5


def convert(files: Sequence[Path], root: Path,
            parse: Callable[[Path], dict], out: Union[str, Path], *,
            dataset: str, layout: str, classes: Sequence[str],
            test_actors: Sequence[str]) -> dict:
    """Turn source files into one annotation file, and report on it.

    Of byte-equal files only the first in path order is parsed. Every file
    that is left out is printed with the reason, and so are the counts per
    class and actor and a hash of the source.

    Args:
        files (Sequence[Path]): The source files, one a recording.
        root (Path): The folder to which their printed names are relative.
        parse (Callable): Takes a path and returns ``emotion`` (str, one of
            ``classes``, or absent), ``actor`` and ``recording`` (str),
            ``fps`` (float) and ``keypoint``, float32 (M, T, V, 3) in metres,
            y up. Raises :class:`InputError` for a file that is of no use. A
            function of a module, so that worker processes can call it.
        out (str | Path): The annotation file to write.
        dataset (str): Name of the data set.
        layout (str): Name of the skeleton layout.
        classes (Sequence[str]): Class names, in the order of the labels.
        test_actors (Sequence[str]): Actors of the test part of the fixed
            split ``xsub_train`` and ``xsub_test``.

    Returns:
        dict: What was written.

    Raises:
        InputError: If no file is usable.
    """
    files = sorted(files)
    if not files:
        raise InputError(f'{root}: no source file found; give the folder '
                         f'into which {dataset} was unpacked')
    digests, source_hash = _digest(files, root)
    skipped, unique = {}, {}
    for path in files:
        first = unique.setdefault(digests[path], path)
        if first is not path:
            skipped[path] = f'byte-equal to {first.relative_to(root)}'
    annotations, names = [], {}
    for path, result in _parse_all(list(unique.values()), parse):
        if isinstance(result, InputError):
            skipped[path] = str(result).replace(f'{path}: ', '', 1)
        elif path.stem in names:
            skipped[path] = (f'has the name of {names[path.stem]}, but '
                             'another content')
        else:
            names[path.stem] = path.relative_to(root)
            annotations.append(_annotation(path.stem, result, classes))
    _report(files, root, annotations, skipped, classes)
    if not annotations:
        raise InputError(f'{root}: none of the {len(files)} source files is '
                         'usable; the reasons are listed above')
    data = dict(
        meta=dict(dataset=dataset, layout=layout, classes=list(classes),
                  unit='m', up_axis='y', source_sha256=source_hash),
        split=make_splits(annotations, test_actors),
        annotations=annotations)
    save_annotations(data, out)
    print(f'source sha256: {source_hash}')
    print(f'{len(annotations)} recordings written to {out}')
    return data


def _digest(files: Sequence[Path],
            root: Path) -> Tuple[Dict[Path, str], str]:
    """The hash of every file and, over their sorted names too, of all."""
    digests, source = {}, hashlib.sha256()
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            # Left for the parser to refuse, with the reason.
            content = f'{path} {error}'.encode()
        digests[path] = hashlib.sha256(content).hexdigest()
    for name, digest in sorted((path.relative_to(root).as_posix(), digest)
                               for path, digest in digests.items()):
        source.update(f'{name}\0{digest}\n'.encode())
    return digests, source.hexdigest()


def _parse_all(files: Sequence[Path], parse: Callable) -> Iterator[tuple]:
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        results = pool.map(partial(_attempt, parse), files,
                           chunksize=max(1, min(16, len(files) // workers)))
        yield from track(results, 'Reading', len(files),
                         console=Console(stderr=True))


def _attempt(parse: Callable[[Path], dict],
             path: Path) -> Tuple[Path, Union[dict, InputError]]:
    try:
        return path, parse(path)
    except InputError as error:
        return path, error


def _annotation(frame_dir: str, recording: dict,
                classes: Sequence[str]) -> dict:
    emotion = recording.pop('emotion', None)
    label = {} if emotion is None else dict(label=classes.index(emotion))
    return dict(frame_dir=frame_dir, **label, **recording,
                total_frames=recording['keypoint'].shape[1])


def _report(files: Sequence[Path], root: Path, annotations: List[dict],
            skipped: Dict[Path, str], classes: Sequence[str]) -> None:
    for path, reason in sorted(skipped.items()):
        print(f'skipped {path.relative_to(root)}: {reason}')
    print(f'{len(files)} files found, {len(skipped)} skipped, '
          f'{len(annotations)} usable')
    labels = Counter(a['label'] for a in annotations if 'label' in a)
    counts = {name: labels[i] for i, name in enumerate(classes)}
    if unlabelled := len(annotations) - sum(labels.values()):
        counts['unlabelled'] = unlabelled
    actors = Counter(a['actor'] for a in annotations)
    for title, table in (('class', counts), ('actor', sorted(actors.items()))):
        print(f'recordings per {title}: ' + ', '.join(
            f'{name} {count}' for name, count in dict(table).items()))


def make_splits(annotations: Sequence[dict],
                test_actors: Sequence[str]) -> Dict[str, List[str]]:
    """Divide recordings, before any window is cut from them.

    - ``xsub_f<i>``: one actor is unseen, in alphabetical order; ``xsub``
      alone is the fixed fold.
    - ``xrec_f<i>`` and ``xseq_f<i>``: stratified folds with unseen recording
      sessions and unseen files; ``xrec`` and ``xseq`` alone are fold 0.

    Args:
        annotations (Sequence[dict]): Recordings with ``frame_dir``,
            ``actor``, ``recording`` and perhaps ``label``.
        test_actors (Sequence[str]): Actors of the test part of ``xsub``.

    Returns:
        dict[str, list[str]]: The ``frame_dir``s of ``<name>_train`` and
        ``<name>_test``. A split of which a part would be empty is left out,
        and a line says so.
    """
    actors = np.array([a['actor'] for a in annotations])
    folds = dict(xsub=np.isin(actors, list(test_actors)))
    for number, actor in enumerate(sorted(set(actors))):
        folds[f'xsub_f{number}'] = actors == actor
    folds.update(_stratified('xrec', annotations, 'recording'))
    folds.update(_stratified('xseq', annotations, 'frame_dir'))

    names = np.array([a['frame_dir'] for a in annotations])
    split = {}
    for name, test in folds.items():
        if test.all() or not test.any():
            print(f'split {name} left out: its '
                  f'{"train" if test.all() else "test"} part would be empty')
            continue
        split[f'{name}_train'] = names[~test].tolist()
        split[f'{name}_test'] = names[test].tolist()
    return split


def _stratified(name: str, annotations: Sequence[dict],
                group: str) -> Dict[str, np.ndarray]:
    """Test masks of stratified folds that divide no group."""
    labels = np.array([a.get('label', -1) for a in annotations])
    groups = np.array([a[group] for a in annotations])
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
