"""From one skeleton layout to another, by the roles of the joints.

Nothing is written for a pair of layouts: what a joint is follows from the
table of :mod:`mmair.layouts`, from its limbs, its trunk and its tree.

==========  ==============================================================
joint       role
==========  ==============================================================
limb        shoulder, elbow, wrist, hip, knee, ankle of a side
trunk       its place on the way from root (0) to neck (1)
girdle      between trunk and shoulder (collar) or hip, of a side
outer       beyond wrist or ankle (hand, toe), by steps and name
head        all that is left, by name
==========  ==============================================================
"""
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Dict, List, Optional, Tuple

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout

#: Where the arms hang on the way from root to neck, if the trunk has a joint
#: of its own for that.
_ARMS_AT = Fraction(9, 10)
#: How far out on the line from the trunk to the shoulder a collar lies.
_COLLAR_AT = Fraction(1, 5)

#: Joints and their shares, which add up to 1.
Weights = Dict[int, Fraction]


@dataclass(frozen=True)
class JointSource:
    """What a joint of the target is made of.

    Args:
        weights (dict[int, Fraction]): Joints of the source and their shares.
        same_role (bool): Whether the source has a joint of this role. If
            not, the joint is on a line between others, or at the nearest
            one.
    """
    weights: Weights
    same_role: bool


class _Roles:
    """Who plays which role in a layout."""

    def __init__(self, layout: SkeletonLayout) -> None:
        self.layout = layout
        self.parents = self._from_the_trunk()
        self.limb = {joint: (limb, i) for limb, chain in layout.limbs.items()
                     for i, joint in enumerate(chain)}
        spine = [point[0] if len(point) == 1 else None
                 for point in layout.trunk]
        self.girdle = {limb: self._girdle(chain[0], spine)
                       for limb, chain in layout.limbs.items()}
        self.arms = self._arms(spine)
        self.trunk_at = self._places(spine)
        self.trunk = {joint: at for joint, at in zip(spine, self.trunk_at)
                      if joint is not None}
        self.outer, self.head, self.strange = {}, [], []
        known = {*self.limb, *self.trunk, *sum(self.girdle.values(), [])}
        ends = {chain[-1]: limb for limb, chain in layout.limbs.items()}
        for joint in sorted(set(range(len(layout))) - known):
            path = self._path(joint)
            carrier = next((j for j in path if j in known), None)
            if carrier in ends:
                self.outer[joint] = ends[carrier], path.index(carrier)
            elif carrier in (None, self.arms, spine[-1]):
                self.head.append(joint)
            else:
                self.strange.append(joint)

    def _from_the_trunk(self) -> List[int]:
        """Parents in the tree that is rooted at the lowest trunk joint."""
        parents = list(self.layout.parents)
        root = next((p[0] for p in self.layout.trunk if len(p) == 1),
                    self.layout.center)
        above, joint = -1, root
        while joint != -1:
            parents[joint], above, joint = above, joint, parents[joint]
        return parents

    def _path(self, joint: int) -> List[int]:
        path = [joint]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        return path

    def _girdle(self, start: int, spine: List[Optional[int]]) -> List[int]:
        """Joints between the trunk and the start of a limb, outwards."""
        between = []
        for joint in self._path(start)[1:]:
            if joint in spine:
                return between[::-1]
            if joint in self.limb:
                break
            between.append(joint)
        return []  # the limb hangs on no joint of the trunk

    def _arms(self, spine: List[Optional[int]]) -> Optional[int]:
        """The joint of the trunk that carries both arms."""
        carriers = {next((j for j in self._path(self.layout.limbs[arm][0])
                          if j in spine), None)
                    for arm in ('left_arm', 'right_arm')}
        return carriers.pop() if len(carriers) == 1 else None

    def _places(self, spine: List[Optional[int]]) -> List[Fraction]:
        """Places of the trunk's points on the way from root to neck."""
        last = len(spine) - 1
        arms = spine.index(self.arms) if self.arms is not None else last
        if arms in (0, last):
            self.arms_at = Fraction(arms, last)
            return [Fraction(i, last) for i in range(last + 1)]
        self.arms_at = _ARMS_AT
        return [_ARMS_AT * Fraction(i, arms) if i <= arms else
                _ARMS_AT + (1 - _ARMS_AT) * Fraction(i - arms, last - arms)
                for i in range(last + 1)]

    def trunk_point(self, at: Fraction) -> Weights:
        """The point of the trunk at a place between root and neck."""
        points = [_mean(point) for point in self.layout.trunk]
        for i, place in enumerate(self.trunk_at):
            if place == at:
                return points[i]
            if place > at:
                low = self.trunk_at[i - 1]
                return _between(points[i - 1], points[i],
                                (at - low) / (place - low))
        raise AssertionError(at)

    def named(self, name: str, joints: List[int]) -> Optional[int]:
        """The one of the joints that has this name, however spelt."""
        return next((j for j in joints
                     if _plain(self.layout.joints[j]) == _plain(name)), None)


def _plain(name: str) -> str:
    return ''.join(filter(str.isalnum, name.lower()))


