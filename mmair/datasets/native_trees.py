"""Generated recordings, filed as three emotion data sets are distributed.

KDAE, Emilya and EGBM can be had from their authors alone. These functions
write trees of the same folders, names, skeletons, units and frame rates, with
the motion of :mod:`mmair.datasets.synthetic`, so that the way from such a
tree to a trained model can be shown and tested without the data. Nobody was
recorded, and what an emotion looks like is the generator's, not the data
sets'.
"""
import csv
from dataclasses import dataclass, field
from itertools import chain, product
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from mmair.datasets.bvh_writer import write_bvh
from mmair.datasets.kinematics import euler_to_matrix
from mmair.datasets.synthetic import generate_recording
from mmair.errors import InputError
from mmair.layouts import get_layout

_CENTIMETRES = 100


@dataclass
class NativeTree:
    """What was written, as a converter should find it.

    Args:
        recordings (list[dict]): For every usable file ``frame_dir`` (its
            stem), ``path``, ``emotion`` (a class name), ``actor``,
            ``recording``, ``action``, ``fps``, ``total_frames`` and
            ``keypoint``, float32 (1, T, V, 3), metres, y up. What the tree
            does not tell is absent.
        skipped (list[Path]): The files that are of no use: duplicates,
            broken ones, and those of actions that are not used.
    """
    recordings: List[dict] = field(default_factory=list)
    skipped: List[Path] = field(default_factory=list)

    def add(self, path: Path, made: dict, **known: Optional[str]) -> None:
        """Note a usable file, made by :func:`generate_recording`."""
        self.recordings.append(dict(
            frame_dir=path.stem, path=path,
            **{key: value for key, value in known.items() if value},
            **{key: made[key] for key in ('fps', 'total_frames',
                                          'keypoint')}))


def _first(what: str, number: int, of: Sequence) -> Sequence:
    if not 1 <= number <= len(of):
        raise InputError(f'{what}: found {number!r}, expected a number from '
                         f'1 to {len(of)}')
    return of[:number]


def _one_of(what: str, value, known: Sequence) -> None:
    if value not in known:
        raise InputError(f'{what}: found {value!r}, expected one of '
                         f'{", ".join(map(str, known))}')


# KDAE.

#: Women and men in turn; there is no F04.
KDAE_ACTORS = tuple(chain.from_iterable(zip(
    ('F01', 'F02', 'F03', *(f'F{i:02d}' for i in range(5, 13))),
    (f'M{i:02d}' for i in range(1, 12)))))
#: Emotion in the table, code in the file name, emotion of the generator.
KDAE_EMOTIONS = (
    ('Angry', 'A', 'anger'), ('Disgust', 'D', 'disgust'),
    ('Fearful', 'F', 'fear'), ('Happy', 'H', 'joy'),
    ('Neutral', 'N', 'neutral'), ('Sad', 'SA', 'sadness'),
    ('Surprise', 'SU', 'surprise'))
#: What is done in scenario 0 (free improvisation), 1 and so on.
_KDAE_ACTIONS = ('talk', 'knock', 'walk', 'throw', 'wave', 'lift')
_KDAE_FPS = 125.
_FINGERS = dict(Thumb=.6, Index=.25, Middle=0., Ring=-.25, Pinky=-.5)
#: Metres: from the hand to the knuckles, and along a finger.
_PALM, _PHALANX = .09, .03


