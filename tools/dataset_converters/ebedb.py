"""MPI Emotional Body Expressions Database -> annotation file.

Volkova, de la Rosa, Buelthoff, Mohler, "The MPI Emotional Body Expressions
Database for Narrative Scenarios", PLoS ONE 9(12), 2014,
doi 10.1371/journal.pone.0113647.

    python tools/dataset_converters/ebedb.py data/ebedb --out data/ebedb.pkl
"""
import re
from pathlib import Path

import numpy as np

from mmair.cli import run
from mmair.datasets import EBEDBDataset
from mmair.datasets.conversion import convert, converter_parser
from mmair.datasets.readers import find_sources, read_bvh
from mmair.errors import InputError
from mmair.layouts import get_layout

CLASSES = EBEDBDataset.METAINFO['classes']
#: How the actors are written in the file names.
ACTORS = dict(AnBh='AnBh', DiMi='DiMi', HeGa='HeGa', LeSt='LeSt', MaMa='MaMa',
              NoVo='NoVo', PaPi='PaPi', SiGl='SiGl', Sinead='SiGl')
TEST_ACTORS = ('DiMi', 'PaPi')

_EMOTION = '|'.join(CLASSES)
#: What follows the name of the recording session in a file name; the first
#: that matches counts.
_TAKE = [re.compile(pattern, re.I) for pattern in (
    rf'_({_EMOTION})_\d+_.*_({_EMOTION})$',
    rf'_({_EMOTION})_(\d+_)?\d+-\d+$',
    rf'_\d+_\d+_\d+_\d+_({_EMOTION})$')]
#: The task in the name of a session, and what was told or done; stories are
#: also abbreviated.
_ACTION = re.compile(r'_(ftf?|nv)_([a-z0-9]+)')
_STORIES = dict(wd='whiteduck', hh='hedgehog', sw='swineherd')
_METRES = .01


def parse_name(path: Path) -> dict:
    """What a file name says.

    Folders are not asked: ``Relief/`` holds copies of ``Pride/``.

    Args:
        path (Path): The file.

    Returns:
        dict: ``emotion``, ``actor`` and ``recording``, and ``action``, such
        as ``ftf_bluebeard``, where the name tells it.

    Raises:
        InputError: If the name says not exactly one of each.
    """
    stem = path.stem
    emotions = {e.lower() for e in re.findall(_EMOTION, stem, re.I)}
    actors = {actor for name, actor in ACTORS.items() if name in stem}
    takes = filter(None, (pattern.search(stem) for pattern in _TAKE))
    take = next(takes, None)
    if len(emotions) != 1 or len(actors) != 1 or take is None:
        raise InputError(
            f'{path}: the name shows the emotions {sorted(emotions)} and '
            f'actors {sorted(actors)} and '
            f'{"no" if take is None else "a"} take number, expected one of '
            'each as in AnBh_ft_nr_joy_16242-16983')
    session = stem[:take.start()]
    found = dict(emotion=emotions.pop(), actor=actors.pop(),
                 recording=session)
    action = _ACTION.search(session)
    if action:
        task, story = action.groups()
        found['action'] = f'{task}_{_STORIES.get(story, story)}'
    return found


def parse(path: Path) -> dict:
    """Read one recording; see :func:`mmair.datasets.conversion.convert`."""
    recording = parse_name(path)
    motion = read_bvh(path)
    positions = motion.select(get_layout('ebedb').joints)
    # As distributed, a reference pose leads: it stands over the origin, to
    # the last digit. In a thinned copy it may be gone already.
    if not np.any(positions[0, 0, [0, 2]]):
        positions = positions[1:]
    if not len(positions):
        raise InputError(f'{path}: holds the reference pose only, expected '
                         'a recording after it')
    return dict(**recording, fps=motion.fps,
                keypoint=positions[None] * _METRES)


def main() -> None:
    args = converter_parser(__doc__).parse_args()
    convert(find_sources(args.raw, ['.bvh']), args.raw, parse, args.out,
            dataset='EBEDB', layout='ebedb', classes=CLASSES,
            test_actors=TEST_ACTORS, workers=args.workers)


if __name__ == '__main__':
    run(main)
