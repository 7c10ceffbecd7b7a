"""Reader of tables in text: CSV, TSV or TXT, of numbers or of words.

Tables come from spreadsheets, recording programs and scripts, so that the
separator, the encoding and the header differ. These are found out; the
content is not interpreted: a row of another width, a decimal comma or a value
that is no finite number is refused by row and column.
"""
import csv
import io
import re
from pathlib import Path
from typing import Dict, List, NoReturn, Optional, Sequence, Tuple, Union

import numpy as np

from mmair.errors import InputError, quoted

from .bvh import MAX_VALUE
from .source_file import read_source

#: Limits that no recording of a body reaches (32 MiB are half an hour of 75
#: columns at 30 Hz), so that a garbled file cannot fill the memory.
MAX_BYTES = 2**25
MAX_ROWS = 10**6
MAX_LINE = 2**20
MAX_COLUMNS = 10**4
#: Those of a table of words, such as a manifest: a row is a recording.
MANIFEST_BYTES = 2**29
MANIFEST_ROWS = 10**7
DIVIDE = 'divide the recordings among several folders with a table each'

#: Tried in this order on the first line. What holds none of them is divided
#: at white space.
_SEPARATORS = '\t;,'
_BYTE_ORDER_MARKS = {b'\xef\xbb\xbf': 'utf-8-sig', b'\xff\xfe': 'utf-16',
                     b'\xfe\xff': 'utf-16'}
_NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?', re.A | re.I)
_NAN = re.compile('nan', re.I)
_NOT_FINITE = re.compile(r'[+-]?(nan|inf|infinity)', re.I)


def read_table(path: Union[str, Path], missing: bool = False
               ) -> Tuple[Optional[List[str]], np.ndarray]:
    """Read a table of numbers.

    Columns are separated by tab, semicolon, comma or white space, the first
    of these that the first line has; numbers have a decimal point. A
    first line with a word in it is the header, whose names may be quoted.
    Empty lines do not count; a separator at the end of every line is left
    out. UTF-8, or UTF-16 with a byte order mark.

    Args:
        path (str | Path): The file.
        missing (bool): Whether empty cells and nan are read as NaN. Defaults
            to False: they are refused.

    Returns:
        tuple: The names of the columns, or None without a header; and the
        numbers, float64, (rows, columns), at least one of each.

    Raises:
        InputError: If the file is unreadable, garbled or too large, or holds
            a value that is not a finite number.
    """
    return _Table(path, MAX_BYTES, MAX_ROWS).read_numbers(missing)


def read_rows(path: Union[str, Path],
              required: Sequence[str]) -> List[Dict[str, str]]:
    """Read a table of words, such as a manifest.

    Columns are separated by tab, semicolon or comma, and values may be
    quoted. White space around a value does not count.

    Args:
        path (str | Path): The file.
        required (Sequence[str]): Columns that its header must have.

    Returns:
        list[dict[str, str]]: For every row the value of every column.

    Raises:
        InputError: If the file is unreadable or garbled, lacks a column or
            has no row.
    """
    return _Table(path, MANIFEST_BYTES, MANIFEST_ROWS,
                  DIVIDE).read_words(required)


