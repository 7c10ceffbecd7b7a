"""The error that a user's mistake raises."""


class InputError(ValueError):
    """Input that mmair cannot use, told in one sentence.

    The sentence names the file, the field, what was found, what was expected
    and what to do. The command-line tools print it alone, without a
    traceback, and exit with status 2.
    """


def quoted(text: str) -> str:
    """A text as a message shows it: in quotes, on one line, not long."""
    return repr(text if len(text) <= 80 else f'{text[:77]}...')


def shown(name: str) -> str:
    """A name for a terminal: what is no text is escaped, as lines are."""
    return repr(name)[1:-1]
