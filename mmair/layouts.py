"""Skeleton layouts: the one table of joints, bones and limbs.

Graph, bone stream, appendages, mirror, normalisation, transfer between
skeletons and drawings are all derived from a :class:`SkeletonLayout`. A name
of this table is accepted wherever MMAction2 takes a graph layout
(``graph_cfg=dict(layout='ebedb', mode='spatial')``), and so is a user's own
layout, as a dict or as the path of a ``.json`` or ``.yaml`` file.
"""
import json
import os.path as osp
import re
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Dict, List, Optional, Tuple, Union

import yaml

from mmair.errors import InputError, short_repr

#: The appendages, in the order of the limb axis ``P``.
LIMBS = ('left_arm', 'right_arm', 'left_leg', 'right_leg')
#: Limbs that :class:`AppendagePartition` mirrors, so that one encoder serves
#: both sides of the body.
RIGHT_LIMBS = ('right_arm', 'right_leg')
#: Pairs of limbs, the middle granularity of MGAA.
LIMB_PAIRS = dict(arms=('left_arm', 'right_arm'),
                  legs=('left_leg', 'right_leg'))
#: What a file may describe; a body has far fewer.
MAX_JOINTS = 1000
#: The graph of one limb: a chain shoulder-elbow-wrist or hip-knee-ankle, the
#: same on every layout, so that a limb encoder transfers between skeletons.
LIMB_GRAPH = dict(num_node=3, inward=[(1, 0), (2, 1)], center=0)


