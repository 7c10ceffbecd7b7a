"""Reader of Biovision Hierarchy (BVH) motion capture files."""
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, NoReturn, Sequence, Tuple, Union

import numpy as np

from mmair.datasets.kinematics import euler_to_matrix, forward_kinematics
from mmair.errors import InputError

#: Limits that no body reaches, so that a garbled file is told from a
#: recording before it fills the memory.
MAX_JOINTS = 1000
MAX_POSITIONS = 10**8
MAX_VALUE = 1e9
MIN_FRAME_TIME, MAX_FRAME_TIME = 1e-4, 10.

#: Frames that are posed at once: rotation matrices take twelve times the room
#: of the angles, so a long recording is posed in pieces.
_BLOCK = 4096
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

    def select(self, joints: Sequence[str]) -> np.ndarray:
        """Positions in the joint order of a layout, found by name.

        Args:
            joints (Sequence[str]): The joints that the recording must have,
                no fewer and no more.

        Returns:
            np.ndarray: Positions, (T, len(joints), 3).

        Raises:
            InputError: If a joint is missing or unexpected.
        """
        faults = []
        missing = [j for j in joints if j not in self.joints]
        unexpected = [j for j in self.joints if j not in joints]
        if missing:
            faults.append(f'lacks {_some(missing)}')
        if unexpected:
            faults.append(f'holds the unexpected {_some(unexpected)}')
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
    rotation. ``End Site``s are no joints.

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
        try:
            # The format names no encoding; only joint names can be affected.
            self.text = Path(path).read_bytes().decode('utf-8-sig', 'replace')
        except OSError as error:
            self.fail(f'cannot be read ({error.strerror})')
        self.words = re.finditer(r'[{}]|[^\s{}]+', self.text)
        self.at = 0

    def fail(self, sentence: str) -> NoReturn:
        raise InputError(f'{self.path}: {sentence}')

    def read(self) -> Motion:
        self.joints: List[str] = []
        self.parents: List[int] = []
        self.offsets: List[List[float]] = []
        self.channels: List[List[Tuple[str, int]]] = []
        self.read_hierarchy()
        lines, fps = self.read_motion_head()
        values = self.read_values(lines)
        pieces = range(0, len(values), _BLOCK)
        positions = np.concatenate(
            [self.pose(values[start:start + _BLOCK]) for start in pieces])
        return Motion(str(self.path), tuple(self.joints), tuple(self.parents),
                      np.array(self.offsets), positions, fps)

    # The header, word by word. One pass without recursion: time and memory
    # stay linear in what is read, whatever a hostile header declares.

    def word(self, expected: str) -> str:
        match = next(self.words, None)
        if match is None:
            self.fail(f'ends inside the header, expected {expected}; the '
                      'file is empty or truncated')
        self.at = match.end()
        return match[0]

    def expect(self, expected: str) -> None:
        found = self.word(expected)
        if found.upper() != expected:
            self.fail(f'{_short(found)} found in the header, expected '
                      f'{expected}; is this a BVH file?')

    def name(self) -> str:
        words = list(iter(lambda: self.word('{ after a joint name'), '{'))
        return ' '.join(words)

    def numbers(self, field: str, count: int) -> List[float]:
        words = [self.word(f'{count} numbers') for _ in range(count)]
        for word in words:
            if not _is_number(word):
                self.fail(f'{field} is {_short(" ".join(words))}, expected '
                          f'{count} finite number{"s" * (count > 1)}')
        return [float(word) for word in words]

    def read_hierarchy(self) -> None:
        self.expect('HIERARCHY')
        # The open braces: a joint, or None for an End Site, so that every
        # closing brace closes what the last open one opened.
        stack = []
        while True:
            inside = stack[-1] if stack else None
            end_site = bool(stack) and inside is None
            word = self.word('JOINT, End Site, } or MOTION')
            key = word.upper()
            if key == 'ROOT' and not stack or (key == 'JOINT'
                                               and inside is not None):
                stack.append(self.add_joint(-1 if inside is None else inside))
            elif key == 'END' and inside is not None:
                self.expect('SITE')
                self.name()
                stack.append(None)
            elif key == 'OFFSET' and stack:
                offset = self.numbers('OFFSET', 3)
                if not end_site:
                    self.offsets[inside] = offset
            elif key == 'CHANNELS' and inside is not None:
                self.channels[inside] = self.read_channels(inside)
            elif key == '}' and stack:
                if not end_site and self.offsets[inside] is None:
                    self.fail(f'joint {self.joints[inside]!r} has no OFFSET')
                stack.pop()
            elif key == 'MOTION' and not stack and self.joints:
                return
            else:
                self.fail(f'{_short(word)} found in the header '
                          f'{self.where(stack)}, where it cannot be')

    @staticmethod
    def where(stack: list) -> str:
        return f'inside {len(stack)} open braces' if stack else 'at top level'

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
        field = f'CHANNELS of joint {self.joints[joint]!r}'
        count, = self.numbers(field, 1)
        if count not in range(7):
            self.fail(f'{field} is {count:g}, expected 0 to 6')
        names = [self.word('a channel').lower() for _ in range(int(count))]
        if len(set(names)) != len(names) or not set(names) <= set(_CHANNELS):
            self.fail(f'{field} are {_short(" ".join(names))}, expected '
                      f'{count:g} different ones of {", ".join(_CHANNELS)}')
        return [_CHANNELS[name] for name in names]

    # The motion.

    def read_motion_head(self) -> Tuple[List[str], float]:
        head = re.compile(
            r'\s*Frames\s*:\s*(\S+)\s+Frame\s+Time\s*:\s*(\S+)\s*', re.I
        ).match(self.text, self.at)
        if head is None:
            found = ' '.join(self.text[self.at:self.at + 80].split())
            self.fail(f'MOTION is followed by {_short(found)}, expected '
                      '"Frames: <count>" and "Frame Time: <seconds>"')
        count, time = head.groups()
        if not (_is_number(time)
                and MIN_FRAME_TIME <= float(time) <= MAX_FRAME_TIME):
            self.fail(f'Frame Time is {_short(time)}, expected seconds '
                      f'between {MIN_FRAME_TIME:g} and {MAX_FRAME_TIME:g}')
        lines = self.text[head.end():].splitlines()
        lines = [line for line in lines if line and not line.isspace()]
        if not _is_number(count) or float(count) != len(lines) or not lines:
            self.fail(f'Frames is {_short(count)} and {len(lines)} rows '
                      'follow, expected as many rows and at least one; the '
                      'file is truncated or garbled')
        if len(lines) * len(self.joints) > MAX_POSITIONS:
            self.fail(f'has {len(lines)} frames of {len(self.joints)} '
                      f'joints, expected at most {MAX_POSITIONS} positions; '
                      'cut it into shorter recordings')
        return lines, round(1 / float(time), 2)

    def read_values(self, lines: List[str]) -> np.ndarray:
        width = sum(map(len, self.channels))
        try:
            values = np.loadtxt(lines, comments=None, ndmin=2)
            if (values.shape == (len(lines), width)
                    and np.all(np.abs(values) < MAX_VALUE)):
                return values
        except ValueError:
            pass
        self.explain(lines, width)

    def explain(self, lines: List[str], width: int) -> NoReturn:
        """Find the first fault, slowly."""
        for row, line in enumerate(lines, 1):
            words = line.split()
            if len(words) != width:
                self.fail(f'frame {row} of {len(lines)} holds {len(words)} '
                          f'values, expected {width} as in CHANNELS; the '
                          'file is truncated or garbled')
            for column, word in enumerate(words, 1):
                if not _is_number(word):
                    self.fail(f'frame {row} of {len(lines)}, value {column} '
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


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word)) and abs(float(word)) < MAX_VALUE
    except ValueError:
        return False


def _some(names: Sequence[str]) -> str:
    more = f' and {len(names) - 5} more' if len(names) > 5 else ''
    return ', '.join(map(_short, names[:5])) + more


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + '...')