def _mean(joints) -> Weights:
    return {joint: Fraction(1, len(joints)) for joint in joints}


def _between(a: Weights, b: Weights, share: Fraction) -> Weights:
    """From a (share 0) to b (share 1)."""
    mixed = {joint: weight * (1 - share) for joint, weight in a.items()}
    for joint, weight in b.items():
        mixed[joint] = mixed.get(joint, 0) + weight * share
    return mixed


@lru_cache(maxsize=64)
def _mapping(source: '_Key',
             target: '_Key') -> Tuple[JointSource, ...]:
    have, want = _Roles(source.layout), _Roles(target.layout)
    if want.strange:
        joint = target.layout.joints[want.strange[0]]
        raise InputError(
            f'no layout can be mapped to {target.layout.describe()}: its '
            f'joint {joint!r} is of no limb and not of the trunk, expected '
            'all others to hang on a wrist, an ankle or the neck')
    return tuple(_source_of(joint, have, want)
                 for joint in range(len(target.layout)))


class _Key:
    """Makes a layout, which holds dicts, the key of a cache."""

    def __init__(self, layout: SkeletonLayout) -> None:
        self.layout = layout

    def __eq__(self, other) -> bool:
        return self.layout == other.layout

    def __hash__(self) -> int:
        return hash((self.layout.name, self.layout.joints))


def map_joints(source: SkeletonLayout,
               target: SkeletonLayout) -> Tuple[JointSource, ...]:
    """What every joint of a layout is made of in another one.

    A joint whose role the source has is a copy. Where it has not: points of
    the trunk are interpolated along it, by their place among the evenly
    spaced points below and above where the arms hang; collars are on the
    line from trunk to shoulder; hands and feet are at the last joint of the
    limb that there is; the head is the mean of the source's joints of the
    head, or its neck.

    Args:
        source (SkeletonLayout): Layout of the data.
        target (SkeletonLayout): Layout to come to.

    Returns:
        tuple[JointSource]: One for every joint of the target.

    Raises:
        InputError: If one is 2-D and the other 3-D, or the target has a
            joint without a role.
    """
    if source.dims != target.dims:
        raise InputError(
            f'the layout {source.describe()} is {source.dims}-D and cannot '
            f'be mapped to {target.describe()}, which is {target.dims}-D; '
            'expected two layouts of the same number of dimensions')
    return _mapping(_Key(source), _Key(target))


def _source_of(joint: int, have: _Roles, want: _Roles) -> JointSource:
    name = want.layout.joints[joint]
    if joint in want.limb:
        limb, i = want.limb[joint]
        return JointSource({have.layout.limbs[limb][i]: Fraction(1)}, True)
    if joint in want.trunk:
        at = want.trunk[joint]
        return JointSource(have.trunk_point(at), at in have.trunk_at)
    if joint in want.outer:
        return _outer_source(name, *want.outer[joint], have)
    for limb, girdle in want.girdle.items():
        if joint in girdle:
            return _girdle_source(limb, girdle.index(joint), len(girdle),
                                  have)
    same = have.named(name, have.head)
    if same is not None:
        return JointSource({same: Fraction(1)}, True)
    return JointSource(_mean(have.head) if have.head else
                       have.trunk_point(Fraction(1)), False)


def _outer_source(name: str, limb: str, steps: int,
                  have: _Roles) -> JointSource:
    beyond = {joint: s for joint, (its, s) in sorted(have.outer.items())
              if its == limb}
    same = have.named(name, list(beyond))
    if same is None:
        near = [j for j, s in beyond.items() if s <= steps]
        same = max(near, key=beyond.get, default=have.layout.limbs[limb][-1])
    return JointSource({same: Fraction(1)}, beyond.get(same) == steps)


def _girdle_source(limb: str, i: int, count: int,
                   have: _Roles) -> JointSource:
    girdle = have.girdle[limb]
    if girdle:
        return JointSource({girdle[i * len(girdle) // count]: Fraction(1)},
                           len(girdle) == count)
    at = have.arms_at if limb.endswith('arm') else Fraction(0)
    return JointSource(
        _between(have.trunk_point(at),
                 {have.layout.limbs[limb][0]: Fraction(1)},
                 _COLLAR_AT * Fraction(i + 1, count)), False)


def describe_mapping(source: SkeletonLayout,
                     target: SkeletonLayout) -> List[Tuple[str, str]]:
    """The mapping for people to read.

    Args:
        source (SkeletonLayout): Layout of the data.
        target (SkeletonLayout): Layout to come to.

    Returns:
        list[tuple[str]]: For every joint of the target its name and what it
        is made of; in brackets where the source has no joint of that role.
    """
    lines = []
    for name, origin in zip(target.joints, map_joints(source, target)):
        parts = [source.joints[joint] if weight == 1 else
                 f'{float(weight):.2g} {source.joints[joint]}'
                 for joint, weight in origin.weights.items()]
        text = ' + '.join(parts)
        lines.append((name, text if origin.same_role else f'[{text}]'))
    return lines