@dataclass(frozen=True)
class SkeletonLayout:
    """A skeleton: named joints, their parents and the roles they play.

    Args:
        name (str): Name of the layout.
        joints (tuple[str]): Joint names, in the order of the data.
        parents (tuple[int]): Parent of every joint, -1 for the one at which
            the tree is rooted; that one is the centre of the graph.
        limbs (dict[str, tuple[int]]): For each of ``LIMBS`` the three joints
            shoulder, elbow, wrist or hip, knee, ankle.
        trunk (tuple[tuple[int]]): The chain from root to neck. Each point of
            the chain is the mean of the listed joints. Its first point is the
            root that normalisation centres on, its length the body size.
        dims (int): 3, or 2 for layouts of (x, y) with a score.
        mirror (tuple[int], optional): For every joint the index of its
            mirror image. By default found by swapping left and right in the
            joint names.
    """
    name: str
    joints: Tuple[str, ...]
    parents: Tuple[int, ...]
    limbs: Dict[str, Tuple[int, int, int]]
    trunk: Tuple[Tuple[int, ...], ...]
    dims: int = 3
    mirror: Optional[Tuple[int, ...]] = field(default=None)

    def __post_init__(self) -> None:
        as_tuple = object.__setattr__
        as_tuple(self, 'joints', tuple(self.joints))
        as_tuple(self, 'parents', tuple(int(p) for p in self.parents))
        as_tuple(self, 'trunk', tuple(tuple(t) for t in self.trunk))
        as_tuple(self, 'limbs', {k: tuple(v) for k, v in self.limbs.items()})
        self._check()
        mirror = self.mirror or self._mirror_by_name()
        as_tuple(self, 'mirror', tuple(int(i) for i in mirror))
        if (sorted(self.mirror) != list(range(len(self)))
                or any(self.mirror[m] != i
                       for i, m in enumerate(self.mirror))):
            self._fail('mirror', self.mirror,
                       'a permutation of the joints that undoes itself')

    def _fail(self, key: str, found, expected: str) -> None:
        raise InputError(f'layout {self.name!r}: {key} is '
                         f'{short_repr.repr(found)}, expected {expected}')

    def _check(self) -> None:
        num = len(self.joints)
        if not all(isinstance(joint, str) for joint in self.joints):
            self._fail('joints', self.joints, 'names')
        if len(set(self.joints)) != num:
            twice = sorted({j for j in self.joints
                            if self.joints.count(j) > 1})
            self._fail('joints', twice, 'each name once')
        if len(self.parents) != num or self.parents.count(-1) != 1:
            self._fail('parents', self.parents,
                       f'{num} indices, exactly one of them -1')
        for joint in range(num):
            steps, at = 0, joint
            while at != -1:
                if not -1 <= self.parents[at] < num or steps > num:
                    self._fail('parents', self.parents,
                               'a tree: every joint leads to the root')
                at, steps = self.parents[at], steps + 1
        if set(self.limbs) != set(LIMBS):
            self._fail('limbs', sorted(self.limbs),
                       f'the four limbs {", ".join(LIMBS)}')
        for limb, joints in self.limbs.items():
            if len(joints) != 3 or not all(0 <= j < num for j in joints):
                self._fail(f'limbs[{limb!r}]', joints,
                           f'three joint indices below {num}')
        if len(self.trunk) < 2 or not all(
                point and all(0 <= j < num for j in point)
                for point in self.trunk):
            self._fail('trunk', self.trunk,
                       'at least two points, root first and neck last, each '
                       f'a list of joint indices below {num}')
        if self.dims not in (2, 3):
            self._fail('dims', self.dims, '2 or 3')

    def _mirror_by_name(self) -> List[int]:
        other = dict(left='right', right='left', Left='Right', Right='Left')
        mirror = []
        for joint in self.joints:
            image = re.sub('left|right|Left|Right', lambda m: other[m[0]],
                           joint)
            if image not in self.joints:
                raise InputError(
                    f'layout {self.name!r}: joint {joint!r} has no mirror '
                    f'image {image!r}; name the joints in left/right pairs '
                    'or give `mirror`')
            mirror.append(self.joints.index(image))
        return mirror

    def differs_in(self, other: 'SkeletonLayout') -> List[str]:
        """The fields in which two layouts differ.

        What a layout is called, by its file for instance, does not matter.
        """
        return [f.name for f in fields(self) if f.name != 'name'
                and getattr(self, f.name) != getattr(other, f.name)]

    def __deepcopy__(self, memo) -> 'SkeletonLayout':
        return self  # it cannot change

    def __len__(self) -> int:
        return len(self.joints)

    @property
    def center(self) -> int:
        """int: The joint at which the tree of bones is rooted."""
        return self.parents.index(-1)

    @property
    def root(self) -> Tuple[int, ...]:
        """tuple[int]: The joints whose mean is the root of the body."""
        return self.trunk[0]

    @cached_property
    def bones(self) -> List[Tuple[int, int]]:
        """list[tuple[int]]: All bones as (joint, parent)."""
        return [(j, p) for j, p in enumerate(self.parents) if p >= 0]

    @cached_property
    def limb_joints(self) -> Tuple[Tuple[int, int, int], ...]:
        """tuple[tuple[int]]: Joints of the limbs, (P, 3), in LIMBS order."""
        return tuple(self.limbs[limb] for limb in LIMBS)

    @cached_property
    def midline(self) -> Tuple[int, ...]:
        """tuple[int]: Joints that are their own mirror image (spine, neck,
        head), without the root; where there is none, those of no limb, or
        else those of the trunk."""
        own = tuple(j for j, m in enumerate(self.mirror)
                    if j == m and j not in self.root)
        return own or self.parts.get('torso') or tuple(
            sorted(set(sum(self.trunk, ()))))

    @cached_property
    def parts(self) -> Dict[str, Tuple[int, ...]]:
        """dict[str, tuple[int]]: Both arms, both legs, and ``torso`` for all
        other joints if there are any: what features are pooled over. Which
        side moves says nothing about an emotion."""
        parts = {pair: sum((self.limbs[limb] for limb in limbs), ())
                 for pair, limbs in LIMB_PAIRS.items()}
        taken = sum(parts.values(), ())
        torso = tuple(j for j in range(len(self)) if j not in taken)
        return dict(parts, torso=torso) if torso else parts

    def graph(self) -> dict:
        """The layout as MMAction2's ``Graph`` takes it.

        Returns:
            dict: ``num_node``, ``inward`` and ``center``.
        """
        return dict(num_node=len(self), inward=list(self.bones),
                    center=self.center)

    def to_dict(self) -> dict:
        """The layout in plain containers, as :func:`get_layout` takes it."""
        return dict(
            name=self.name, joints=list(self.joints),
            parents=list(self.parents),
            limbs={limb: list(chain) for limb, chain in self.limbs.items()},
            trunk=[list(point) for point in self.trunk], dims=self.dims,
            mirror=list(self.mirror))

    def describe(self) -> str:
        """One line for messages: name and number of joints."""
        return f'{self.name!r} ({len(self)} joints)'


def _layout(name, joints, parents, left, right, trunk, dims=3):
    """A table entry; ``left`` and ``right`` hold (arm, leg) chains."""
    limbs = dict(left_arm=left[0], left_leg=left[1],
                 right_arm=right[0], right_leg=right[1])
    return SkeletonLayout(name, tuple(joints.split()), parents, limbs, trunk,
                          dims)