def write_kdae(root: Union[str, Path],
               num_actors: int = len(KDAE_ACTORS),
               num_scenarios: int = len(_KDAE_ACTIONS),
               num_versions: int = 1,
               release: str = '2.1.0',
               channels: int = 3,
               seed: int = 0) -> NativeTree:
    """A tree like the Kinematic Dataset of Actors Expressing Emotions.

    ``<root>/BVH/<actor>/<name>.bvh`` of 59 Perception Neuron joints, in
    centimetres at 125 Hz, and ``<root>/file-info.csv``.

    Args:
        root (str | Path): The folder to write into.
        num_actors (int): The first of ``KDAE_ACTORS``. Defaults to all 22.
        num_scenarios (int): Scenarios 0 and up, 6 at most. Defaults to 6.
        num_versions (int): Repetitions of each, 6 at most. Defaults to 1.
        release (str): '2.1.0', or '1.0.0', which has no surprise. Defaults
            to '2.1.0'.
        channels (int): Channels of a joint other than the root: 3, or 6, of
            which three are positions that replace ``OFFSET``; the ``OFFSET``
            is then that of another body, and using it is a mistake. Defaults
            to 3.
        seed (int): Seed of the generator. Defaults to 0.

    Returns:
        NativeTree: The 21 joints of the body; the tree has no file that is
        to be skipped.

    Raises:
        InputError: If an argument is out of range.
    """
    _one_of('release', release, ('1.0.0', '2.1.0'))
    _one_of('channels', channels, (3, 6))
    actors = _first('number of actors', num_actors, KDAE_ACTORS)
    actions = _first('number of scenarios', num_scenarios, _KDAE_ACTIONS)
    versions = _first('number of versions', num_versions, range(1, 7))
    emotions = [row for row in KDAE_EMOTIONS
                if release != '1.0.0' or row[2] != 'surprise']
    root, tree, rows = Path(root), NativeTree(), []
    for actor, (word, code, emotion), (scenario, action), version in product(
            actors, emotions, enumerate(actions), versions):
        made = generate_recording(
            emotion, 1 + KDAE_ACTORS.index(actor), action, version, seed,
            'kdae', _KDAE_FPS)
        session = f'{actor}{code}{scenario}'
        path = root / 'BVH' / actor / f'{session}V{version}.bvh'
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_neuron(path, made, channels)
        rows.append((path.stem, actor, actor[0], word, scenario, version))
        tree.add(path, made, emotion=emotion, actor=actor, recording=session,
                 action=f'scenario {scenario}')
    _write_table(root / 'file-info.csv',
                 ('filename', 'actor_ID', 'actor_gender', 'emotion',
                  'scenario_ID', 'version'), rows)
    return tree


def _write_neuron(path: Path, made: dict, channels: int) -> None:
    """A Perception Neuron file: the body with 19 finger joints a hand."""
    body = get_layout('kdae').joints
    joints, parents, offsets = [], [], []
    for name, parent, offset in zip(body, made['parents'], made['offsets']):
        joints.append(name)
        parents.append(None if parent < 0 else body[parent])
        offsets.append(offset)
        if name.endswith('Hand'):
            out = 1 if name.startswith('Left') else -1
            for finger, bone, ahead in _fingers(name[:-len('Hand')]):
                parents.append(name if bone == 0 else joints[-1])
                joints.append(finger)
                length = _PALM if bone == 0 else _PHALANX
                offsets.append(length * np.array([out, 0, ahead]))
    index = [joints.index(name) for name in body]
    fingers = [joint for joint in range(len(joints)) if joint not in index]
    rotations = np.empty((made['total_frames'], len(joints), 3, 3))
    rotations[:, index] = made['rotations']
    # Half open, curling from the palms.
    angles = [[-.3 if joints[j].startswith('Left') else .3] for j in fingers]
    rotations[:, fingers] = euler_to_matrix(np.array(angles), [2])
    offsets = _CENTIMETRES * np.array(offsets)
    write_bvh(path, joints,
              [-1 if name is None else joints.index(name)
               for name in parents],
              offsets if channels == 3 else 1.25 * offsets + 1.,
              rotations, _CENTIMETRES * made['root_positions'], _KDAE_FPS,
              local_positions=None if channels == 3 else offsets)