class _Table:
    """The file that is being read, so that every message can name it."""

    def __init__(self, path: Union[str, Path], max_bytes: int, max_rows: int,
                 advice: Optional[str] = None) -> None:
        self.path = path
        self.text = self.read_text(max_bytes, advice)
        # What is counted here is held apart from what is split below.
        rows = self.text.count('\n')
        if rows > max_rows:
            self.fail(f'has {rows} lines, expected at most {max_rows}; '
                      f'{advice or "is this a table?"}')
        #: Lines that are not empty, with their numbers in the file.
        self.lines = [(number, line) for number, line in enumerate(
            self.text.split('\n'), 1) if line and not line.isspace()]
        if not self.lines:
            self.fail('is empty, expected a table')
        number, longest = max(self.lines, key=lambda row: len(row[1]))
        if len(longest) > MAX_LINE:
            self.fail(f'line {number} has {len(longest)} characters, expected '
                      f'at most {MAX_LINE}; is this a table?')
        first = self.lines[0][1]
        self.separator = next((s for s in _SEPARATORS if s in first), None)
        #: Whether a separator ends every line.
        self.trailing = self.separator is not None and self.ends(first)
        self.width = len(self.fields(first))
        if self.width > MAX_COLUMNS:
            self.fail(f'has {self.width} columns, expected at most '
                      f'{MAX_COLUMNS}; is this a table?')

    def fail(self, sentence: str) -> NoReturn:
        raise InputError(f'{self.path}: {sentence}')

    def read_text(self, max_bytes: int, advice: Optional[str]) -> str:
        content = read_source(self.path, max_bytes, advice)
        encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items()
                         if content.startswith(mark)), 'utf-8')
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            name = encoding.removesuffix('-sig').upper()
            self.fail(f'is not {name} text from byte {error.start} on; save '
                      'it as UTF-8')
        return text.replace('\r\n', '\n').replace('\r', '\n')

    def fields(self, line: str) -> List[str]:
        if self.separator is None:
            return line.split()
        if self.trailing and self.ends(line):
            line = line.rstrip(' ')[:-1]
        return [field.strip() for field in line.split(self.separator)]

    def ends(self, line: str) -> bool:
        """Whether a separator ends the line."""
        return line.rstrip(' ').endswith(self.separator)

    # Numbers.

    def read_numbers(self, missing: bool
                     ) -> Tuple[Optional[List[str]], np.ndarray]:
        names = self.read_header()
        if names is not None:
            self.width = len(names)
        rows = self.lines[names is not None:]
        if not rows:
            self.fail('holds a header alone, expected rows of numbers')
        return names, self.read_values(rows, missing)

    def read_header(self) -> Optional[List[str]]:
        fields = self.fields(self.lines[0][1])
        if not any(re.match(r'["\']?[^\W\d_]', field)
                   and not _NOT_FINITE.fullmatch(field) for field in fields):
            return None
        if self.separator is None:
            return fields
        return [name.strip() for name in self.parse_words(
            [self.separator.join(fields)], 'line 1')[0]]

    def read_values(self, rows: List[Tuple[int, str]],
                    missing: bool) -> np.ndarray:
        # Of these characters numpy reads nothing but decimal numbers.
        plain = re.compile(rf'[0-9eE+\-. {self.separator or ""}\t]*')
        if all(plain.fullmatch(_NAN.sub('', line) if missing else line)
               and (not self.trailing or self.ends(line))
               for _, line in rows):
            lines = [line.rstrip(' ')[:-1] if self.trailing else line
                     for _, line in rows]
            if missing and self.separator is not None:
                lines = [self.separator.join(
                    field if field.strip() else 'nan'
                    for field in line.split(self.separator))
                    for line in lines]
            try:
                values = np.loadtxt(lines, delimiter=self.separator,
                                    comments=None, ndmin=2)
            except ValueError:
                values = None
            if (values is not None
                    and values.shape == (len(rows), self.width)
                    and np.all((np.abs(values) < MAX_VALUE)
                               | (missing & np.isnan(values)))):
                return values
        self.explain(rows, missing)

    def explain(self, rows: List[Tuple[int, str]],
                missing: bool) -> NoReturn:
        """Find the first fault, slowly."""
        for number, line in rows:
            fields = self.fields(line)
            if len(fields) != self.width:
                self.fail(f'line {number} holds {len(fields)} values, '
                          f'expected {self.width} as in line '
                          f'{self.lines[0][0]}; the file is truncated or '
                          'garbled')
            if self.trailing and not self.ends(line):
                self.fail(f'line {number} does not end with '
                          f'{self.separator!r}, expected it as in line '
                          f'{self.lines[0][0]}; the file is truncated or '
                          'garbled')
            for column, field in enumerate(fields, 1):
                if missing and field.lower() in ('', 'nan'):
                    continue
                if not (_NUMBER.fullmatch(field)
                        and abs(float(field)) < MAX_VALUE):
                    self.fail(f'line {number}, column {column} is '
                              f'{quoted(field)}, expected a finite '
                              'number with a decimal point')
        self.fail('its numbers are not separated by tab, semicolon, comma or '
                  'blanks alone')

    # Words.

    def read_words(self, required: Sequence[str]) -> List[Dict[str, str]]:
        if self.separator is None:
            self.fail(f'{quoted(self.lines[0][1])} is its first line, '
                      'expected the names of columns separated by comma, '
                      'semicolon or tab')
        # Over the text and not its lines: a quoted value may hold a line end.
        rows = self.parse_words(io.StringIO(self.text), 'the table')
        rows = [row for row in ([value.strip() for value in row]
                                for row in rows) if any(row)]
        names = rows.pop(0) if rows else []
        missing = [name for name in required if name not in names]
        if missing or len(set(names)) != len(names):
            self.fail(f'its columns are {quoted(", ".join(names))}, '
                      f'expected {", ".join(required)} among them and each '
                      'name once')
        if not rows:
            self.fail('holds a header alone, expected rows')
        for number, row in enumerate(rows, 1):
            if len(row) != len(names):
                self.fail(f'row {number} holds {len(row)} values, expected '
                          f'{len(names)} as in the header')
        return [dict(zip(names, row, strict=True)) for row in rows]

    def parse_words(self, lines, where: str) -> List[List[str]]:
        try:
            return list(csv.reader(lines, delimiter=self.separator,
                                   strict=True))
        except csv.Error as error:
            # The reason may quote a tab.
            reason = str(error).replace('\t', '\\t')
            self.fail(f'{where} cannot be divided into values ({reason})')
