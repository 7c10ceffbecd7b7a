"""What a check says."""
from typing import Iterable, List, NamedTuple, Tuple

from mmair import errors


class Finding(NamedTuple):
    """One thing that was found.

    Args:
        level (str): 'error' (training on it would be wrong), 'warning'
            (somebody should look) or 'note'.
        check (str): Name of the check.
        text (str): One sentence with the names of the recordings.
    """
    level: str
    check: str
    text: str


#: What a check returns: how it was made, and (level, text) of its findings.
Outcome = Tuple[str, List[Tuple[str, str]]]


def listed(names: Iterable[str], most: int = 3) -> str:
    """'a, b, c and 2 more', each name once."""
    return errors.listed(dict.fromkeys(names), most)


def counted(names: Iterable[str]) -> str:
    """'2 recordings', each name once."""
    count = len(set(names))
    return f'{count} recording{"s" * (count != 1)}'
