"""A seeded kinematic generator of emotional body motion.

It makes the data that a first try, a test or a demonstration needs: people
who differ (:class:`Performer`), in actions that differ (``ACTIONS``), under
emotions that change how an action is done rather than which one
(``_STYLE``). Who moves is a strong nuisance, as in recorded data: an actor's
habits of tempo, amplitude and posture are as large as what an emotion
changes.

Motion is written as joint angles over time on roles (shoulder, elbow, ...),
not on joints, so that one performance can be had on every 3-D layout, at
every frame rate, as positions or as rotations.

Everything random is a function of (seed, actor, action, emotion, take), so
that more actors, actions, classes or takes leave the others as they were.
"""
import hashlib
from dataclasses import dataclass
from itertools import product
from typing import Dict, List, Sequence, Tuple, Union

import numpy as np

from mmair.datasets.kinematics import euler_to_matrix, forward_kinematics
from mmair.datasets.splits import make_splits
from mmair.errors import InputError
from mmair.layouts import LAYOUTS, SkeletonLayout, get_layout

EMOTIONS = ('anger', 'disgust', 'fear', 'joy', 'neutral', 'sadness',
            'surprise')

#: What an emotion changes, and how much actors differ in the same. Tempo,
#: size (amplitude) and sharpness of strokes are on a log scale; startle is
#: the strength of one sudden reaction; all others are angles in radians.
_STYLE = dict(
    #        anger disgust fear  joy neutral sadness surprise | sd of actors
    tempo=((.38, -.10, .30, .26, 0, -.45, .06), .14),
    size=((.22, -.12, -.22, .24, 0, -.24, .08), .15),
    sharp=((.60, -.05, .35, .12, 0, -.45, .30), .20),
    lean=((.09, -.05, -.05, -.04, 0, .10, -.06), .08),
    elbow=((.09, .16, .24, .06, 0, -.07, .10), .16),
    open=((.07, -.03, -.05, .14, 0, -.03, .05), .07),
    nod=((.06, .05, .02, -.09, 0, .16, -.06), .10),
    shrug=((.03, .03, .10, .00, 0, -.03, .05), .05),
    crouch=((.03, .00, .08, .00, 0, .02, .00), .04),
    avert=((.00, .16, .06, .00, 0, .03, .00), .08),
    bounce=((.02, .00, .00, .12, 0, .00, .03), .02),
    tremor=((.006, .001, .011, .000, 0, .000, .003), .002),
    startle=((.00, .10, .30, .03, 0, .00, .60), .05),
)
_EFFECT = np.array([row for row, _ in _STYLE.values()]).T
_ACTOR_SD = np.array([sd for _, sd in _STYLE.values()])

#: The joint angles that motion is written in: role, which of the angles of
#: ``_ORDER``, and the sign that it has on the left side of the body.
_ORDER = (0, 2, 1)
_ANGLES = dict(
    heading=('hips', 2, 1),
    lean=('spine', 0, 1), side=('spine', 1, 1), turn=('spine', 2, 1),
    nod=('neck', 0, 1), shake=('neck', 2, 1),
    shrug=('collar', 1, 1),
    swing=('shoulder', 0, -1), open=('shoulder', 1, 1),
    inward=('elbow', 0, 1), elbow=('elbow', 2, -1),
    thigh=('hip', 0, -1), spread=('hip', 1, 1),
    knee=('knee', 0, 1), foot=('ankle', 0, -1))
#: Limits of the joints, and what keeps an arm out of the trunk.
_LIMITS = dict(open=(.1, 2.6), elbow=(.05, 2.5), swing=(-.8, 2.9),
               inward=(-1.4, .8), knee=(0., 2.4), shrug=(-.15, .5))
_ARM_DOWN = -np.pi / 2  # the rest position is a T-pose
#: Limit of tempo and size, on their log scale.
_PACE = .8
#: Seconds: the fastest rise of a stroke, and the lengths of a recording.
_RISE, _SHORTEST, _LONGEST = .16, 2., 9.

