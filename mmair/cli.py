"""How every command-line tool ends on input that it cannot use."""
import argparse
import sys
from typing import Callable, List, Optional

from mmengine.config import DictAction

from mmair.errors import InputError


class CfgOptions(DictAction):
    """``--cfg-options``; what is no key=value pair is a wrong argument."""

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, values: List[str],
                 option_string: Optional[str] = None) -> None:
        for value in values:
            if '=' not in value:
                parser.error(f'{option_string}: {value!r} is no key=value '
                             'pair')
        super().__call__(parser, namespace, values, option_string)


def run(main: Callable[[], None]) -> None:
    """Run a tool; a user's mistake is told in one sentence.

    Args:
        main (Callable): The tool. An :class:`InputError` that it raises is
            printed to stderr and ends the process with status 2, which is
            also what ``argparse`` does with a wrong argument.
    """
    try:
        main()
    except InputError as error:
        # From a worker of a dataloader it comes wrapped in its traceback.
        sentence = str(error).strip().splitlines()[-1]
        name = f'{InputError.__module__}.{InputError.__name__}: '
        print(f'error: {sentence.removeprefix(name)}', file=sys.stderr)
        sys.exit(2)
