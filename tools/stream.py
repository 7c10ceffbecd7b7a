"""Recognise emotion while a sensor runs: frames in, probabilities out.

    SENSOR | python tools/stream.py CONFIG CHECKPOINT --fps 30 --window 4

Reads one JSON message a line, {"time": 12.34, "keypoint": [[x, y, z], ...]},
and prints one JSON answer a line. A line that is no frame is told on stderr
and the stream goes on. docs/inference.md tells more.
"""
import argparse
import json
import sys

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.apis.command_line import (add_model, add_streaming,
                                     make_inferencer, make_stream)
from mmair.apis.messages import MAX_BYTES, parse_frame
from mmair.cli import run
from mmair.errors import InputError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument('input', nargs='?', default='-',
                        help='file of messages (default: standard input)')
    add_streaming(parser)
    return parser.parse_args()


def lines_of(file):
    """Lines, of which one without an end takes no more memory."""
    while line := file.readline(MAX_BYTES + 1):
        rest = line
        while len(rest) > MAX_BYTES and not rest.endswith(b'\n'):
            rest = file.readline(MAX_BYTES + 1)
        yield line


def main() -> None:
    args = parse_args()
    stream = make_stream(args, make_inferencer(args))
    try:
        file = sys.stdin.buffer if args.input == '-' else open(
            args.input, 'rb')
    except OSError as error:
        raise InputError(f'{args.input}: cannot be read '
                         f'({error.strerror})') from error
    number = bad = answers = 0
    try:
        for number, line in enumerate(lines_of(file), 1):
            try:
                answer = stream.push(*parse_frame(line, stream.layout))
            except InputError as error:
                bad += 1
                print(f'line {number} left out: {error}', file=sys.stderr)
                continue
            if answer is not None:
                answers += 1
                print(json.dumps(answer), flush=True)
    except KeyboardInterrupt:
        pass  # how a sensor is usually stopped
    print(f'{number} lines, {bad} that were no frames, {stream.late} out of '
          f'order, {answers} answers', file=sys.stderr)
    if stream.restarts:
        print(f'{stream.restarts} frames were a window or more away from the '
              'one before, and each began anew; are times in seconds?',
              file=sys.stderr)
    if not number - bad:
        name = 'standard input' if args.input == '-' else args.input
        raise InputError(f'{name}: holds no frame, expected one JSON message '
                         'a line')


if __name__ == '__main__':
    run(main)
