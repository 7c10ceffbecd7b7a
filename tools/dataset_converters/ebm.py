"""Emotional Body Motion -> annotation file.

Zenodo 10052504, CC BY 4.0: 29 people, seven emotions, 4,060 recordings.

    python tools/dataset_converters/ebm.py RAW --out data/ebm.pkl

RAW holds <participant>_<block>_<trial>_<emotion>.csv of 19 joints with the
header Frame,<joint>.x,... at 30 Hz.
"""
import functools
import re
from pathlib import Path
from typing import Dict

import numpy as np

from mmair.cli import run
from mmair.datasets import EBMDataset
from mmair.datasets.conversion import convert, converter_parser
from mmair.datasets.readers import find_sources, read_positions
from mmair.datasets.units import UNITS, to_metres
from mmair.errors import InputError
from mmair.layouts import get_layout

#: The numbers of the file names.
EMOTIONS = {'1': 'joy', '2': 'sadness', '3': 'surprise', '4': 'anger',
            '5': 'disgust', '6': 'fear', '7': 'neutral'}
#: Files that are known to hold what another one holds.
_COPIES = {'15_2_4_1': '15_2_3_1', '15_3_4_2': '15_3_3_2',
           '29_2_3_7': '29_2_2_7', '9_3_4_1': '9_1_4_1'}
_FPS = 30.


def parse_name(path: Path) -> Dict[str, str]:
    """What a file name says. A block of a participant is a session.

    Raises:
        InputError: If it is not a name of the data set.
    """
    match = re.fullmatch(r'(\d+)_(\d+)_\d+_([1-7])', path.stem, re.A)
    if match is None:
        raise InputError(f'{path}: is named {path.stem!r}, expected '
                         'participant, block, trial and an emotion of 1 to 7 '
                         'as in 15_2_3_1')
    participant, block, emotion = match.groups()
    return dict(emotion=EMOTIONS[emotion], actor=participant.zfill(2),
                recording=f'{participant.zfill(2)}_{block}')


def parse(unit: str, up_axis: str, path: Path) -> dict:
    """Read one recording; see :func:`mmair.datasets.conversion.convert`."""
    known, layout = parse_name(path), get_layout('ebm')
    positions = read_positions(path, layout.joints)
    original = path.with_stem(_COPIES.get(path.stem, path.stem))
    if original != path and original.exists() and np.array_equal(
            positions, read_positions(original, layout.joints)):
        raise InputError(f'{path}: holds the positions of {original.name}')
    return dict(**known, fps=_FPS, keypoint=to_metres(
        path, positions, layout, unit, up_axis))


def main() -> None:
    parser = converter_parser(__doc__)
    # Neither is documented.
    parser.add_argument(
        '--unit', choices=(*UNITS, 'auto'), default='auto', help='unit of '
        'the files (default: of m, cm and mm the one in which it is a human '
        'body)')
    parser.add_argument('--up-axis', choices='yz', default='y',
                        help='axis that points up (default: y)')
    args = parser.parse_args()
    convert(find_sources(args.raw, ['.csv']), args.raw,
            functools.partial(parse, args.unit, args.up_axis), args.out,
            dataset='EBM', layout='ebm',
            classes=EBMDataset.METAINFO['classes'], workers=args.workers)


if __name__ == '__main__':
    run(main)
