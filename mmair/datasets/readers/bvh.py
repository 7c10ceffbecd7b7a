"""Reader of Biovision Hierarchy (BVH) motion capture files."""
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path
from typing import (Dict, List, NoReturn, Optional, Sequence, Tuple,
                    Union)

import numpy as np

from mmair.datasets.kinematics import euler_to_matrix, forward_kinematics
from mmair.datasets.readers.source_file import read_source
from mmair.datasets.units import MAX_FPS, MIN_FPS
from mmair.errors import InputError, listed
from mmair.layouts import MAX_JOINTS

#: Limits that no body reaches, so that a garbled file is told from a
#: recording before it fills the memory.
MAX_BYTES = 2**28
MAX_FRAMES = 10**6
MAX_POSITIONS = 2 * 10**7
MAX_ROW = 2**20
MAX_VALUE = 1e9
MIN_FRAME_TIME, MAX_FRAME_TIME = 1 / MAX_FPS, 1 / MIN_FPS

#: Positions that are posed at once: rotation matrices take twelve times the
#: room of the angles, so a long recording is posed in pieces.
_BLOCK = 10**5
#: What ``float`` takes is wider: ``1_000``, ``infinity``, digits of any
#: script. The format is ASCII but for the names of joints, and so is what
#: separates its words.
_NUMBER = re.compile(rb'[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?', re.I)
_NUMERIC = b'0123456789+-.eE \t\n\r\v\f'
_COUNT = re.compile(rb'\d{1,18}')
_CHANNELS = {f'{axis}{kind}': (kind, 'xyz'.index(axis))
             for kind in ('position', 'rotation') for axis in 'xyz'}


@dataclass(frozen=True)
class Motion:
    """A recording of one body.

    Args:
        path (str): The file.
        joints (tuple[str]): Joint names, in the order of the file.
        parents (tuple[int]): Parent of every joint, -1 for the root.
        offsets (np.ndarray): Rest position of every joint relative to its
            parent, (V, 3).
        positions (np.ndarray): Absolute joint positions in the unit of the
            file, float32, (T, V, 3).
        fps (float): Frames a second.
    """
    path: str
    joints: Tuple[str, ...]
    parents: Tuple[int, ...]
    offsets: np.ndarray
    positions: np.ndarray
    fps: float

    def select(self, joints: Sequence[str],
               ignore: Optional[str] = None) -> np.ndarray:
        """Positions in the joint order of a layout, found by name.

        Args:
            joints (Sequence[str]): The joints that the recording must have,
                no fewer and no more.
            ignore (str, optional): Regular expression of whole names, such
                as those of fingers: further joints that may be there and are
                left out.

        Returns:
            np.ndarray: Positions, (T, len(joints), 3).

        Raises:
            InputError: If a joint is missing or unexpected.
        """
        faults = []
        missing = [j for j in joints if j not in self.joints]
        unexpected = [j for j in self.joints if j not in joints
                      and not (ignore and re.fullmatch(ignore, j))]
        if missing:
            faults.append(f'lacks {listed(map(_short, missing))}')
        if unexpected:
            faults.append('holds the unexpected '
                          f'{listed(map(_short, unexpected))}')
        if faults:
            raise InputError(
                f'{self.path}: its skeleton of {len(self.joints)} joints '
                f'{" and ".join(faults)}; expected the {len(joints)} joints '
                'of the layout')
        return self.positions[:, [self.joints.index(j) for j in joints]]


