"""What is known about a recording: from its file's name, or a manifest.

A converter asks a :class:`NamePattern` or a :class:`Manifest` for emotion,
actor, recording session and action of a file, and :class:`Classes` for the
class that a written emotion means. A letter with an accent is one letter,
however a file system or a table writes it.
"""
import functools
import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Sequence, Set, Tuple

from mmair.errors import InputError, quoted

from .readers import read_rows
from .readers.source_file import read_source
from .readers.table import DIVIDE, MANIFEST_BYTES

#: What may be known about a recording.
FIELDS = ('emotion', 'actor', 'recording', 'action')


@dataclass(frozen=True)
class NamePattern:
    """Named groups of a regular expression, searched in a file's name.

    Args:
        root (Path): The folder that names are relative to.
        pattern (str): With some of the groups ``FIELDS``; searched in the
            path relative to the root, with its suffix and forward slashes.

    Raises:
        InputError: If it is no regular expression with such groups.
    """
    root: Path
    pattern: str

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex
        except (re.error, OverflowError, RecursionError) as error:
            raise InputError(f'pattern {quoted(self.pattern)} is no regular '
                             f'expression ({error})') from error
        if not groups or set(groups) - set(FIELDS):
            raise InputError(
                f'pattern {quoted(self.pattern)} has the named groups '
                f'{", ".join(groups) or "(none)"}, expected some of '
                f'{", ".join(FIELDS)}, written (?P<emotion>...)')

    @property
    def told(self) -> Set[str]:
        """The fields that it tells."""
        return set(re.compile(self.pattern).groupindex)

    def __call__(self, path: Path) -> Dict[str, str]:
        """What is known of a file, by field.

        Raises:
            InputError: If the pattern is not found.
        """
        match = re.search(_composed(self.pattern),
                          _relative(path, self.root))
        if match is None:
            raise InputError(f'{path}: the pattern {quoted(self.pattern)} is '
                             'not found in its name')
        return {field: value for field, value in match.groupdict().items()
                if value}


@dataclass(frozen=True)
class Manifest:
    """A table with a row a file.

    Args:
        root (Path): The folder that names are relative to.
        path (Path): The table, see :func:`mmair.datasets.readers.read_rows`,
            with a column ``file`` (relative to the root, with or without
            suffix) and some of ``FIELDS``. An empty cell is unknown. Further
            columns do not count.

    Raises:
        InputError: If the table is unusable or names a file twice.
    """
    root: Path
    path: Path
    #: Of its content: a manifest is equal to itself until it is edited.
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        content = read_source(self.path, MANIFEST_BYTES, DIVIDE)
        object.__setattr__(self, 'sha256',
                           hashlib.sha256(content).hexdigest())
        if not self.told:
            raise InputError(f'{self.path}: has none of the columns '
                             f'{", ".join(FIELDS)}, expected some beside '
                             'file')

    @property
    def told(self) -> Set[str]:
        """The fields that it tells."""
        return set(next(iter(self.rows.values()))) & set(FIELDS)

    def __call__(self, path: Path) -> Dict[str, str]:
        """What is known of a file, by field.

        Raises:
            InputError: If the table has no row of it.
        """
        name = _relative(path, self.root)
        row = self.rows.get(name, self.rows.get(_without_suffix(name)))
        if row is None:
            raise InputError(f'{path}: {self.path} has no row of it')
        return {field: row[field] for field in FIELDS if row.get(field)}

    def without_file(self, files: Sequence[Path]) -> List[str]:
        """Names in the table to which none of these files belongs."""
        names = {_relative(path, self.root) for path in files}
        names |= {_without_suffix(name) for name in names}
        return [name for name in self.rows if name not in names]

    @property
    def rows(self) -> Dict[str, Dict[str, str]]:
        """The rows by file."""
        return _manifest(self.path, self.sha256)


# A worker reads the table once, and no task carries it.
@functools.lru_cache(maxsize=1)
def _manifest(path: Path, sha256: str) -> Dict[str, Dict[str, str]]:
    rows = {}
    for row in read_rows(path, ['file']):
        name = _composed(
            re.sub(r'^(\./)+', '', row['file'].replace('\\', '/')))
        if not name or name in rows:
            raise InputError(
                f'{path}: file is {quoted(name)} in a row, expected a file '
                'that no other row has')
        rows[name] = row
    return rows


def _relative(path: Path, root: Path) -> str:
    return _composed(path.relative_to(root).as_posix())


def _composed(text: str) -> str:
    return unicodedata.normalize('NFC', text)


def _folded(text: str) -> str:
    return _composed(text).lower()


def _without_suffix(name: str) -> str:
    return re.sub(r'\.[^./]*$', '', name)


@dataclass(frozen=True)
class Classes:
    """The classes of a data set, and how files write them.

    Args:
        spellings (tuple): For every class its name and its spellings; the
            name itself is one, and case does not count.

    Raises:
        InputError: If a spelling stands for two classes.

    Examples:
        >>> Classes.of(['joy=happy,HA', 'sadness=SA']).named('Happy')
        'joy'
    """
    spellings: Tuple[Tuple[str, Tuple[str, ...]], ...]

    def __post_init__(self) -> None:
        meaning = {}
        for number, (name, spellings) in enumerate(self.spellings):
            for spelling in map(_folded, (name, *spellings)):
                if (not spelling
                        or meaning.setdefault(spelling, number) != number):
                    raise InputError(
                        f'class {name!r} is written {spelling!r}, expected '
                        'a spelling that no other class has')

    @classmethod
    def of(cls, descriptions: Sequence[str]) -> 'Classes':
        """From words ``name`` or ``name=spelling,spelling``."""
        split = (word.partition('=') for word in descriptions)
        return cls(tuple((name.strip(), tuple(
            part.strip() for part in rest.split(',')) if equals else ())
            for name, equals, rest in split))

    @property
    def names(self) -> Tuple[str, ...]:
        """The class names, in the order of the labels."""
        return tuple(name for name, _ in self.spellings)

    def named(self, word: str) -> str:
        """The class that a word means.

        Raises:
            InputError: If it means none.
        """
        for name, spellings in self.spellings:
            if _folded(word) in map(_folded, (name, *spellings)):
                return name
        raise InputError(f'the emotion {quoted(word)} is none of '
                         f'{", ".join(self.names)} and their spellings')
