"""What a conversion has read so far, kept beside its output."""
import hashlib
import json
import os
import pickle
import shutil
import sys
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Union

import numpy as np

from mmair.errors import InputError
from mmair.version import __version__

Result = Union[dict, str]


class Journal:
    """An append-only folder of results, which survives the process.

    ``entries.jsonl`` has one line a source file: its name, the hash of its
    content and what was read from it, or why it was refused. ``frames.bin``
    has the keypoints, one after another. A line is written when its keypoints
    are, and counts if it is whole and they have its checksum; so the process
    can be killed at any time.

    Only one process can have a journal open, and results of another parser,
    of other arguments, or of another version are thrown away.

    Args:
        out (Path): The output; the journal is ``<out>.journal`` beside it.
        parse (Callable): The parser, a function of a module or a
            ``functools.partial`` of one.
        options (Any): What else the results depend on; pickled.

    Raises:
        InputError: If another process has it open, it cannot be written, or
            the system has no such locks.
    """

    def __init__(self, out: Path, parse: Callable, options: Any) -> None:
        try:
            import fcntl
        except ImportError as error:  # on Windows, where all else works
            raise InputError(
                f'{out}: conversion needs file locks of Linux or macOS, which '
                'this system lacks; convert in WSL or on another machine, and '
                'read the result here') from error
        self.path = out.with_name(f'{out.name}.journal')
        self._frames = self._entries = None
        self._ends = 0
        self._done: Dict[str, dict] = {}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # Not truncated before it is locked.
            self._entries = open(self.path / 'entries.jsonl', 'ab+')
            try:
                # Unlike flock, no worker process inherits it.
                fcntl.lockf(self._entries, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(f'{out}: another process is writing it; '
                                 'wait for it or give another name'
                                 ) from error
            self._frames = open(self.path / 'frames.bin', 'ab+')
            # Of a process that was killed while it wrote the output.
            for part in out.parent.glob(f'{out.name}.*.part'):
                shutil.rmtree(part) if part.is_dir() else part.unlink()
            self._resume(dict(header=_fingerprint(parse, options)))
        except OSError as error:
            raise InputError(f'{self.path}: cannot be written '
                             f'({error.strerror or error})') from error

    def _resume(self, header: dict) -> None:
        """Read what is whole, and cut off the rest."""
        self._entries.seek(0)
        lines = self._entries.read().split(b'\n')[:-1]
        whole = 0
        if lines and _decoded(lines[0]) == header:
            whole = len(lines[0]) + 1
            for line in lines[1:]:
                entry = _decoded(line)
                if entry is None or not self._is_whole(entry):
                    break
                whole += len(line) + 1
                self._done[entry['name']] = entry
                self._ends = entry.get('end', self._ends)
        self._entries.truncate(whole)
        self._frames.truncate(self._ends)
        if not whole:
            self._append(header)

    def _is_whole(self, entry: dict) -> bool:
        if 'refused' in entry:
            return True
        try:
            self._frames.seek(self._ends)
            data = self._frames.read(max(0, entry['end'] - self._ends))
            return zlib.crc32(data) == entry['crc32']
        except (KeyError, TypeError):
            return False

    def _append(self, entry: dict) -> None:
        self._entries.write(json.dumps(entry).encode() + b'\n')
        self._entries.flush()

    def has(self, name: str, digest: str) -> bool:
        """Whether the result of a source file of this content is known."""
        return self._done.get(name, {}).get('digest') == digest

    def add(self, name: str, digest: str, result: Result) -> None:
        """Append a result.

        Args:
            name (str): Name of the source file.
            digest (str): Hash of its content.
            result (dict | str): The recording, with ``keypoint`` float32
                (M, T, V, C) and otherwise text and numbers; or why there is
                none.
        """
        entry = dict(name=name, digest=digest)
        if isinstance(result, str):
            entry['refused'] = result
        else:
            keypoint = np.ascontiguousarray(result['keypoint'], '<f4')
            self._frames.write(keypoint.data)
            self._frames.flush()
            self._ends += keypoint.nbytes
            entry.update(
                end=self._ends, crc32=zlib.crc32(keypoint.data),
                shape=keypoint.shape,
                recording={k: v for k, v in result.items()
                           if k != 'keypoint'})
        self._append(entry)
        self._done[name] = entry

    def results(self) -> Dict[str, Result]:
        """All results by name; keypoints are read-only maps of the file."""
        size = self._ends // 4
        frames = (np.asarray(np.memmap(self.path / 'frames.bin', '<f4', 'r',
                                       shape=(size, )))
                  if size else np.empty(0, '<f4'))
        found = {}
        for name, entry in self._done.items():
            found[name] = entry.get('refused')
            if found[name] is None:
                shape, end = entry['shape'], entry['end'] // 4
                start = end - int(np.prod(shape))
                found[name] = dict(
                    entry['recording'],
                    keypoint=frames[start:end].reshape(shape))
        return found

    def __len__(self) -> int:
        return len(self._done)

    def close(self, remove: bool = False) -> None:
        """Close the files and release the lock.

        Args:
            remove (bool): Whether to delete the journal first, as the output
                is whole.
        """
        if remove:
            shutil.rmtree(self.path, ignore_errors=True)
        for file in (self._entries, self._frames):
            if file is not None:
                file.close()


def _decoded(line: bytes) -> Optional[dict]:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _fingerprint(parse: Callable, options: Any) -> str:
    """A hash of the parser, its arguments and its module's source."""
    function = parse
    while hasattr(function, 'func'):
        function = function.func
    module = sys.modules.get(getattr(function, '__module__', ''), None)
    source = getattr(module, '__file__', None)
    digest = hashlib.sha256(pickle.dumps((__version__, parse, options)))
    if source and os.path.exists(source):
        digest.update(Path(source).read_bytes())
    return digest.hexdigest()
