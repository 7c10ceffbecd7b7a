"""Checks of what was recorded: values, units, axes, bones, movement."""
from collections import Counter
from typing import Dict, List, Sequence

import numpy as np

from mmair.layouts import SkeletonLayout

from .finding import Outcome, counted, listed
from .measure import DEFAULT_FPS, Body, Measurement

#: Trunk and stretched body in metres, from a child of four to a tall adult.
TRUNK_RANGE = (.28, .80)
HEIGHT_RANGE = (.80, 2.15)
#: Units that converters forget to convert, in metres.
UNITS = {'centimetres': .01, 'millimetres': .001, 'inches': .0254,
         'feet': .3048}
#: Largest deviation of a bone's length over a recording, of its mean.
BONE_CV = .1
#: Largest distance of a joint to the root, in trunks: a stretched leg with
#: the foot reaches 2.2.
REACH = 3.5
#: A joint that moves less than this part of a trunk, 1 mm, is at rest.
AT_REST = .002
#: Seconds for which a body is never the same to the last bit.
HELD_SECONDS = 1.
#: Speeds out of nothing that no body reaches, in trunks a second: about 16
#: and 4 metres a second.
JOINT_LEAP, ROOT_LEAP = 30., 8.
#: Below, toes, knees and elbows do not tell where the front is.
FACING_DECIDED = .05


def check_values(recordings: Sequence[Measurement]) -> Outcome:
    """NaN and infinity."""
    note = 'every value is looked at'
    bad = [m for m in recordings if m.nonfinite]
    if not bad:
        return note, []
    names = [m.name for m in bad]
    return note, [('error', (
        f'NaN or infinity in {counted(names)}, '
        f'{sum(m.nonfinite for m in bad)} values in all; checked no further: '
        f'{listed(names)}'))]


def check_fps(recordings: Sequence[Measurement]) -> Outcome:
    """Frame rates that are missing, odd or mixed."""
    findings = []
    odd = [m for m in recordings if m.fps and not 5 <= m.fps <= 1000]
    if odd:
        findings.append(('warning', (
            'a frame rate outside 5 to 1000 Hz in '
            f'{counted(m.name for m in odd)}: '
            + listed(f'{m.name} ({m.fps:g} Hz)' for m in odd))))
    none = [m.name for m in recordings if m.fps is None]
    if none:
        findings.append(('note', (
            f'no frame rate in {counted(none)}, {DEFAULT_FPS:g} Hz were '
            f'assumed here: {listed(none)}')))
    rates = Counter(m.fps for m in recordings if m.fps)
    if len(rates) > 1:
        shown = [f'{rate:g} Hz ({n})' for rate, n in rates.most_common()]
        findings.append(('note', 'frame rates differ between recordings: '
                         + listed(shown, 6)))
    return 'expected from 5 to 1000 Hz, the same in all', findings


def check_unit(bodies: Sequence[Body], layout: SkeletonLayout) -> Outcome:
    """Whether bodies have the size of bodies in metres."""
    if layout.dims == 2:
        return 'not checked: 2-D positions are in pixels', []
    found: Dict[str, List[Body]] = {}
    for body in bodies:
        unit = _unit_of(body)
        if unit != 'metres':
            found.setdefault(unit, []).append(body)
    findings = []
    for unit, members in found.items():
        names = [body.name for body in members]
        trunk = np.median([body.trunk for body in members])
        size = f'the trunk is {trunk:.3g} long in {counted(names)}'
        if unit:
            findings.append(('error', (
                f'{size}, which looks like {unit}; expected metres, multiply '
                f'by {UNITS[unit]:g}: {listed(names)}')))
        else:
            findings.append(('warning', (
                f'{size}, which fits no unit of length; expected metres, '
                f'{TRUNK_RANGE[0]} to {TRUNK_RANGE[1]}: {listed(names)}')))
    return (f'metres expected: trunk {TRUNK_RANGE[0]} to {TRUNK_RANGE[1]}, '
            f'ankle to head, stretched, {HEIGHT_RANGE[0]} to '
            f'{HEIGHT_RANGE[1]}'), findings


def _unit_of(body: Body) -> str:
    for unit, metres in {'metres': 1., **UNITS}.items():
        if (TRUNK_RANGE[0] <= body.trunk * metres <= TRUNK_RANGE[1]
                and HEIGHT_RANGE[0] <= body.height * metres
                <= HEIGHT_RANGE[1]):
            return unit
    return ''


def check_up(bodies: Sequence[Body], layout: SkeletonLayout) -> Outcome:
    """Which axis the trunk points along."""
    expected = '+y' if layout.dims == 3 else '-y'
    found: Dict[str, List[Body]] = {}
    for body in bodies:
        if np.isfinite(body.up).all():
            found.setdefault(_axis_of(body.up), []).append(body)
    findings = []
    for axis, members in found.items():
        if axis == expected:
            continue
        names = [body.name for body in members]
        text = (f'the trunk points along {axis} in {counted(names)}, '
                f'expected {expected}')
        if len(members) > len(bodies) / 2:
            findings.append(('error', f'{text}; turn the data when it is '
                             f'converted: {listed(names)}'))
        else:
            findings.append(('warning', f'{text}, as in most; does the body '
                             f'lie there? {listed(names)}'))
    note = f'median direction from root to neck, expected along {expected}'
    if layout.dims == 2:
        note += ' (y of an image points down)'
    return note, findings


def _axis_of(up: np.ndarray) -> str:
    axis = int(np.abs(up).argmax())
    return ('+' if up[axis] > 0 else '-') + 'xyz'[axis]