def _fingers(side: str) -> List[Tuple[str, int, float]]:
    """Finger joints of a hand in file order: name, number, slant ahead."""
    joints = []
    for finger, ahead in _FINGERS.items():
        names = [f'{side}Hand{finger}{i}' for i in (1, 2, 3)]
        if finger != 'Thumb':
            names.insert(0, f'{side}InHand{finger}')
        joints += [(name, bone, ahead) for bone, name in enumerate(names)]
    return joints


# Emilya.

#: The twelve actors, and how the older tree names them. Which number is which
#: name is not known; they are counted in alphabetical order here.
EMILYA_ACTORS = ('Brian', 'Elie', 'Florian', 'Hu', 'Janina', 'Jessica',
                 'Maria', 'Muriel', 'Robert', 'Sally', 'Samih', 'Tatiana')
#: Code in the file name: folder, and emotion of the generator. It knows seven
#: of its own: shame is its disgust (averted), pride its surprise (upright,
#: head raised), and anxiety its fear, as panic fear is.
EMILYA_EMOTIONS = dict(
    Ag=('Anger', 'anger'), Ax=('Anxiety', 'fear'), Jy=('Joy', 'joy'),
    Nt=('Neutral', 'neutral'), PF=('Panic Fear', 'fear'),
    Pr=('Pride', 'surprise'), Sd=('Sadness', 'sadness'),
    Sh=('Shame', 'disgust'))
#: Code in the file name: action, folder of the older tree, and action of the
#: generator that is nearest.
EMILYA_ACTIONS = dict(
    SW=('Simple Walk', 'Simple Walk', 'walk'),
    KD=('Knocking', 'Knocking on the Door', 'knock'),
    Th=('Throw', 'Throw', 'throw'), Lf=('Lift', 'Lift', 'lift'),
    BS=('Being Seated', 'Being Seated', 'tell'),
    WH=('Walk with Something', 'Walk with smth in the Hands', 'walk'),
    MB=('Move Books', 'Move Books', 'lift'),
    SD=('Sitting Down', 'Sitting Down', 'lift'))
#: Actions of the tree that are not used.
_EMILYA_UNUSED = ('SDBS', 'CS')
_EMILYA_FPS = 120.


