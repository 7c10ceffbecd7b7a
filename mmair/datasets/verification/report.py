"""From an annotation file to what a person reads about it."""
from collections import Counter
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, Optional, Union

import numpy as np

from mmair.errors import InputError
from mmair.layouts import LAYOUTS, SkeletonLayout, get_layout

from . import body_checks, split_checks
from .finding import Finding, Outcome
from .measure import Measurement, measure

#: In :attr:`Report.counts`, for recordings that do not tell.
UNLABELLED, NO_ACTOR = 'unlabelled', 'no actor'


@dataclass
class Report:
    """What was found in an annotation file.

    Args:
        meta (dict): As in the file.
        layout (SkeletonLayout): The layout of its joints.
        recordings (list[Measurement]): One entry a recording.
        classes (list[str]): Class names, with ``UNLABELLED`` where needed.
        counts (dict[str, Counter]): For every actor the recordings of each
            class.
        splits (dict[str, dict[str, int]]): For every split the recordings of
            each part, and those in no part as 'neither'.
        low, high (np.ndarray): Smallest and largest position of each joint
            relative to the root over all recordings, (V, D).
        findings (list[Finding]): Errors first.
        notes (dict[str, str]): For every check how it was made.
    """
    meta: dict
    layout: SkeletonLayout
    recordings: List[Measurement]
    classes: List[str]
    counts: Dict[str, Counter]
    splits: Dict[str, Dict[str, int]]
    low: np.ndarray
    high: np.ndarray
    findings: List[Finding] = field(default_factory=list)
    notes: Dict[str, str] = field(default_factory=dict)


def verify(data: dict,
           layout: Union[str, dict, None] = None,
           track: Callable[[Iterable], Iterable] = iter) -> Report:
    """Check the content of an annotation file.

    One recording is looked at at a time, and about two kilobytes are kept of
    it.

    Args:
        data (dict): From :func:`mmair.datasets.readers.load_annotations`.
        layout (str | dict, optional): The skeleton layout. By default that
            of the file, else the one that alone has as many joints.
        track (Callable): Wraps what is iterated over, to show progress.

    Returns:
        Report: What was found.

    Raises:
        InputError: If the layout is not known or does not fit.
    """
    annotations = data['annotations']
    layout = _settle_layout(layout or data['meta'].get('layout'),
                            annotations[0]['keypoint'].shape)
    recordings = []
    low = np.full((len(layout), layout.dims), np.nan)
    high = low.copy()
    for annotation in track(annotations):
        measured, near, far = measure(annotation, layout)
        recordings.append(measured)
        low, high = np.fmin(low, near), np.fmax(high, far)
    classes = list(data['meta'].get('classes') or ())
    labels = [m.label for m in recordings]
    name_of = dict(enumerate(classes))
    for label in sorted({x for x in labels if x is not None}):
        if label not in name_of:
            classes.append(name_of.setdefault(label, str(label)))
    counts = {}
    for m in recordings:
        name = UNLABELLED if m.label is None else name_of[m.label]
        counts.setdefault(m.actor or NO_ACTOR, Counter())[name] += 1
    if None in labels:
        classes.append(UNLABELLED)
    report = Report(data['meta'], layout, recordings, classes,
                    dict(sorted(counts.items())),
                    split_checks.sizes(data['split'], len(recordings)),
                    low, high)
    for name, (note, findings) in _outcomes(report, data['split']).items():
        report.notes[name] = note
        report.findings += [Finding(level, name, text)
                            for level, text in findings]
    order = ('error', 'warning', 'note')
    report.findings.sort(key=lambda finding: order.index(finding.level))
    return report


def _outcomes(report: Report, split: dict) -> Dict[str, Outcome]:
    recordings, layout = report.recordings, report.layout
    bodies = [body for m in recordings for body in m.bodies]
    pairs = split_checks.find_pairs(recordings)
    return {
        'values': body_checks.check_values(recordings),
        'frame rate': body_checks.check_fps(recordings),
        'units': body_checks.check_unit(bodies, layout),
        'up axis': body_checks.check_up(bodies, layout),
        'left and right': body_checks.check_sides(bodies, layout),
        'bone lengths': body_checks.check_bones(bodies, layout),
        'joint ranges': body_checks.check_reach(bodies, layout),
        'movement': body_checks.check_movement(recordings),
        'jumps': body_checks.check_jumps(bodies, layout),
        'classes': split_checks.check_classes(report.classes, recordings),
        'copies': split_checks.check_copies(recordings, pairs),
        'splits': split_checks.check_splits(split, recordings, pairs),
    }


def _settle_layout(given: Optional[Union[str, dict]],
                   shape: tuple) -> SkeletonLayout:
    joints, dims = shape[2:]
    if given is None:
        fitting = {layout.name: layout for layout in LAYOUTS.values()
                   if (len(layout), layout.dims) == (joints, dims)}
        if len(fitting) != 1:
            raise InputError(
                f'the file names no layout, and {joints} joints of {dims} '
                f'coordinates fit {" and ".join(fitting) or "none"} of those '
                'that are known; give --layout')
        given, = fitting
    layout = get_layout(given)
    if len(layout) != joints or dims < layout.dims:
        raise InputError(
            f'the data has {joints} joints of {dims} coordinates, the layout '
            f'{layout.describe()} is {layout.dims}-D; give --layout')
    return layout
