"""Kinematic Dataset of Actors Expressing Emotions -> annotation file.

Zhang et al., "Kinematic dataset of actors expressing emotions", Scientific
Data 7, 2020, doi 10.1038/s41597-020-00635-7; PhysioNet
kinematic-actors-emotions, releases 1.0.0 and 2.1.0.

    python tools/dataset_converters/kdae.py RAW --out data/kdae.pkl

RAW holds file-info.csv and the folder BVH. What a file's name and folder say
must be what file-info.csv says; a file for which it is not is left out.
"""
import functools
import re
from pathlib import Path
from typing import Dict

from mmair.cli import run
from mmair.datasets import KDAEDataset
from mmair.datasets.conversion import convert, converter_parser
from mmair.datasets.readers import find_sources, read_bvh, read_rows
from mmair.datasets.units import to_metres
from mmair.errors import InputError, quoted
from mmair.layouts import get_layout

INFO = 'file-info.csv'
#: The codes of the file names, and the words of file-info.csv.
EMOTIONS = dict(A='anger', D='disgust', F='fear', H='joy', N='neutral',
                SA='sadness', SU='surprise')
_WORDS = dict(angry='anger', disgust='disgust', fearful='fear', happy='joy',
              neutral='neutral', sad='sadness', surprise='surprise')
#: Three women and three men.
TEST_ACTORS = ('F02', 'F06', 'F10', 'M01', 'M05', 'M09')

_NAME = re.compile(r'([FM]\d{2})(SA|SU|A|D|F|H|N)(\d)V(\d)', re.A)
_COLUMNS = ('filename', 'actor_ID', 'emotion', 'scenario_ID', 'version')
#: Perception Neuron's 19 joints of a hand; the layout is the body's.
_FINGERS = r'(Left|Right)(In)?Hand(Thumb|Index|Middle|Ring|Pinky)\d?'


def read_info(path: Path) -> Dict[str, dict]:
    """What file-info.csv says, by file name, in the terms of the names.

    Args:
        path (Path): The table.

    Returns:
        dict: For every name ``actor``, ``emotion``, ``scenario`` and
        ``version``.

    Raises:
        InputError: If the table is unusable.
    """
    info = {}
    for row in read_rows(path, _COLUMNS):
        name, actor, word, scenario, version = (row[c] for c in _COLUMNS)
        if not name or name in info:
            raise InputError(f'{path}: filename is {quoted(name)} in a row, '
                             'expected a name that no other row has')
        if word.lower() not in _WORDS:
            raise InputError(f'{path}: emotion of {quoted(name)} is '
                             f'{quoted(word)}, expected one of '
                             f'{", ".join(_WORDS)}')
        info[name] = dict(actor=actor, emotion=_WORDS[word.lower()],
                          scenario=scenario, version=version)
    return info


def parse_name(path: Path) -> Dict[str, str]:
    """What a file name says.

    Raises:
        InputError: If it is not a name of the data set, or its folder is
            another actor's.
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InputError(f'{path}: is named {path.stem!r}, expected actor, '
                         'emotion, scenario and version as in F01SA3V1')
    actor, code, scenario, version = match.groups()
    if path.parent.name != actor:
        raise InputError(f'{path}: the name says actor {actor} and the '
                         f'folder {path.parent.name}, expected the same')
    return dict(actor=actor, emotion=EMOTIONS[code], scenario=scenario,
                version=version)


def parse(info: Dict[str, dict], path: Path) -> dict:
    """Read one recording; see :func:`mmair.datasets.conversion.convert`."""
    said, listed = parse_name(path), info.get(path.stem)
    if listed is None:
        raise InputError(f'{path}: {INFO} has no row of it')
    differing = [key for key in said if said[key] != listed[key]]
    if differing:
        raise InputError(f'{path}: ' + ' and '.join(
            f'{key} is {said[key]!r} in the name and {quoted(listed[key])} '
            f'in {INFO}' for key in differing) + ', expected the same')
    layout, motion = get_layout('kdae'), read_bvh(path)
    positions = motion.select(layout.joints, ignore=_FINGERS)
    # Versions are takes of one actor, emotion and scenario: one session.
    return dict(emotion=said['emotion'], actor=said['actor'],
                recording=path.stem[:path.stem.rindex('V')],
                action=f'scenario {said["scenario"]}', fps=motion.fps,
                keypoint=to_metres(path, positions, layout, 'cm'))


def main() -> None:
    args = converter_parser(__doc__).parse_args()
    info = read_info(args.raw / INFO)
    files = find_sources(args.raw / 'BVH', ['.bvh'])
    for name in sorted(set(info) - {path.stem for path in files}):
        print(f'missing {name}: {INFO} has a row of it, and BVH no file')
    convert(files, args.raw, functools.partial(parse, info), args.out,
            dataset='KDAE', layout='kdae',
            classes=KDAEDataset.METAINFO['classes'],
            test_actors=TEST_ACTORS, workers=args.workers)


if __name__ == '__main__':
    run(main)