def read_bvh(path: Union[str, Path]) -> Motion:
    """Read a BVH file.

    Joints may have any of the six channels, in any order. Position channels
    *replace* the ``OFFSET`` of their joint, on the axes that they name. Angles
    are intrinsic and in degrees, the first channel being the outermost
    rotation. ``End Site``s are no joints. A joint has one ``OFFSET`` and at
    most one ``CHANNELS``, both before its children. A name stands on the line
    of its ``JOINT``, and every frame on a line of its own.

    Args:
        path (str | Path): The file.

    Returns:
        Motion: The recording. The frame rate is rounded to 0.01 Hz, more than
        a six-decimal ``Frame Time`` carries at 100 Hz.

    Raises:
        InputError: If the file is unreadable, garbled or truncated, or holds
            a value that is not a finite number.

    Examples:
        >>> motion = read_bvh('joy.bvh')
        >>> motion.positions.shape, motion.fps
        ((147, 23, 3), 30.0)
    """
    return _Reader(path).read()


class _Reader:
    """The file that is being read, so that every message can name it."""

    def __init__(self, path: Union[str, Path]) -> None:
        self.path = path
        self.text = read_source(path, MAX_BYTES)
        start = len(BOM_UTF8) if self.text.startswith(BOM_UTF8) else 0
        self.words = re.compile(rb'[{}]|[^\s{}]+').finditer(self.text, start)
        self.at = start

    def fail(self, sentence: str) -> NoReturn:
        raise InputError(f'{self.path}: {sentence}')

    def read(self) -> Motion:
        self.joints: List[str] = []
        self.parents: List[int] = []
        self.offsets: List[List[float]] = []
        self.channels: List[List[Tuple[str, int]]] = []
        self.read_hierarchy()
        rows, fps = self.read_motion_head()
        positions = np.empty((len(rows), len(self.joints), 3), np.float32)
        step = max(1, _BLOCK // len(self.joints))
        for start in range(0, len(rows), step):
            values = self.read_values(rows, start, start + step)
            positions[start:start + step] = self.pose(values)
        return Motion(str(self.path), tuple(self.joints), tuple(self.parents),
                      np.array(self.offsets), positions, fps)

    # The header, word by word. One pass without recursion: time and memory
    # stay linear in what is read, whatever a hostile header declares.

    def word(self, expected: str) -> bytes:
        match = next(self.words, None)
        if match is None:
            self.fail(f'ends inside the header, expected {expected}; the '
                      'file is empty or truncated')
        self.at = match.end()
        return match[0]

    def expect(self, expected: str) -> None:
        found = self.word(expected)
        if found.upper() != expected.encode():
            self.fail(f'{_short(found)} found in the header, expected '
                      f'{expected}; is this a BVH file?')

    def name(self) -> str:
        start = self.at
        while (word := self.word('{ after a joint name')) != b'{':
            if word == b'}':
                name = self.text[start:self.at - 1].strip()
                self.fail(f'joint name {_short(name)} is followed by }}, '
                          'expected {')
        name, *below = self.text[start:self.at - 1].splitlines() or [b'']
        if any(map(bytes.strip, below)):
            self.fail(f'joint name {_short(name)} is followed by '
                      f'{_short(b" ".join(below).strip())}, expected {{')
        return _decode(b' '.join(name.split()))

    def numbers(self, field: str, count: int) -> List[float]:
        words = [self.word(f'{count} numbers') for _ in range(count)]
        if not all(map(_is_number, words)):
            self.fail(f'{field} is {_short(b" ".join(words))}, expected '
                      f'{count} finite numbers')
        return [float(word) for word in words]

    def read_hierarchy(self) -> None:
        self.expect('HIERARCHY')
        # The open braces: a joint, or None for an End Site, so that every
        # closing brace closes what the last open one opened; and what it can
        # no longer have.
        stack: List[Tuple[Optional[int], set]] = []
        while True:
            inside, had = stack[-1] if stack else (None, set())
            word = self.word('JOINT, End Site, } or MOTION')
            key = word.upper()
            if key == b'ROOT' and not stack:
                stack.append((self.add_joint(-1), set()))
            elif key == b'JOINT' and inside is not None:
                self.close(inside, had)
                stack.append((self.add_joint(inside), set()))
            elif key == b'END' and inside is not None:
                self.close(inside, had)
                self.expect('SITE')
                self.name()
                stack.append((None, set()))
            elif key == b'OFFSET' and stack:
                self.once(key, had)
                offset = self.numbers('OFFSET', 3)
                if inside is not None:
                    self.offsets[inside] = offset
            elif key == b'CHANNELS' and inside is not None:
                self.once(key, had)
                self.channels[inside] = self.read_channels(inside)
            elif key == b'}' and stack:
                if inside is not None:
                    self.close(inside, had)
                stack.pop()
            elif key == b'MOTION' and not stack and self.joints:
                return
            else:
                self.fail(f'{_short(word)} found in the header '
                          f'{self.where(stack)}, where it cannot be')

    @staticmethod
    def where(stack: list) -> str:
        return f'inside {len(stack)} open braces' if stack else 'at top level'

    def close(self, joint: int, had: set) -> None:
        """What precedes the first child, or the end, of a joint is all."""
        if self.offsets[joint] is None:
            self.fail(f'joint {_short(self.joints[joint])} has no OFFSET '
                      'before its children or its end, expected one')
        had.update((b'OFFSET', b'CHANNELS'))

    def once(self, key: bytes, had: set) -> None:
        if key in had:
            self.fail(f'{key.decode()} of joint {_short(self.joints[-1])} or '
                      'of one above it comes twice or after a child, expected '
                      'it once and first')
        had.add(key)

    def add_joint(self, parent: int) -> int:
        name = self.name()
        if not name or name in self.joints:
            self.fail(f'joint name {_short(name)} is '
                      f'{"used twice" if name else "empty"}, expected one '
                      'name a joint')
        if len(self.joints) == MAX_JOINTS:
            self.fail(f'has more than {MAX_JOINTS} joints, expected a body')
        self.joints.append(name)
        self.parents.append(parent)
        self.offsets.append(None)
        self.channels.append([])
        return len(self.joints) - 1

    def read_channels(self, joint: int) -> List[Tuple[str, int]]:
        field = f'CHANNELS of joint {_short(self.joints[joint])}'
        count = self.word('the number of channels')
        if not _COUNT.fullmatch(count) or int(count) > 6:
            self.fail(f'{field} is {_short(count)}, expected 0 to 6')
        names = [_decode(self.word('a channel')).lower()
                 for _ in range(int(count))]
        if len(set(names)) != len(names) or not set(names) <= set(_CHANNELS):
            self.fail(f'{field} are {_short(" ".join(names))}, expected '
                      f'{int(count)} different ones of '
                      f'{", ".join(_CHANNELS)}')
        return [_CHANNELS[name] for name in names]

    # The motion.

    def read_motion_head(self) -> Tuple[List[bytes], float]:
        head = re.compile(
            rb'\s*Frames\s*:\s*(\S+)\s+Frame\s+Time\s*:\s*(\S+)'
            rb'[^\S\r\n]*(?=[\r\n]|\Z)', re.I).match(self.text, self.at)
        if head is None:
            found = b' '.join(self.text[self.at:self.at + 80].split())
            self.fail(f'MOTION is followed by {_short(found)}, expected a '
                      'line "Frames: <count>" and a line "Frame Time: '
                      '<seconds>"')
        count, time = head.groups()
        if not (_is_number(time)
                and MIN_FRAME_TIME <= float(time) <= MAX_FRAME_TIME):
            self.fail(f'Frame Time is {_short(time)}, expected seconds '
                      f'between {MIN_FRAME_TIME:g} and {MAX_FRAME_TIME:g}')
        # Of a large file no more copies than one are kept.
        text, self.text, self.words = self.text[head.end():], b'', iter(())
        if text.count(b'\n') + text.count(b'\r') > 4 * MAX_FRAMES:
            self.fail(f'has more than {4 * MAX_FRAMES} lines, expected at '
                      f'most {MAX_FRAMES} frames; cut it into shorter '
                      'recordings')
        self.numeric = not text.translate(None, _NUMERIC)
        rows = [row for row in text.splitlines() if row and not row.isspace()]
        del text
        if (not _COUNT.fullmatch(count) or int(count) != len(rows)
                or not rows):
            self.fail(f'Frames is {_short(count)} and {len(rows)} rows '
                      'follow, expected as many rows and at least one; the '
                      'file is truncated or garbled')
        if (len(rows) > MAX_FRAMES
                or len(rows) * len(self.joints) > MAX_POSITIONS):
            self.fail(f'has {len(rows)} frames of {len(self.joints)} '
                      f'joints, expected at most {MAX_FRAMES} frames and '
                      f'{MAX_POSITIONS} positions; cut it into shorter '
                      'recordings')
        longest = max(range(len(rows)), key=lambda row: len(rows[row]))
        if len(rows[longest]) > MAX_ROW:
            self.fail(f'frame {longest + 1} of {len(rows)} is a line of '
                      f'{len(rows[longest])} bytes, expected at most '
                      f'{MAX_ROW}')
        return rows, round(1 / float(time), 2)

    def read_values(self, rows: List[bytes], start: int,
                    stop: int) -> np.ndarray:
        width = sum(map(len, self.channels))
        block = rows[start:stop]
        if self.numeric:
            try:
                values = np.loadtxt(block, comments=None, ndmin=2)
                if (values.shape == (len(block), width)
                        and np.all(np.abs(values) < MAX_VALUE)):
                    return values
            except ValueError:
                pass
        self.explain(rows, width)

    def explain(self, rows: List[bytes], width: int) -> NoReturn:
        """Find the first fault, slowly."""
        for number, row in enumerate(rows, 1):
            words = row.split()
            if len(words) != width:
                self.fail(f'frame {number} of {len(rows)} holds {len(words)} '
                          f'values, expected {width} as in CHANNELS; the '
                          'file is truncated or garbled')
            for column, word in enumerate(words, 1):
                if not _is_number(word):
                    self.fail(f'frame {number} of {len(rows)}, value {column} '
                              f'is {_short(word)}, expected a finite number')
        self.fail('the rows after Frame Time are not plain numbers')

    def pose(self, values: np.ndarray) -> np.ndarray:
        """Forward kinematics of some frames.

        Args:
            values (np.ndarray): The channels, (T, width).

        Returns:
            np.ndarray: Positions, float32, (T, V, 3).
        """
        num = len(self.joints)
        offsets = np.tile(np.array(self.offsets), (len(values), 1, 1))
        rotations = np.empty((len(values), num, 3, 3))
        # Joints with the same rotation axes are turned in one go.
        alike: Dict[tuple, Tuple[list, list]] = {}
        column = 0
        for joint, channels in enumerate(self.channels):
            turned = []
            for kind, axis in channels:
                if kind == 'position':
                    offsets[:, joint, axis] = values[:, column]
                else:
                    turned.append((column, axis))
                column += 1
            joints, columns = alike.setdefault(
                tuple(axis for _, axis in turned), ([], []))
            joints.append(joint)
            columns.append([column for column, _ in turned])
        for axes, (joints, columns) in alike.items():
            angles = np.radians(values[:, np.array(columns, dtype=int)])
            rotations[:, joints] = euler_to_matrix(angles, axes)
        return forward_kinematics(self.parents, offsets,
                                  rotations).astype(np.float32)


def _is_number(word: bytes) -> bool:
    return bool(_NUMBER.fullmatch(word)) and abs(float(word)) < MAX_VALUE


def _decode(text: bytes) -> str:
    """The format names no encoding; older files have an 8-bit one."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode('latin-1')


def _short(text: Union[bytes, str]) -> str:
    if isinstance(text, bytes):
        text = _decode(text[:200])
    return repr(text if len(text) <= 60 else text[:57] + '...')