#: Positions in the T-pose in body heights: x to the left, y up, z ahead.
#: Joints of the spine divide the way from hips to neck; the last of them, at
#: ``_ARMS_AT`` of it, carries the arms.
_REST = dict(
    hips=(0, .530, 0), neck=(0, .830, 0), head=(0, .900, .015),
    collar=(.020, .800, .005), shoulder=(.110, .805, 0),
    elbow=(.275, .805, 0), wrist=(.425, .805, 0), hand=(.470, .805, 0),
    hip=(.052, .515, 0), knee=(.052, .280, 0), ankle=(.052, .045, 0),
    toe=(.052, .012, .075))
_ARMS_AT = .9

#: The sides of a performance: all is written for the left hand as the
#: preferred one, and mirrored for the other people.
_HAND, _OTHER, _TRUNK = 1, -1, 0
_SIDES = dict(hand=(_HAND, ), other=(_OTHER, ), trunk=(_TRUNK, ),
              both=(_HAND, _OTHER))


@dataclass(frozen=True)
class Action:
    """What is done: a posture that is held, and strokes that repeat.

    Args:
        period (float): Seconds of one stroke at neutral tempo.
        strokes (tuple[int]): Fewest and most strokes of a recording.
        posture (tuple): Held angles, each (angle, sides, radians).
        moves (tuple): Angles that go to a peak and back in every stroke, each
            (angle, sides, radians, spread of the peaks, start as a fraction
            of the stroke).
        seated (bool): Whether it is done on a chair.
    """
    period: float
    strokes: Tuple[int, int]
    posture: Tuple[Tuple[str, str, float], ...]
    moves: Tuple[Tuple[str, str, float, float, float], ...]
    seated: bool = False


_GESTURES = (
    ('swing', 'hand', .40, .25, 0.), ('swing', 'other', .22, .25, .1),
    ('elbow', 'hand', .35, .30, 0.), ('elbow', 'other', .25, .30, .1),
    ('open', 'hand', .14, .15, 0.), ('open', 'other', .10, .12, .1),
    ('inward', 'hand', -.20, .35, 0.), ('inward', 'other', -.10, .3, .1),
    ('turn', 'trunk', .05, .12, .1), ('nod', 'trunk', .06, .08, .05))

ACTIONS = dict(
    talk=Action(
        1.1, (3, 6), (('elbow', 'both', .7), ('inward', 'both', .35)),
        _GESTURES),
    knock=Action(
        .55, (4, 10), (('swing', 'hand', .8), ('elbow', 'hand', 1.7),
                      ('inward', 'hand', .1), ('nod', 'trunk', .05)),
        (('elbow', 'hand', -.45, .08, 0.), ('swing', 'hand', .15, .04, 0.),
         ('lean', 'trunk', .03, .02, 0.))),
    walk=Action(
        1.15, (3, 7), (('elbow', 'both', .25), ),
        (('thigh', 'hand', .60, .05, 0.), ('knee', 'hand', .95, .08, 0.),
         ('thigh', 'other', .60, .05, .5), ('knee', 'other', .95, .08, .5),
         ('swing', 'other', .45, .05, 0.), ('swing', 'hand', .45, .05, .5),
         ('elbow', 'other', .25, .05, 0.), ('elbow', 'hand', .25, .05, .5),
         ('turn', 'trunk', .10, .02, 0.), ('turn', 'trunk', -.10, .02, .5))),
    throw=Action(
        1.5, (2, 4), (('elbow', 'other', .3), ),
        (('open', 'hand', 1.0, .12, 0.), ('elbow', 'hand', 1.6, .1, 0.),
         ('inward', 'hand', -.7, .1, 0.), ('turn', 'trunk', .45, .06, 0.),
         ('swing', 'other', .5, .1, .05), ('swing', 'hand', 1.5, .12, .25),
         ('turn', 'trunk', -.55, .06, .3), ('lean', 'trunk', .25, .04, .3))),
    wave=Action(
        .75, (4, 8), (('open', 'hand', 1.1), ('elbow', 'hand', 1.5),
                      ('inward', 'hand', -1.1)),
        (('elbow', 'hand', -.6, .1, 0.), ('open', 'hand', .2, .06, .1),
         ('side', 'trunk', -.05, .02, .1))),
    lift=Action(
        2.6, (1, 2), (('elbow', 'both', .2), ),
        (('lean', 'trunk', .8, .08, 0.), ('thigh', 'both', .9, .06, 0.),
         ('knee', 'both', 1.15, .08, 0.), ('foot', 'both', .25, .02, 0.),
         ('swing', 'both', .35, .06, .05), ('elbow', 'both', 1.1, .1, .3))),
    tell=Action(
        1.3, (3, 6), (('elbow', 'both', .3), ), _GESTURES, seated=True),
)
#: On a chair, the hands in the lap.
_SEATED = dict(thigh=1.45, knee=1.5, foot=.05, spread=.1, swing=.25,
               elbow=.75, inward=.3)


