"""What every data set converter shares: all but the parsing of one file."""
import argparse
import hashlib
import multiprocessing
import os
import signal
import stat
import threading
import time
from collections import Counter
from concurrent.futures import (FIRST_COMPLETED, Future,
                                ProcessPoolExecutor, ThreadPoolExecutor, wait)
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import (Any, Callable, Dict, Iterable, Iterator, List, NamedTuple,
                    Optional, Sequence, Tuple, Union)

import numpy as np
from rich.console import Console
from rich.progress import track

from mmair.cli import count, output
from mmair.datasets.journal import Journal
from mmair.datasets.readers import (AnnotationChecker, require_place,
                                    save_annotations)
from mmair.datasets.skipped import tell_skipped
from mmair.datasets.splits import make_splits
from mmair.errors import InputError, listed, shown
from mmair.layouts import get_layout


def converter_parser(doc: str) -> argparse.ArgumentParser:
    """The command line that every converter has.

    Args:
        doc (str): The docstring of the converter, shown by ``--help``.

    Returns:
        ArgumentParser: Gives ``raw`` and ``out`` (Path) and ``workers``
        (int, or None for all cores). A converter may add its own options.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('raw', type=Path, help='folder of the source files')
    parser.add_argument('--out', type=output, required=True,
                        help='what to write: an annotation file (.pkl), or '
                        'by any other name the folder of a memory-mapped '
                        'store')
    parser.add_argument('--workers', type=count, metavar='N',
                        help='processes that read; by default one a core')
    return parser


class _Source(NamedTuple):
    """A source file: the hash and size of its content, or why it has none."""
    digest: Optional[str]
    size: int = 0
    refused: Optional[str] = None


def convert(files: Sequence[Path], root: Path,
            parse: Callable[[Path], dict], out: Union[str, Path], *,
            dataset: str, layout: Union[str, dict], classes: Sequence[str],
            test_actors: Optional[Sequence[str]] = None,
            workers: Optional[int] = None) -> dict:
    """Turn source files into an annotation file or store, and report on it.

    Of byte-equal files only the first in path order is parsed. Every file
    that is left out is listed with the reason (see :func:`tell_skipped`), and
    so are counts per class and actor, a hash of the source and the speed.
    What is written does not depend on the number of workers.

    Each worker holds about two recordings at a time; results go to
    ``<out>.journal`` beside the output as they come. Whatever ends a
    conversion, the next one with the same parser goes on where it ended, and
    parses again only what has changed. The output appears when it is whole.

    Args:
        files (Sequence[Path]): The source files, one a recording.
        root (Path): The folder to which their printed names are relative.
        parse (Callable): Takes a path and returns ``fps`` (float) and
            ``keypoint``, float32 (M, T, V, 3) in metres, y up; where they
            are known ``emotion`` (str, one of ``classes``), ``actor``,
            ``recording`` and ``action`` (str); ``unseen``, the share of
            joints that were not seen and are filled; and a ``frame_dir``
            (str) where the name of the file is not unique. Further text and
            numbers are kept. Raises :class:`InputError` for a file that is
            of no use. A function of a module or a ``functools.partial`` of
            one, so that worker processes can call it; its arguments hold
            all that it depends on, rather than the name of another file.
        out (str | Path): What to write; see :func:`save_annotations`.
        dataset (str): Name of the data set.
        layout (str | dict): Name of the skeleton layout, or what it is.
        classes (Sequence[str]): Class names, in the order of the labels.
        test_actors (Sequence[str], optional): See :func:`make_splits`.
        workers (int, optional): Number of processes. By default one a core.

    Returns:
        dict: What was written. Its keypoints are read from the disk.

    Raises:
        InputError: If no file is usable, the output cannot be written, the
            user interrupts it, or the parser fails in another way than by
            InputError: the message names the file.
    """
    files, out = sorted(files), Path(out)
    workers = workers or os.cpu_count() or 1
    if not files:
        raise InputError(f'{root}: no source file found; give the folder '
                         f'into which {dataset} was unpacked')
    require_place(out)
    classes = list(classes)
    journal = Journal(out, parse, (layout, classes))
    try:
        todo, skipped, source_hash = _examine_all(files, root, workers)
        read = partial(_attempt, parse, classes, len(get_layout(layout)))
        throughput = _read_all(read, todo, root, workers, journal)
        annotations = _gather(journal.results(), todo, root, skipped)
        _report(files, root, annotations, skipped, classes, out)
        if not annotations:
            journal.close(remove=True)
            reason, count = Counter(skipped.values()).most_common(1)[0]
            raise InputError(
                f'{root}: none of the {len(files)} source files is usable; '
                f'the reasons are listed above, most often ({count}): '
                f'{reason}')
        data = dict(
            meta=dict(dataset=dataset, layout=layout, classes=classes,
                      unit='m', up_axis='y', source_sha256=source_hash),
            split=make_splits(annotations, test_actors),
            annotations=annotations)
        save_annotations(data, out)
        journal.close(remove=True)
    except KeyboardInterrupt:
        raise InputError(
            f'{out}: interrupted and not written; the same command goes on '
            f'after the {len(journal)} files that were read') from None
    finally:
        journal.close()
    print(f'source sha256: {source_hash}')
    print(throughput)
    print(f'{len(annotations)} recordings written to {out}')
    return data


def _read_all(read: Callable[[Path], tuple], todo: Dict[Path, _Source],
              root: Path, workers: int, journal: Journal) -> str:
    """Bring the results of all files into the journal; return the speed."""
    new = [path for path, source in todo.items()
           if not journal.has(_name(path, root), source.digest)]
    if len(new) < len(todo):
        print(f'{len(todo) - len(new)} files were read by an earlier run that '
              'did not end')
    start, worked = time.perf_counter(), 0.
    with closing(_in_workers(read, new, workers)) as results:
        for path, (result, seconds) in results:
            journal.add(_name(path, root), todo[path].digest, result)
            worked += seconds
    elapsed = time.perf_counter() - start
    size = sum(todo[path].size for path in new) / 1e6
    return (f'{size:.1f} MB read in {elapsed:.1f} s, {size / elapsed:.1f} '
            f'MB/s; {size / max(worked, 1e-9):.1f} MB/s a core')


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _examine(path: Path) -> _Source:
    try:
        str(path).encode()
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # A pipe would be waited for.
            return _Source(None, refused='is a folder, expected a file'
                           if path.is_dir() else 'is no regular file')
        digest = hashlib.sha256()
        with open(path, 'rb') as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return _Source(digest.hexdigest(), found.st_size)
    except UnicodeEncodeError:
        return _Source(None, refused='has a name that is not UTF-8; rename it')
    except OSError as error:
        kind = ('is a link that cannot be followed' if path.is_symlink() else
                'cannot be read')
        return _Source(None, refused=f'{kind} ({error.strerror})')


def _examine_all(files: Sequence[Path], root: Path, workers: int
                 ) -> Tuple[Dict[Path, _Source], Dict[Path, str], str]:
    """Hash every file.

    Returns:
        tuple: What to parse, in path order and of byte-equal files the first;
        why the others are skipped; and one hash of all content and names.
    """
    with ThreadPoolExecutor(workers) as pool:  # hashing releases the GIL
        sources = dict(zip(files, track(
            pool.map(_examine, files), 'Hashing', len(files),
            console=Console(stderr=True))))
    todo, skipped, first = {}, {}, {}
    for path, source in sources.items():
        if source.refused is not None:
            skipped[path] = source.refused
        elif source.digest in first:
            skipped[path] = ('byte-equal to '
                             f'{_name(first[source.digest], root)}')
        else:
            first[source.digest] = path
            todo[path] = source
    whole = hashlib.sha256()
    for name, digest in sorted((_name(path, root), source.digest) for
                               path, source in sources.items()
                               if source.digest is not None):
        whole.update(f'{name}\0{digest}\n'.encode())
    return todo, skipped, whole.hexdigest()


def _attempt(parse: Callable[[Path], dict], classes: List[str], joints: int,
             path: Path) -> Tuple[Union[dict, str], float]:
    """What is read from a file, or why nothing is; and seconds of work."""
    start = time.process_time()
    try:
        result = _annotation(path, parse(path), classes, joints)
    except InputError as error:
        result = str(error).replace(f'{path}: ', '', 1)
    return result, time.process_time() - start


def _annotation(path: Path, recording: dict, classes: List[str],
                joints: int) -> dict:
    """A checked annotation of what a parser returned."""
    recording = dict(dict(frame_dir=path.stem), **recording)
    emotion = recording.pop('emotion', None)
    if emotion is not None:
        if emotion not in classes:
            raise InputError(f'{path}: the emotion is {emotion!r}, expected '
                             f'one of {", ".join(classes)}')
        recording['label'] = classes.index(emotion)
    for key, value in recording.items():
        if isinstance(value, np.generic):
            recording[key] = value.item()
    recording['keypoint'] = np.asarray(recording['keypoint'], np.float32)
    recording.setdefault('total_frames', recording['keypoint'].shape[1])
    AnnotationChecker(path).check_annotation(recording, classes)
    if recording['keypoint'].shape[2:] != (joints, 3):
        raise InputError(
            f'{path}: shape of keypoint is {recording["keypoint"].shape}, '
            f'expected {joints} joints of 3 coordinates')
    return recording


def _in_workers(function: Callable[[Path], Any], paths: Sequence[Path],
                workers: int) -> Iterator[Tuple[Path, Any]]:
    """Apply a function to files in processes, in whatever order they end.

    Two files a worker are under way at a time, so memory does not grow with
    their number.
    """
    todo, under_way = iter(paths), {}
    pool = ProcessPoolExecutor(workers, initializer=_start_worker)

    def fill() -> None:
        for path in islice(todo, 2 * workers - len(under_way)):
            under_way[pool.submit(function, path)] = path

    try:
        fill()  # before there are threads of the progress bar to fork
        for _ in track(paths, 'Reading', console=Console(stderr=True)):
            ended = next(iter(wait(under_way,
                                   return_when=FIRST_COMPLETED).done))
            result = _result(ended, under_way[ended])
            del under_way[ended]
            fill()
            yield result
    except BrokenProcessPool as error:
        raise InputError(
            f'{listed(map(str, under_way.values()), 4)}: a worker process '
            'died while it read one of these, perhaps for want of memory; '
            'start again, with --workers 1 it takes least, and what was read '
            'is kept'
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(ended: Future, path: Path) -> Tuple[Path, Any]:
    try:
        return path, ended.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        reason = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise InputError(
            f'{path}: the converter failed on it ({reason}), which is a '
            'mistake of ours: report it, or take the file away and start '
            'again; what was read is kept') from error


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _gather(results: Dict[str, Union[dict, str]], todo: Iterable[Path],
            root: Path, skipped: Dict[Path, str]) -> List[dict]:
    """The annotations in path order; what is refused goes to ``skipped``."""
    annotations, names = [], {}
    for path in todo:
        result = results[_name(path, root)]
        if isinstance(result, str):
            skipped[path] = result
            continue
        first = names.setdefault(result['frame_dir'], path)
        if first is not path:
            skipped[path] = (f'has the name of {_name(first, root)}, but '
                             'another content')
        else:
            annotations.append(result)
    return annotations


def _report(files: Sequence[Path], root: Path, annotations: List[dict],
            skipped: Dict[Path, str], classes: Sequence[str],
            out: Path) -> None:
    tell_skipped({shown(_name(path, root)): reason
                  for path, reason in skipped.items()},
                 out if annotations else None)
    print(f'{len(files)} files found, {len(skipped)} skipped, '
          f'{len(annotations)} usable')
    if unseen := {a['frame_dir']: a['unseen'] for a in annotations
                  if a.get('unseen')}:
        most = max(unseen, key=unseen.get)
        print(f'joints that were not seen: in {len(unseen)} of '
              f'{len(annotations)} recordings, most in {shown(most)}, '
              f'{unseen[most]:.1%}')
    labels = Counter(a['label'] for a in annotations if 'label' in a)
    counts = {name: labels[i] for i, name in enumerate(classes)}
    if unlabelled := len(annotations) - sum(labels.values()):
        counts['unlabelled'] = unlabelled
    actors = Counter(a.get('actor', 'unknown') for a in annotations)
    for title, table in (('class', counts), ('actor', sorted(actors.items()))):
        print(f'recordings per {title}: ' + ', '.join(
            f'{name} {count}' for name, count in dict(table).items()))
