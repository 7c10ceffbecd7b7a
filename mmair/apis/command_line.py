"""What the command lines of inference tools share."""
import argparse
from typing import Dict

from mmair.cli import add_cfg_options, not_negative, positive
from mmair.datasets.folder_conversion import frame_rate
from mmair.datasets.units import UNITS

from .inferencer import EmotionInferencer
from .stream import StreamRecognizer


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`make_inferencer`."""
    parser.add_argument('config', help='config of the recogniser; it is a '
                        'Python program that is run: give your own')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--device', help='cpu, cuda, ... (default: cuda where '
                        'there is one)')
    parser.add_argument('--classes', nargs='+', help='class names, where the '
                        'checkpoint and the config have none')
    parser.add_argument('--layout', help='skeleton layout of the data '
                        '(default: that of the config)')
    add_cfg_options(parser)


def make_inferencer(args: argparse.Namespace) -> EmotionInferencer:
    """The inferencer that the arguments of :func:`add_model` describe."""
    return EmotionInferencer(
        args.config, args.checkpoint, args.device, args.classes, args.layout,
        args.cfg_options)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`reading_of`."""
    parser.add_argument('--fps', type=frame_rate, help='frames a second of '
                        'files that do not tell')
    parser.add_argument('--unit', choices=(*UNITS, 'auto'), default='auto',
                        help='unit of BVH files and tables (default: of m, cm '
                        'and mm the one in which it is a human body)')
    parser.add_argument('--up-axis', choices='yz', default='y',
                        help='their axis that points up (default: y)')
    parser.add_argument('--ignore-joints', metavar='REGEX', help='whole names '
                        'of joints or columns that they may have and that are '
                        'left out')


def reading_of(args: argparse.Namespace) -> Dict[str, object]:
    """How recordings are read, for :class:`EmotionInferencer`."""
    return dict(fps=args.fps, unit=args.unit, up_axis=args.up_axis,
                ignore=args.ignore_joints)


def add_streaming(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`make_stream`."""
    parser.add_argument('--fps', type=frame_rate, required=True,
                        help='frames a second of the sensor')
    parser.add_argument('--window', type=positive, required=True,
                        help='seconds that an answer is made of')
    parser.add_argument('--rate', type=positive, default=2.,
                        help='answers a second (default: 2)')
    parser.add_argument('--smoothing', type=not_negative, default=1.,
                        help='time constant in seconds, 0 for none '
                        '(default: 1)')
    parser.add_argument('--max-gap', type=not_negative, default=.25,
                        help='longest gap in seconds that is interpolated '
                        '(default: 0.25)')


def make_stream(args: argparse.Namespace,
                inferencer: EmotionInferencer) -> StreamRecognizer:
    """A recogniser for one person, as :func:`add_streaming` describes it."""
    return StreamRecognizer(inferencer, args.window, args.fps, args.rate,
                            args.smoothing, args.max_gap)