def _rng(purpose: int, seed: int, *key: int) -> np.random.Generator:
    """Random numbers that depend on the arguments alone, everywhere."""
    entropy = np.random.SeedSequence((purpose, seed, *key))
    return np.random.Generator(np.random.Philox(entropy))


def _take_rng(purpose: int, seed: int, actor: int, action: str, emotion: str,
              take: int) -> np.random.Generator:
    return _rng(purpose, seed, actor, list(ACTIONS).index(action),
                EMOTIONS.index(emotion), take)


class Performer:
    """A person: bone lengths, preferred hand, habits and expressiveness.

    Args:
        seed (int): Seed of the data set.
        actor (int): Number of the actor.

    Attributes:
        height (float): Body height in metres.
        proportions (dict[str, float]): Factor of the length of the bone that
            ends in a joint of that role.
        side (int): Side of the preferred hand, 1 left, -1 right.
        habit (np.ndarray): What is added to every style of this actor.
        gain (np.ndarray): How strongly the actor shows each change of style.
    """

    def __init__(self, seed: int, actor: int) -> None:
        rng = _rng(1, seed, actor)
        self.height = rng.normal(1.72, .09)
        self.proportions = {role: np.clip(rng.normal(1, .05), .85, 1.15)
                            for role in (*_REST, 'spine')}
        self.side = 1 if rng.random() < .12 else -1
        self.habit = rng.normal(0, _ACTOR_SD)
        self.gain = np.clip(rng.normal(1, .25, len(_STYLE)), .3, 1.7)