_TABLE = [
    # Kinect v2 order. The tree is rooted at the upper spine, as in MMAction2.
    _layout(
        'nturgb+d',
        'spine_base spine_mid neck head '
        'left_shoulder left_elbow left_wrist left_hand '
        'right_shoulder right_elbow right_wrist right_hand '
        'left_hip left_knee left_ankle left_foot '
        'right_hip right_knee right_ankle right_foot spine_shoulder '
        'left_hand_tip left_thumb right_hand_tip right_thumb',
        (1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17,
         18, -1, 7, 7, 11, 11),
        left=((4, 5, 6), (12, 13, 14)), right=((8, 9, 10), (16, 17, 18)),
        trunk=((0, ), (1, ), (20, ), (2, ))),
    _layout(
        'coco',
        'nose left_eye right_eye left_ear right_ear '
        'left_shoulder right_shoulder left_elbow right_elbow '
        'left_wrist right_wrist left_hip right_hip '
        'left_knee right_knee left_ankle right_ankle',
        (-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
        left=((5, 7, 9), (11, 13, 15)), right=((6, 8, 10), (12, 14, 16)),
        trunk=((11, 12), (5, 6)), dims=2),
    _layout(
        'openpose',
        'nose neck right_shoulder right_elbow right_wrist '
        'left_shoulder left_elbow left_wrist right_hip right_knee '
        'right_ankle left_hip left_knee left_ankle '
        'right_eye left_eye right_ear left_ear',
        (1, -1, 1, 2, 3, 1, 5, 6, 2, 8, 9, 5, 11, 12, 0, 0, 14, 15),
        left=((5, 6, 7), (11, 12, 13)), right=((2, 3, 4), (8, 9, 10)),
        trunk=((8, 11), (1, )), dims=2),
    # Perception Neuron without the 38 finger joints.
    _layout(
        'kdae',
        'Hips RightUpLeg RightLeg RightFoot LeftUpLeg LeftLeg LeftFoot '
        'Spine Spine1 Spine2 Spine3 Neck Head '
        'RightShoulder RightArm RightForeArm RightHand '
        'LeftShoulder LeftArm LeftForeArm LeftHand',
        (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 10, 11, 10, 13, 14, 15, 10, 17, 18,
         19),
        left=((18, 19, 20), (4, 5, 6)), right=((14, 15, 16), (1, 2, 3)),
        trunk=((0, ), (7, ), (8, ), (9, ), (10, ), (11, ))),
    _layout(
        'emilya',
        'Hips LeftHip LeftKnee LeftAnkle LeftToe '
        'RightHip RightKnee RightAnkle RightToe '
        'Chest Chest2 Chest3 Chest4 '
        'LeftCollar LeftShoulder LeftElbow LeftWrist '
        'RightCollar RightShoulder RightElbow RightWrist Neck Head',
        (-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 12, 17, 18,
         19, 12, 21),
        left=((14, 15, 16), (1, 2, 3)), right=((18, 19, 20), (5, 6, 7)),
        trunk=((0, ), (9, ), (10, ), (11, ), (12, ), (21, ))),
    _layout(
        'ebedb',
        'Hips Chest Chest2 Chest3 Chest4 Neck Head '
        'RightCollar RightShoulder RightElbow RightWrist '
        'LeftCollar LeftShoulder LeftElbow LeftWrist '
        'RightHip RightKnee RightAnkle RightToe '
        'LeftHip LeftKnee LeftAnkle LeftToe',
        (-1, 0, 1, 2, 3, 4, 5, 4, 7, 8, 9, 4, 11, 12, 13, 0, 15, 16, 17, 0,
         19, 20, 21),
        left=((12, 13, 14), (19, 20, 21)), right=((8, 9, 10), (15, 16, 17)),
        trunk=((0, ), (1, ), (2, ), (3, ), (4, ), (5, ))),
    _layout(
        'ebm',
        'Hips Spine Spine1 Neck Head '
        'LeftShoulder LeftArm LeftForeArm LeftHand '
        'RightShoulder RightArm RightForeArm RightHand '
        'RightUpLeg RightLeg RightFoot LeftUpLeg LeftLeg LeftFoot',
        (-1, 0, 1, 2, 3, 2, 5, 6, 7, 2, 9, 10, 11, 0, 13, 14, 0, 16, 17),
        left=((6, 7, 8), (16, 17, 18)), right=((10, 11, 12), (13, 14, 15)),
        trunk=((0, ), (1, ), (2, ), (3, ))),
    _layout(
        'emotion_gait',
        'root spine neck head left_shoulder left_elbow left_hand '
        'right_shoulder right_elbow right_hand left_hip left_knee left_foot '
        'right_hip right_knee right_foot',
        (-1, 0, 1, 2, 2, 4, 5, 2, 7, 8, 0, 10, 11, 0, 13, 14),
        left=((4, 5, 6), (10, 11, 12)), right=((7, 8, 9), (13, 14, 15)),
        trunk=((0, ), (1, ), (2, ))),
]

#: All layouts by name. ``kinect_v2`` is another name of ``nturgb+d``.
LAYOUTS: Dict[str, SkeletonLayout] = {layout.name: layout
                                      for layout in _TABLE}
LAYOUTS['kinect_v2'] = LAYOUTS['nturgb+d']


def get_layout(
        layout: Union[str, dict, SkeletonLayout]) -> SkeletonLayout:
    """Look a layout up, or make one from a user's description.

    Args:
        layout (str | dict | SkeletonLayout): A name of ``LAYOUTS``, the path
            of a JSON or YAML file, or a dict with the arguments of
            :class:`SkeletonLayout`; ``parents``, ``mirror`` and the joints of
            ``limbs`` and ``trunk`` may be given by joint name.

    Returns:
        SkeletonLayout: The layout.

    Raises:
        InputError: If the name is unknown or the description is faulty.

    Examples:
        >>> get_layout('ebedb').limbs['left_arm']
        (12, 13, 14)
    """
    if isinstance(layout, SkeletonLayout):
        return layout
    if isinstance(layout, dict):
        return _from_dict(layout)
    if isinstance(layout, str):
        if layout in LAYOUTS:
            return LAYOUTS[layout]
        if layout.endswith(('.json', '.yaml', '.yml')):
            return _from_file(layout)
        if osp.isfile(layout):
            raise InputError(f'{layout}: is no layout file by its name, '
                             'expected one that ends in .json or .yaml')
    raise InputError(f'unknown layout {layout!r}; known are '
                     f'{", ".join(sorted(LAYOUTS))}, or give a dict or the '
                     'path of a .json or .yaml file')


def _from_file(path: str) -> SkeletonLayout:
    # Not by mmengine.load, whose YAML loader runs code.
    load = json.load if path.endswith('.json') else yaml.safe_load
    try:
        with open(path, encoding='utf-8') as file:
            description = load(file)
    except FileNotFoundError as error:
        raise InputError(f'{path}: no such layout file') from error
    except Exception as error:
        # A garbled file may fail in any way.
        reason = ' '.join(str(error).split())
        raise InputError(f'{path}: is no layout file that can be read '
                         f'({reason})') from error
    if not isinstance(description, dict):
        raise InputError(f'{path}: holds a {type(description).__name__}, '
                         'expected a dict with joints, parents, limbs and '
                         'trunk')
    name = osp.splitext(osp.basename(path))[0]
    return _from_dict({'name': name, **description})


#: What a description holds, and of which types.
_FIELDS = dict(name=(str, ), joints=(list, tuple), parents=(list, tuple),
               limbs=(dict, ), trunk=(list, tuple), dims=(int, ),
               mirror=(list, tuple, type(None)))


def _from_dict(description: dict) -> SkeletonLayout:
    description = {'name': 'custom', **description}
    name = description['name']
    missing = {'joints', 'parents', 'limbs', 'trunk'} - set(description)
    if missing or set(description) - set(_FIELDS):
        raise InputError(
            f'layout {name!r}: found the keys '
            f'{", ".join(map(str, description))}, expected '
            f'{", ".join(_FIELDS)}; name, dims and mirror may be left out')
    for key, value in description.items():
        if not isinstance(value, _FIELDS[key]):
            raise InputError(f'layout {short_repr.repr(name)}: {key} is '
                             f'{short_repr.repr(value)}, expected type '
                             f'{_FIELDS[key][0].__name__}')
    joints = list(description['joints'])
    if len(joints) > MAX_JOINTS:
        raise InputError(f'layout {name!r}: has {len(joints)} joints, '
                         f'expected a body of at most {MAX_JOINTS}')

    def index(joint: Union[int, str, None]) -> int:
        if joint is None:
            return -1
        if isinstance(joint, int):
            return joint
        if joint not in joints:
            raise InputError(
                f'layout {name!r}: unknown joint {joint!r}; its joints are '
                f'{", ".join(map(str, joints))}')
        return joints.index(joint)

    def indices(chain) -> List[int]:
        """Of a chain of joints, or of one joint alone."""
        return [index(j) for j in
                (chain if isinstance(chain, (list, tuple)) else [chain])]

    mirror = description.get('mirror')
    return SkeletonLayout(
        name, joints, indices(description['parents']),
        {limb: indices(c) for limb, c in description['limbs'].items()},
        [indices(point) for point in description['trunk']],
        description.get('dims', 3), mirror and indices(mirror))
