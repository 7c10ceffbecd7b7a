"""What command-line tools take, and how they end where they cannot go on."""
import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any, Callable, List, Optional, Union

import torch
from mmengine.config import DictAction

from mmair.errors import InputError, writing


def number(kind: type, least: float, most: float) -> Callable[[str], float]:
    """A type of argument: a number in a range, nan being none.

    Args:
        kind (type): int or float.
        least (float): The smallest.
        most (float): The largest.

    Returns:
        Callable: For ``type`` of ``add_argument``.
    """
    name = 'whole number' if kind is int else 'number'

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float('nan')
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f'{text!r} is no {name} from {least:g} to {most:.10g}')
        return value

    return parse


#: Types of arguments: how many, at least one.
count = number(int, 1, 10**9)
#: How many, perhaps none.
count_or_none = number(int, 0, 10**9)
#: What NumPy and scikit-learn take as a seed.
seed = number(int, 0, 2**32 - 1)
#: Seconds and the like.
positive = number(float, 1e-9, 1e9)
#: Those that may be 0.
not_negative = number(float, 0, 1e9)


def device(text: str) -> str:
    """A type of argument: a device that there is."""
    try:
        torch.zeros(1, device=text).item()
    except Exception as error:  # torch has one of its own for each
        raise argparse.ArgumentTypeError(
            f'{text!r} is no device that torch can use here; take '
            'cpu') from error
    return text


def output(text: str) -> Path:
    """A type of argument: what to write, which has a name of its own."""
    path = Path(text)
    if not path.name:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no name of what to write; give one')
    return path


def check_writable(path: Union[str, Path], suffix: str = '') -> None:
    """Say before the work what could not be written after it.

    Args:
        path (str | Path): The file; its folder is made.
        suffix (str): How its name must end. Defaults to anything.

    Raises:
        InputError: If it cannot be written, or is named otherwise.
    """
    path = Path(path)
    if suffix and path.suffix != suffix:
        raise InputError(f'{path}: the name of the file must end in '
                         f'{suffix}')
    with writing(path):
        known = path.exists()
        path.open('ab').close()
        if not known:
            path.unlink()


def _are_paired(text: str) -> bool:
    """Whether every bracket of a text has its partner."""
    while (rest := re.sub(r'\([^][()]*\)|\[[^][()]*\]', '', text)) != text:
        text = rest
    return not re.search(r'[][()]', text)


def _elements(text: str) -> List[str]:
    """What is between the commas of a text that are in no brackets."""
    found, depth = [''], 0
    for char in text:
        depth += (char in '([') - (char in ')]')
        if char == ',' and not depth:
            found.append('')
        else:
            found[-1] += char
    return found


class CfgOptions(DictAction):
    """``--cfg-options``; what is no key=value pair is a wrong argument, and
    so is a bracket without its partner.

    Unlike mmengine's it keeps blanks inside a value, as of a file name, and
    takes every value whose brackets are paired.
    """

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, values: List[str],
                 option_string: Optional[str] = None) -> None:
        for value in values:
            if value.find('=') < 1:
                parser.error(f'{option_string}: {value!r} is no key=value '
                             'pair')
            if not _are_paired(value):
                parser.error(f'{option_string}: {value!r} has a bracket '
                             'without its partner')
        super().__call__(parser, namespace, values, option_string)

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        val = val.strip().strip('\'"')

        def parse(text: str) -> list:
            found = _elements(text)
            return [CfgOptions._parse_iterable(element) for element in
                    (found if found[-1].strip() else found[:-1])]
        if len(_elements(val)) > 1:
            return parse(val)
        if val.startswith('(') and val.endswith(')'):
            return tuple(parse(val[1:-1]))
        if val.startswith('[') and val.endswith(']'):
            return parse(val[1:-1])
        return DictAction._parse_int_float_bool(val)


def add_cfg_options(parser: argparse.ArgumentParser,
                    what: str = 'config') -> None:
    """Let a tool take ``--cfg-options``."""
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions,
                        help=f'override the {what}: key=value pairs')


def run(main: Callable[[], None]) -> None:
    """Run a tool; a user's mistake is told in one sentence.

    Args:
        main (Callable): The tool. An :class:`InputError` that it raises is
            printed to stderr and ends the process with status 2, which is
            also what ``argparse`` does with a wrong argument. Ctrl-C ends
            it with status 130, as a shell reports it.
    """
    try:
        main()
    except InputError as error:
        # From a worker of a dataloader it comes behind its traceback.
        name = f'\n{InputError.__module__}.{InputError.__name__}: '
        lines = str(error).rpartition(name)[2].split('\n')
        sentence = ' '.join(filter(None, map(str.strip, lines)))
        print(f'error: {sentence}', file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print('Stopped', file=sys.stderr)
        sys.exit(130)