class Rig:
    """The joints of a layout as a kinematic tree with roles.

    Args:
        layout (SkeletonLayout): A 3-D layout whose root is one joint.

    Attributes:
        parents (list[int]): Parent of every joint; the root is the pelvis,
            wherever the graph of the layout is rooted.
        roles (list[tuple]): Role and side (1 left, -1 right, 0 middle) of
            every joint.
        rest (np.ndarray): Positions in the T-pose in body heights, (V, 3).

    Raises:
        InputError: If the layout has no such root, or joints without a role.
    """

    def __init__(self, layout: SkeletonLayout) -> None:
        if layout.dims != 3 or any(len(point) > 1 for point in layout.trunk):
            raise InputError(
                f'layout {layout.describe()} cannot be animated: found '
                f'dims={layout.dims} and trunk={layout.trunk}, expected 3 '
                'and a chain of single joints')
        trunk = [joint for joint, in layout.trunk]
        self.parents = self._root_at(layout, trunk[0])
        self.roles = self._find_roles(layout, trunk)
        self.rest = np.empty((len(layout), 3))
        for joint in range(len(layout)):
            self._place(joint, trunk)

    @staticmethod
    def _root_at(layout: SkeletonLayout, root: int) -> List[int]:
        """Parents after turning round the bones from ``root`` upwards."""
        parents = list(layout.parents)
        above, joint = -1, root
        while joint != -1:
            parents[joint], above, joint = above, joint, parents[joint]
        return parents

    def path(self, joint: int) -> List[int]:
        """The joint, its parent and so on to the root."""
        path = [joint]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        return path

    def _find_roles(self, layout: SkeletonLayout,
                    trunk: List[int]) -> List[Tuple[str, int]]:
        roles: Dict[int, Tuple[str, int]] = {}
        for limb, joints in layout.limbs.items():
            names = (('shoulder', 'elbow', 'wrist') if limb.endswith('arm')
                     else ('hip', 'knee', 'ankle'))
            side = 1 if limb.startswith('left') else -1
            roles.update({j: (n, side) for j, n in zip(joints, names)})
        for side, limb in ((1, 'left_arm'), (-1, 'right_arm')):
            for joint in self.path(layout.limbs[limb][0])[1:]:
                roles.setdefault(
                    joint, ('spine', 0) if joint in trunk else
                    ('collar', side))
        for joint in trunk:
            roles.setdefault(joint, ('neck', 0))
        roles[trunk[0]] = 'hips', 0
        beyond = dict(wrist='hand', ankle='toe', neck='head', spine='head')
        known = dict(roles)
        for joint in range(len(layout)):
            carrier = next(j for j in self.path(joint) if j in known)
            role, side = known[carrier]
            if joint != carrier and role not in beyond:
                raise InputError(
                    f'layout {layout.describe()} cannot be animated: joint '
                    f'{layout.joints[joint]!r} hangs on '
                    f'{layout.joints[carrier]!r}, expected it beyond a '
                    'wrist, an ankle or the neck')
            roles.setdefault(joint, (beyond.get(role), side))
        return [roles[joint] for joint in range(len(layout))]

    def _place(self, joint: int, trunk: List[int]) -> None:
        role, side = self.roles[joint]
        if joint in trunk:
            spine = sum(role == 'spine' for role, _ in self.roles)
            way = np.interp(trunk.index(joint), (0, spine, len(trunk) - 1),
                            (0, _ARMS_AT, 1))
            low, high = np.array(_REST['hips']), np.array(_REST['neck'])
            self.rest[joint] = low + way * (high - low)
            return
        position = np.array(_REST[role])
        # Hands, toes and heads of several joints: one further out for each
        # step, side by side where they branch.
        chain = [j for j in self.path(joint) if self.roles[j][0] == role]
        siblings = [j for j, p in enumerate(self.parents)
                    if p == self.parents[joint]]
        outward = dict(hand=(.04, 0, 0), toe=(0, 0, .04), head=(0, .04, 0))
        if role in outward:
            position += (len(chain) - 1) * np.array(outward[role])
            position[2] += .02 * (siblings.index(joint)
                                  - (len(siblings) - 1) / 2)
        self.rest[joint] = position * (side or 1, 1, 1)

    def offsets(self, body: Performer) -> np.ndarray:
        """Position of every joint in the frame of its parent, in metres.

        Args:
            body (Performer): Whose bones they are.

        Returns:
            np.ndarray: Offsets, (V, 3); zero for the root.
        """
        scale = np.array([body.proportions[role] for role, _ in self.roles])
        parents = [joint if parent < 0 else parent
                   for joint, parent in enumerate(self.parents)]
        bones = self.rest - self.rest[parents]
        return body.height * scale[:, None] * bones

    def rotations(self, pose: 'Pose', hand: int) -> np.ndarray:
        """The rotation of every joint relative to its parent.

        Args:
            pose (Pose): Angles over time.
            hand (int): Side of the preferred hand.

        Returns:
            np.ndarray: Rotation matrices, (T, V, 3, 3).
        """
        angles = np.zeros((pose.num_frames, len(self.roles), 3))
        joints = {}
        for joint, role_and_side in enumerate(self.roles):
            joints.setdefault(role_and_side, []).append(joint)
        for (role, side), members in joints.items():
            if role == 'shoulder':
                angles[:, members, 1] = side * _ARM_DOWN
        for (name, side), curve in pose.curves.items():
            role, axis, sign = _ANGLES[name]
            members = joints.get((role, side * hand), ())
            if axis:  # a mirror turns round all but the rotation about x
                sign = sign * hand * (side or 1)
            for joint in members:
                angles[:, joint, axis] += sign * curve / len(members)
        return euler_to_matrix(angles, _ORDER)


class Pose:
    """Angles over time, by name and side."""

    def __init__(self, num_frames: int) -> None:
        self.num_frames = num_frames
        self.curves: Dict[Tuple[str, int], np.ndarray] = {}

    def add(self, name: str, sides: str,
            value: Union[float, np.ndarray]) -> None:
        """Add a curve, (T,), or a constant to an angle."""
        for side in _SIDES[sides]:
            curve = self.curves.get((name, side), 0)
            self.curves[name, side] = curve + np.broadcast_to(
                value, self.num_frames)

    def limit(self) -> None:
        """Keep all joints within ``_LIMITS``."""
        for (name, side), curve in self.curves.items():
            if name in _LIMITS:
                self.curves[name, side] = np.clip(curve, *_LIMITS[name])