def check_sides(bodies: Sequence[Body], layout: SkeletonLayout) -> Outcome:
    """Whether left and right are swapped."""
    if layout.dims == 2:
        return 'not decidable in 2-D', []
    toes = set(layout.parents) & {layout.limbs['left_leg'][2],
                                  layout.limbs['right_leg'][2]}
    cues = ('toes, ' if toes else '') + 'knees and elbows'
    decided = [b for b in bodies if abs(b.facing) > FACING_DECIDED]
    note = (f'whether {cues} point to the front that hips and shoulders '
            f'give; undecided in {len(bodies) - len(decided)} of '
            f'{len(bodies)}')
    findings = []
    twisted = [b.name for b in bodies if b.twist < 0]
    if twisted:
        findings.append(('error', (
            'the shoulders point the other way than the hips, so left and '
            f'right arm or left and right leg are swapped, in '
            f'{counted(twisted)}: {listed(twisted)}')))
    names = [b.name for b in decided if b.facing < 0 and b.twist >= 0]
    if len(names) > len(decided) / 2:
        findings.append(('error', (
            f'{cues} point to the back in {counted(names)}: left and right '
            'are swapped, or one axis is mirrored; check the joint order and '
            f'the axes: {listed(names)}')))
    elif names:
        findings.append(('warning', (
            f'{cues} point to the back in {counted(names)}, unlike in most: '
            f'left and right may be swapped there: {listed(names)}')))
    return note, findings


def check_bones(bodies: Sequence[Body], layout: SkeletonLayout) -> Outcome:
    """Bones that change their length over a recording."""
    if layout.dims == 2:
        return 'not checked: 2-D bones change with the view', []
    worst = []
    for body in bodies:
        bone = int(np.nan_to_num(body.bone_cv).argmax())
        if body.bone_cv[bone] > BONE_CV:
            worst.append((float(body.bone_cv[bone]), body.name, bone))
    worst.sort(reverse=True)
    findings = []
    if worst:
        shown = listed(
            f'{name} ({bone_name(layout, bone)} {cv:.0%})'
            for cv, name, bone in worst)
        findings.append(('warning', (
            f'a bone changes its length in '
            f'{counted(name for _, name, _ in worst)}, deviation in % of the '
            f'mean: {shown}')))
    return f'deviation over a recording at most {BONE_CV:.0%} of the mean', \
        findings


def bone_name(layout: SkeletonLayout, bone: int) -> str:
    """'neck to head' for the index of a bone."""
    joint, parent = layout.bones[bone]
    return f'{layout.joints[parent]} to {layout.joints[joint]}'


def check_reach(bodies: Sequence[Body], layout: SkeletonLayout) -> Outcome:
    """Joints that are far away from the body."""
    far = sorted(((b.reach, b) for b in bodies if b.reach > REACH),
                 key=lambda entry: -entry[0])
    findings = []
    if far:
        shown = listed(f'{b.name} ({layout.joints[b.reach_joint]} {reach:.1f})'
                       for reach, b in far)
        findings.append(('warning', (
            f'a joint is further from the root than {REACH} trunks in '
            f'{counted(b.name for _, b in far)}: {shown}')))
    return f'at most {REACH} trunk lengths from the root', findings


def check_movement(recordings: Sequence[Measurement]) -> Outcome:
    """Recordings, or parts of them, in which nothing moves."""
    frozen = [m.name for m in recordings if m.bodies and all(
        body.travel < AT_REST for body in m.bodies)]
    at_rest = set(frozen)
    held = [m for m in recordings if m.name not in at_rest
            and (m.still - 1) / (m.fps or DEFAULT_FPS) >= HELD_SECONDS]
    empty = [m.name for m in recordings if not m.bodies and not m.nonfinite]
    findings = []
    if empty:
        findings.append(('error', f'nobody is seen in {counted(empty)}: '
                         f'{listed(empty)}'))
    if frozen:
        findings.append(('warning', (
            f'nothing moves in {counted(frozen)}: {listed(frozen)}')))
    if held:
        findings.append(('warning', (
            'the pose is frozen, equal to the last bit, for a while in '
            f'{counted(m.name for m in held)}: ' + listed(
                f'{m.name} ({m.still} of {m.frames} frames)'
                for m in held))))
    return (f'some joint moves by {AT_REST} trunks, no pose is held for '
            f'{HELD_SECONDS:g} s'), findings


def check_jumps(bodies: Sequence[Body], layout: SkeletonLayout) -> Outcome:
    """Teleports from one frame to the next."""
    jumps = []
    for b in bodies:
        if b.root_leap > ROOT_LEAP:
            jumps.append((b.name, 'the body', b.root_leap_frame))
        elif b.leap > JOINT_LEAP:
            jumps.append((b.name, layout.joints[b.leap_at[1]], b.leap_at[0]))
    findings = []
    if jumps:
        at_start = sum(frame <= 2 for _, _, frame in jumps)
        text = ('a joint or the body jumps from one frame to the next in '
                f'{counted(name for name, _, _ in jumps)}')
        if at_start:
            text += f', {at_start} of them at the very start'
        findings.append(('warning', f'{text}: ' + listed(
            f'{name} ({what} at frame {frame})'
            for name, what, frame in jumps)))
    return (f'speeds out of nothing: joints {JOINT_LEAP:g}, the root '
            f'{ROOT_LEAP:g} trunk lengths a second; hands and toes left '
            'out'), findings
