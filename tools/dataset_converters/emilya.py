"""Emilya, emotional body expression in daily actions -> annotation file.

Fourati & Pelachaud, "Emilya: Emotional body expression in daily actions
database", LREC 2014.

    python tools/dataset_converters/emilya.py RAW --out data/emilya.pkl

RAW holds the folders of either distribution, wherever they begin:
All_BvH_Files/<action code>/<emotion>/Actor<n>/*.bvh, the newer, or
PerAction/<action name>/<emotion>/<first name>/*.bvh, the older. What a file's
name and its folders say must agree; a file for which it does not is left out.
"""
import functools
import re
from pathlib import Path
from typing import Dict, Optional

from mmair.cli import run
from mmair.datasets import EmilyaDataset
from mmair.datasets.conversion import convert, converter_parser
from mmair.datasets.readers import find_sources, read_bvh
from mmair.datasets.units import UNITS, to_metres
from mmair.errors import InputError
from mmair.layouts import get_layout

#: The codes of the file names.
EMOTIONS = dict(Ag='anger', Ax='anxiety', Jy='joy', Nt='neutral',
                PF='panic fear', Pr='pride', Sd='sadness', Sh='shame')
ACTIONS = dict(SW='Simple Walk', WH='Walk with Something', BS='Being Seated',
               SD='Sitting Down', KD='Knocking', Lf='Lift', MB='Move Books',
               Th='Throw', Tr='Turn', TrSW='Turn', TrWH='Turn')
#: Sequences of several actions, which are no action of their own.
_UNUSED = ('SDBS', 'CS')
#: How a folder may write an emotion beside its name and code; case and
#: punctuation do not count.
_SPELLINGS = dict(
    angry='anger', anxious='anxiety', joyful='joy', happy='joy',
    happiness='joy', panic='panic fear', fear='panic fear', proud='pride',
    sad='sadness', ashamed='shame', shameful='shame')

#: Folders of the older distribution that are not named as their action.
_FOLDERS = dict(knockingonthedoor='Knocking',
                walkwithsmthinthehands='Walk with Something')

_NAME = re.compile(rf'({"|".join(EMOTIONS)})(\d+)'
                   rf'({"|".join((*_UNUSED, *ACTIONS))})(\d*)_(\w+)', re.A)


def parse_name(path: Path) -> Dict[str, str]:
    """What the name and the three folders of a file say.

    The actor is the folder: ``Actor<n>``, with which the name must end, or a
    first name. A take number belongs to an emotion, and segments and actions
    of an actor with one number may come from one capture. So they are kept
    together: the recording session is actor, emotion and take.

    Args:
        path (Path): The file.

    Returns:
        dict: ``emotion``, ``actor``, ``recording`` and ``action``.

    Raises:
        InputError: If the name is not one of the data set or of no use, or
            the folders say something else.
    """
    if path.stem.lower().endswith('zyx'):
        raise InputError(f'{path}: holds a recording once more, with the '
                         'rotation order ZYX')
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InputError(f'{path}: is named {path.stem!r}, expected emotion, '
                         'take, action, segment and actor as in '
                         'Nt1KD1_Actor1')
    code, take, action, _, named = match.groups()
    if action in _UNUSED:
        raise InputError(f'{path}: shows {action}, a sequence of actions, '
                         'expected one action')
    # An absolute path, so that RAW may be any folder above the files.
    folders = path.absolute().parts[-4:-1]
    if len(folders) < 3:
        raise InputError(f'{path}: lies in too few folders, expected '
                         '<action>/<emotion>/<actor>')
    in_action, in_emotion, actor = folders
    emotion = _folder_emotion(in_emotion)
    if emotion != EMOTIONS[code]:
        raise InputError(f'{path}: the name says {EMOTIONS[code]} and the '
                         f'folder {in_emotion!r}, expected the same')
    if _folder_action(in_action) not in (None, ACTIONS[action]):
        raise InputError(f'{path}: the name says action {action} and the '
                         f'folder {in_action!r}, expected the same')
    if (re.fullmatch(r'Actor\d+', actor, re.I)
            and named.lower() != actor.lower()):
        raise InputError(f'{path}: the name says {named} and the folder '
                         f'{actor}, expected the same actor')
    return dict(emotion=emotion, actor=actor,
                recording=f'{actor}_{code}{take}', action=ACTIONS[action])


def _key(word: str) -> str:
    return re.sub(r'[\W_]', '', word.lower())


def _folder_emotion(folder: str) -> str:
    """The class that a folder names, or nothing."""
    known = {_key(word): name for word, name in (
        *_SPELLINGS.items(), *EMOTIONS.items(),
        *((name, name) for name in EMOTIONS.values()))}
    return known.get(_key(folder), '')


def _folder_action(folder: str) -> Optional[str]:
    """The action that a folder names; None if its words are not known."""
    known = {_key(word): name for word, name in (
        *_FOLDERS.items(), *ACTIONS.items(),
        *((name, name) for name in ACTIONS.values()))}
    return known.get(_key(folder))


def parse(unit: str, path: Path) -> dict:
    """Read one recording; see :func:`mmair.datasets.conversion.convert`."""
    known = parse_name(path)
    layout, motion = get_layout('emilya'), read_bvh(path)
    positions = motion.select(layout.joints)
    return dict(**known, fps=motion.fps,
                keypoint=to_metres(path, positions, layout, unit))


def main() -> None:
    parser = converter_parser(__doc__)
    # Not documented; files of another unit are refused by their size.
    parser.add_argument('--unit', choices=UNITS, default='cm',
                        help='unit of the files (default: cm)')
    args = parser.parse_args()
    convert(find_sources(args.raw, ['.bvh']), args.raw,
            functools.partial(parse, args.unit), args.out, dataset='Emilya',
            layout='emilya', classes=EmilyaDataset.METAINFO['classes'],
            workers=args.workers)


if __name__ == '__main__':
    run(main)