def _ease(x: np.ndarray) -> np.ndarray:
    """A minimum-jerk step from 0 at x <= 0 to 1 at x >= 1."""
    x = np.clip(x, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x**2)


def _drift(rng: np.random.Generator, t: np.ndarray, low: float,
           high: float) -> np.ndarray:
    """A smooth random curve of unit variance, of frequencies in Hz."""
    frequency = rng.uniform(low, high, 3)
    phase = rng.uniform(0, 2 * np.pi, 3)
    waves = np.sin(2 * np.pi * frequency * t[:, None] + phase)
    return np.sqrt(2 / 3) * waves.sum(1)


def _perform(action: Action, style: Dict[str, float],
             rng: np.random.Generator, fps: float) -> Pose:
    """An action in a style, as angles over time."""
    period = action.period * np.exp(-style['tempo'])
    ready = .6 * np.exp(-style['tempo'] - .3 * style['sharp'])
    fewest, most = action.strokes
    most = np.clip(int((_LONGEST - 2 * ready) / period), 1, most)
    strokes = rng.integers(min(fewest, most), most + 1)
    duration = np.clip(strokes * period + 2 * ready + rng.uniform(0, .8),
                       _SHORTEST, _LONGEST)
    t = np.arange(round(duration * fps)) / fps
    held = _ease(t / ready) * _ease((duration - t) / ready)
    beat = (t - .7 * ready) / period + .06 * _drift(rng, t, .1, .3)
    # The sharper, the sooner a stroke is at its peak; it sinks back slower.
    rise = np.clip(.30 * np.exp(-.6 * style['sharp']), _RISE / period, .45)

    pose = Pose(len(t))
    for name, sides, angle in action.posture:
        pose.add(name, sides, held * angle * np.exp(.3 * style['size']))
    for name, sides, peak, spread, start in action.moves:
        peaks = np.exp(style['size']) * rng.normal(peak, spread, strokes)
        count = np.floor(beat - start).astype(int)
        part = beat - start - count
        shape = _ease(part / rise) * _ease((.85 - part) / .45)
        inside = (count >= 0) & (count < strokes)
        pose.add(name, sides,
                 inside * peaks[count.clip(0, strokes - 1)] * shape)
    _hold_posture(pose, style, rng, t, _ease(t / (2 * ready)))
    _react(pose, style['startle'], t - rng.uniform(.25, .6) * duration)
    if action.seated:
        for name, angle in _SEATED.items():
            pose.add(name, 'both', angle)
    else:
        bounce = style['bounce'] * np.sin(np.pi * beat)**2 * held
        bend = .05 + np.maximum(style['crouch'] + bounce, 0)
        for name, factor in (('thigh', 1), ('knee', 2), ('foot', 1)):
            pose.add(name, 'both', factor * bend)
        pose.add('spread', 'both', .04)
    pose.add('heading', 'trunk', rng.uniform(-np.pi, np.pi))
    pose.limit()
    return pose


def _hold_posture(pose: Pose, style: Dict[str, float],
                  rng: np.random.Generator, t: np.ndarray,
                  begun: np.ndarray) -> None:
    """The posture of a style, of a body that is never quite still."""
    sway = .02 * np.exp(style['size'])
    pose.add('lean', 'trunk', style['lean'] + sway * _drift(rng, t, .1, .4))
    # Arms hang from a bent trunk, they do not point back with it.
    pose.add('swing', 'both', .08 + .8 * pose.curves['lean', _TRUNK])
    pose.add('nod', 'trunk', style['nod'] + .03 * _drift(rng, t, .2, .8))
    pose.add('elbow', 'both', .2 + style['elbow'])
    pose.add('open', 'both', .16 + style['open'])
    pose.add('shrug', 'both', style['shrug'])
    away = style['avert'] * (.5 + .5 * begun)
    pose.add('shake', 'trunk', 1.2 * away + .04 * _drift(rng, t, .1, .5))
    pose.add('turn', 'trunk', .7 * away + sway * _drift(rng, t, .1, .5))
    pose.add('side', 'trunk', .015 * _drift(rng, t, .1, .4))
    for side in ('hand', 'other'):
        for name in ('swing', 'elbow', 'inward'):
            pose.add(name, side, style['tremor'] * _drift(rng, t, 4.5, 7))