def write_emilya(root: Union[str, Path],
                 num_actors: int = len(EMILYA_ACTORS),
                 num_actions: int = len(EMILYA_ACTIONS),
                 num_takes: int = 1,
                 num_segments: int = 1,
                 folders: str = 'code',
                 seed: int = 0) -> NativeTree:
    """A tree like Emilya's, of emotional body expression in daily actions.

    BVH files of 23 Xsens joints and 5 end sites, in centimetres at 120 Hz.
    For every actor one file is there once more with the rotation order ZYX
    (``*zyx.bvh``) and one each shows the actions SDBS and CS; one file of the
    tree is cut off.

    Args:
        root (str | Path): The folder to write into.
        num_actors (int): The first of ``EMILYA_ACTORS``. Defaults to all 12.
        num_actions (int): The first of ``EMILYA_ACTIONS``. Defaults to all 8.
        num_takes (int): Takes of each, 9 at most. Defaults to 1.
        num_segments (int): Files into which a take is cut, 9 at most.
            Defaults to 1.
        folders (str): 'code' for ``All_BvH_Files/<action code>/<emotion>/
            Actor1/Nt1KD1_Actor1.bvh``, the newer tree, or 'name' for
            ``PerAction/<action>/<emotion>/<first name>/
            Nt1KD1_<first name>.bvh``, the older one. Defaults to 'code'.
        seed (int): Seed of the generator. Defaults to 0.

    Returns:
        NativeTree: The usable files. A recording session is an actor's take
        of an emotion, of all actions.

    Raises:
        InputError: If an argument is out of range.
    """
    _one_of('folders', folders, ('code', 'name'))
    names = _first('number of actors', num_actors, EMILYA_ACTORS)
    codes = _first('number of actions', num_actions, list(EMILYA_ACTIONS))
    takes = _first('number of takes', num_takes, range(1, 10))
    segments = _first('number of segments', num_segments, range(1, 10))
    newer = folders == 'code'
    top = Path(root) / ('All_BvH_Files' if newer else 'PerAction')
    tree = NativeTree()

    def place(action: str, code: str, take: int, segment: Optional[int],
              actor: str) -> Path:
        folder = (action if newer or action in _EMILYA_UNUSED
                  else EMILYA_ACTIONS[action][1])
        path = (top / folder / EMILYA_EMOTIONS[code][0] / actor /
                f'{code}{take}{action}{segment or ""}_{actor}.bvh')
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    for number, name in enumerate(names, 1):
        actor = f'Actor{number}' if newer else name
        for code, action, take, segment in product(EMILYA_EMOTIONS, codes,
                                                   takes, segments):
            word = EMILYA_EMOTIONS[code][0].lower()
            made = _make_emilya(number, code, action, take, segment, seed)
            path = place(action, code, take, segment, actor)
            _write_xsens(path, made)
            tree.add(path, made, emotion=word, actor=actor,
                     recording=f'{actor}_{code}{take}',
                     action=EMILYA_ACTIONS[action][0])
        # The last recording, in what the tree has besides.
        twin = path.with_name(f'{path.stem}_zyx.bvh')
        _write_xsens(twin, made, 'ZYX')
        tree.skipped.append(twin)
        for action in _EMILYA_UNUSED:
            path = place(action, code, 1, None, actor)
            _write_xsens(path, _make_emilya(number, code, action, 1, 1, seed))
            tree.skipped.append(path)
    broken = place(codes[0], 'Ag', len(takes) + 1, 1, actor)
    content = twin.read_bytes()
    broken.write_bytes(content[:2 * len(content) // 3])
    tree.skipped.append(broken)
    return tree


def _make_emilya(actor: int, code: str, action: str, take: int, segment: int,
                 seed: int) -> dict:
    """A performance that no other file shares, whatever is near to it."""
    name = EMILYA_ACTIONS[action][2] if action in EMILYA_ACTIONS else 'tell'
    actions = (*EMILYA_ACTIONS, *_EMILYA_UNUSED)
    number = np.ravel_multi_index(
        (list(EMILYA_EMOTIONS).index(code), actions.index(action), take,
         segment), (len(EMILYA_EMOTIONS), len(actions), 11, 11))
    return generate_recording(EMILYA_EMOTIONS[code][1], actor, name,
                              int(number), seed, 'emilya', _EMILYA_FPS)


def _write_xsens(path: Path, made: dict, order: str = 'YXZ') -> None:
    write_bvh(path, get_layout('emilya').joints, made['parents'],
              _CENTIMETRES * made['offsets'], made['rotations'],
              _CENTIMETRES * made['root_positions'], _EMILYA_FPS, order)


# EGBM.

#: Eight women and eight men, in turn; their names are not known.
EGBM_ACTORS = tuple(f'{sex}{i}' for i in range(1, 9) for sex in 'FM')
#: Emotion in the files: emotion of the generator.
EGBM_EMOTIONS: Dict[str, str] = dict(
    happy='joy', sad='sadness', surprise='surprise', fear='fear',
    anger='anger', disgust='disgust', neutral='neutral')
#: What is done in clip 1, 2 and so on.
_EGBM_ACTIONS = ('talk', 'wave', 'walk', 'throw', 'knock')
_EGBM_FPS = 30.
_DELIMITERS = dict(csv=',', txt='\t')
#: Reads the actor and the emotion from the names of a tree without manifest.
EGBM_PATTERN = '(?P<actor>[FM][0-9])_(?P<emotion>[a-z]+)_[0-9]'


def write_egbm(root: Union[str, Path],
               num_actors: int = len(EGBM_ACTORS),
               num_clips: int = len(_EGBM_ACTIONS),
               suffix: str = 'csv',
               header: bool = True,
               manifest: bool = True,
               unlabelled: int = 0,
               seed: int = 0) -> NativeTree:
    """A tree as one may have of Emotional Gestures and Body Movements.

    How EGBM is filed is not documented. These are the ways that the converter
    takes: 25 Kinect v2 joints in metres at 30 Hz, one file a recording, with
    a manifest or with names that say it all.

    Args:
        root (str | Path): The folder to write into.
        num_actors (int): The first of ``EGBM_ACTORS``. Defaults to all 16.
        num_clips (int): Clips of every actor and emotion, 5 at most.
            Defaults to 5.
        suffix (str): 'csv' (commas) or 'txt' (tabs) of 75 columns, or 'npy'
            of the shape (T, 25, 3). Defaults to 'csv'.
        header (bool): Whether the first row of a table names its columns,
            as ``SpineBase_x``. Defaults to True.
        manifest (bool): Whether ``<root>/manifest.csv`` with the columns
            file, emotion, actor and recording says what is in a file, whose
            name then says nothing. Otherwise ``EGBM_PATTERN`` reads the
            names. Defaults to True.
        unlabelled (int): In the manifest every n-th recording has no
            emotion. Defaults to 0, none.
        seed (int): Seed of the generator. Defaults to 0.

    Returns:
        NativeTree: All files. In the manifest, what an actor does in one
        clip, whatever the emotion, is one session.

    Raises:
        InputError: If an argument is out of range.
    """
    _one_of('suffix', suffix, (*_DELIMITERS, 'npy'))
    if unlabelled < 0 or unlabelled and not manifest:
        raise InputError(f'unlabelled: found {unlabelled!r}, expected 0 or, '
                         'with a manifest, a positive number')
    actors = _first('number of actors', num_actors, EGBM_ACTORS)
    actions = _first('number of clips', num_clips, _EGBM_ACTIONS)
    root, tree, rows = Path(root), NativeTree(), []
    root.mkdir(parents=True, exist_ok=True)
    for actor, (word, emotion), (clip, action) in product(
            actors, EGBM_EMOTIONS.items(), enumerate(actions, 1)):
        made = generate_recording(emotion, 1 + EGBM_ACTORS.index(actor),
                                  action, clip, seed, 'nturgb+d', _EGBM_FPS)
        name = (f'clip{len(rows) + 1:03d}' if manifest
                else f'{actor}_{word}_{clip}')
        path = root / f'{name}.{suffix}'
        _write_kinect(path, made['keypoint'][0], header)
        known = not (unlabelled and manifest
                     and len(rows) % unlabelled == unlabelled - 1)
        session = f'{actor}_{clip}' if manifest else None
        rows.append((path.name, word if known else '', actor, session))
        tree.add(path, made, emotion=emotion if known else None, actor=actor,
                 recording=session)
    if manifest:
        _write_table(root / 'manifest.csv',
                     ('file', 'emotion', 'actor', 'recording'), rows)
    return tree


def _write_kinect(path: Path, positions: np.ndarray, header: bool) -> None:
    if path.suffix == '.npy':
        np.save(path, positions)
        return
    delimiter = _DELIMITERS[path.suffix[1:]]
    columns = [f'{_kinect_name(joint)}_{axis}' for joint, axis in product(
        get_layout('nturgb+d').joints, 'xyz')] if header else []
    np.savetxt(path, positions.reshape(len(positions), -1), '%.6f', delimiter,
               header=delimiter.join(columns), comments='')


def _kinect_name(joint: str) -> str:
    """A joint as Kinect's software spells it: ``HandTipLeft``."""
    words = joint.split('_')
    if words[0] in ('left', 'right'):
        words.append(words.pop(0))
    return ''.join(word.capitalize() for word in words)


def _write_table(path: Path, columns: Sequence[str],
                 rows: Sequence[Sequence]) -> None:
    with open(path, 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([columns, *rows])
