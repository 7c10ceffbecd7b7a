"""The error that a user's mistake raises, and how its sentence is made."""
import reprlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterable, Iterator, Union


class InputError(ValueError):
    """Input that mmair cannot use, told in one sentence.

    The sentence names the file, the field, what was found, what was expected
    and what to do. The command-line tools print it alone, without a
    traceback, and exit with status 2.
    """


class _ShortRepr(reprlib.Repr):

    def repr(self, x: Any) -> str:
        text = ' '.join(super().repr(x).split())  # arrays have lines
        return text if len(text) <= 120 else text[:117] + '...'

    def repr_int(self, x: int, level: int) -> str:
        # Python itself does not write out all that it reads.
        if x.bit_length() > 4096:
            return f'<an integer of {x.bit_length()} bits>'
        return super().repr_int(x, level)


#: Shows anything in a message, and only the beginning of what is large.
short_repr = _ShortRepr()
short_repr.maxstring = short_repr.maxother = 100


def quoted(text: str) -> str:
    """A text as a message shows it: in quotes, on one line, not long."""
    return repr(text if len(text) <= 80 else f'{text[:77]}...')


def shown(name: str) -> str:
    """A name for a terminal: what is no text is escaped, as lines are."""
    return repr(name)[1:-1]


def listed(names: Iterable[str], most: int = 3) -> str:
    """'a, b, c and 2 more'."""
    names = list(names)
    rest = len(names) - most
    return ', '.join(names[:most]) + (f' and {rest} more' if rest > 0 else '')


@contextmanager
def writing(path: Union[str, Path]) -> Iterator[None]:
    """Where a file is written; its folder is made.

    Args:
        path (str | Path): The file.

    Raises:
        InputError: If the folder cannot be made, or the system refuses what
            is done inside.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f'{path}: cannot be written '
                         f'({error.strerror or error})') from error