def _react(pose: Pose, strength: float, since: np.ndarray) -> None:
    """One sudden reaction that fades, such as a start in surprise."""
    shape = strength * _ease(since / .25) * _ease((2 - since) / 1.6)
    for name, sides, angle in (('shrug', 'both', .3), ('open', 'both', .45),
                               ('elbow', 'both', .5), ('nod', 'trunk', -.4),
                               ('lean', 'trunk', -.3)):
        pose.add(name, sides, angle * shape)


def _stand(rig: Rig, positions: np.ndarray) -> np.ndarray:
    """Where the root must be for the feet to stand on the floor.

    Args:
        rig (Rig): The skeleton.
        positions (np.ndarray): Joint positions relative to the root,
            (T, V, 3).

    Returns:
        np.ndarray: Positions of the root, (T, 3).
    """
    feet = [[joint for joint, role in enumerate(rig.roles)
             if role in (('ankle', side), ('toe', side))]
            for side in (1, -1)]
    ankles = positions[:, [foot[0] for foot in feet]]
    soles = np.stack([positions[:, foot, 1].min(1) for foot in feet], 1)
    # The lower foot bears the body and does not slide; the weights keep the
    # change from one foot to the other smooth.
    bears = np.exp((soles.min(1, keepdims=True) - soles) / .01)
    bears /= bears.sum(1, keepdims=True)
    slide = ankles - ankles.mean(0)
    root = -(bears[..., None] * slide).sum(1)
    root[:, 1] = -(bears * soles).sum(1)
    return root


def _require_names(argument: str, names: Sequence[str],
                   known: Sequence[str]) -> None:
    if not names or len(set(names)) < len(names) or set(names) - set(known):
        raise InputError(f'{argument}: found {", ".join(names) or "nothing"}, '
                         f'expected from {", ".join(known)}, each once')


def _require_number(argument: str, number: float, low: int,
                    high: int) -> None:
    if not low <= number <= high:
        raise InputError(f'{argument}: found {number!r}, expected a number '
                         f'from {low} to {high}')


def generate_recording(emotion: str,
                       actor: int,
                       action: str,
                       take: int,
                       seed: int = 0,
                       layout: Union[str, dict, SkeletonLayout] = 'ebedb',
                       fps: float = 30.) -> dict:
    """One recording of an actor who does something under an emotion.

    The performance does not depend on ``layout`` and ``fps``.

    Args:
        emotion (str): One of ``EMOTIONS``.
        actor (int): Number of the actor.
        action (str): One of ``ACTIONS``.
        take (int): Number of the repetition.
        seed (int): Seed of the data set. Defaults to 0.
        layout (str | dict | SkeletonLayout): A 3-D layout. Defaults to
            'ebedb'.
        fps (float): Frames a second. Defaults to 30.

    Returns:
        dict: ``keypoint``, (1, T, V, 3), float32, metres, y up;
        ``total_frames``; ``fps``; and the same motion as a hierarchy:
        ``parents`` of the joints, ``offsets``, (V, 3), from joint to joint in
        the T-pose, ``rotations``, (T, V, 3, 3), of each joint relative to its
        parent, ``root_positions``, (T, 3).

    Raises:
        InputError: If an argument is unknown or out of range.
    """
    _require_names('emotion', [emotion], EMOTIONS)
    _require_names('action', [action], ACTIONS)
    for name, number in (('actor', actor), ('take', take), ('seed', seed)):
        _require_number(name, number, 0, 2**32 - 1)
    _require_number('fps', fps, 1, 1000)
    rig = Rig(get_layout(layout))
    body = Performer(seed, actor)
    session = _rng(2, seed, actor, list(ACTIONS).index(action))
    rng = _take_rng(3, seed, actor, action, emotion, take)
    intensity = rng.uniform(.7, 1.5)
    style = (intensity * body.gain * _EFFECT[EMOTIONS.index(emotion)]
             + body.habit + session.normal(0, .4 * _ACTOR_SD)
             + rng.normal(0, .5 * _ACTOR_SD))
    style = dict(zip(_STYLE, style))
    for name in ('startle', 'tremor', 'bounce'):
        style[name] = max(style[name], 0)
    for name in ('tempo', 'size'):
        style[name] = _PACE * np.tanh(style[name] / _PACE)
    pose = _perform(ACTIONS[action], style, rng, fps)
    rotations = rig.rotations(pose, body.side)
    offsets = rig.offsets(body)
    positions = forward_kinematics(rig.parents, offsets, rotations)
    root_positions = _stand(rig, positions)
    root_positions[:, [0, 2]] += rng.uniform(-1, 1, 2)
    keypoint = positions + root_positions[:, None]
    return dict(keypoint=keypoint[None].astype(np.float32),
                total_frames=pose.num_frames, fps=float(fps),
                parents=rig.parents, offsets=offsets, rotations=rotations,
                root_positions=root_positions)


def generate_annotations(num_actors: int = 8,
                         actions: Sequence[str] = ('talk', 'knock', 'walk',
                                                   'throw'),
                         takes: int = 2,
                         classes: Sequence[str] = EMOTIONS,
                         layout: Union[str, dict, SkeletonLayout] = 'ebedb',
                         fps: float = 30.,
                         seed: int = 0,
                         unlabelled: float = 0.) -> dict:
    """A data set as the content of an annotation file.

    Every actor does every action under every emotion. What an actor does in
    one action is one recording session; ``xact`` leaves out an action. The
    last quarter of the actors is the test part of the fixed split ``xsub``.

    Args:
        num_actors (int): Number of actors, named 'S01' and so on. Defaults
            to 8.
        actions (Sequence[str]): Some of ``ACTIONS``.
        takes (int): Repetitions of each. Defaults to 2.
        classes (Sequence[str]): Some of ``EMOTIONS``, in the order of the
            labels. Defaults to all.
        layout (str | dict | SkeletonLayout): A 3-D layout. Defaults to
            'ebedb'.
        fps (float): Frames a second. Defaults to 30.
        seed (int): Seed of the data set. Defaults to 0.
        unlabelled (float): Part of the recordings, chosen at random, that
            has no label. Defaults to 0.

    Returns:
        dict: ``meta``, ``split`` and ``annotations``, see
        :func:`mmair.datasets.readers.load_annotations`.

    Raises:
        InputError: If an argument is unknown or out of range.
    """
    _require_names('actions', actions, ACTIONS)
    _require_names('classes', classes, EMOTIONS)
    _require_number('num_actors', num_actors, 1, 99)
    _require_number('takes', takes, 1, 999)
    _require_number('unlabelled', unlabelled, 0, 1)
    layout = get_layout(layout)
    annotations, digest = [], hashlib.sha256()
    for number, action, emotion, take in product(
            range(1, num_actors + 1), actions, classes, range(1, takes + 1)):
        made = generate_recording(emotion, number, action, take, seed,
                                  layout, fps)
        actor = f'S{number:02d}'
        annotation = dict(
            frame_dir=f'{actor}_{action}_{emotion}_{take}', actor=actor,
            recording=f'{actor}_{action}', action=action,
            **{key: made[key] for key in ('fps', 'total_frames', 'keypoint')})
        if _take_rng(4, seed, number, action, emotion,
                     take).random() >= unlabelled:
            annotation['label'] = list(classes).index(emotion)
        digest.update(made['keypoint'].tobytes())
        annotations.append(annotation)
    actors = sorted({annotation['actor'] for annotation in annotations})
    return dict(
        # There is no source but the generator: the hash is that of what it
        # made.
        meta=dict(dataset='synthetic',
                  layout=(layout.name if layout in LAYOUTS.values() else
                          layout.to_dict()),
                  classes=list(classes), unit='m', up_axis='y',
                  source_sha256=digest.hexdigest()),
        split=make_splits(annotations, actors[-max(1, num_actors // 4):]),
        annotations=annotations)
