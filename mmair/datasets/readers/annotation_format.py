"""What an annotation file or store must hold, whichever way it is kept."""
import re
from pathlib import Path
from typing import Any, List, NoReturn, Optional, Sequence, Union

import numpy as np

from mmair.datasets.units import FRAME_RATE, is_frame_rate
from mmair.errors import InputError, short_repr
from mmair.layouts import LAYOUTS


_short = short_repr.repr


def of_split(path: Union[str, Path], data: dict,
             split: Optional[str]) -> List[dict]:
    """The annotations of a split.

    Args:
        path (str | Path): The file, for messages.
        data (dict): Its ``annotations`` and ``split``.
        split (str, optional): Name of the split; None is all of them.

    Raises:
        InputError: If there is no such split.
    """
    splits = data['split']
    if split is None:
        return data['annotations']
    if split not in splits:
        # Folds are many: the first of each kind stands for them.
        shown = [name for name in sorted(splits)
                 if not re.search(r'_f[1-9]\d*_', name)]
        left = len(splits) - len(shown)
        raise InputError(
            f'{path}: there is no split {split!r}; the file has '
            f'{", ".join(shown) or "none"}'
            + (f' and {left} more folds' if left else ''))
    chosen = set(splits[split])
    return [a for a in data['annotations'] if a['frame_dir'] in chosen]


class AnnotationChecker:
    """The format, and one sentence for each way to miss it.

    Args:
        path (str | Path): The file, for messages.
        finite (bool): Whether to look at every number of ``keypoint`` and
            ``keypoint_score``, and so to read all of them. Defaults to True.
    """

    def __init__(self, path: Union[str, Path], finite: bool = True) -> None:
        self.path = path
        self.finite = finite

    def fail(self, field: str, found: Any, expected: str) -> NoReturn:
        raise InputError(f'{self.path}: {field} is {_short(found)}, '
                         f'expected {expected}')

    def typed(self, field: str, value: Any, kind: type, name: str) -> None:
        if not isinstance(value, kind):
            self.fail(field, value, name)

    def check(self, data: Any) -> dict:
        """Check the whole content.

        Args:
            data (Any): ``meta``, ``split`` and ``annotations``, or a list of
                annotations.

        Returns:
            dict: The same with all three keys.

        Raises:
            InputError: If it is not in the format.
        """
        if isinstance(data, list):
            data = dict(annotations=data)
        self.typed('the content', data, dict, 'a dict or list of annotations')
        if 'annotations' not in data:
            self.fail('the set of keys', list(data), '"annotations" in it')
        data = dict(dict(meta={}, split={}), **data)
        self.typed('meta', data['meta'], dict, 'a dict')
        layout = data['meta'].get('layout')
        # Who wrote the file must not choose another file that is read.
        if not (layout is None or isinstance(layout, dict)
                or isinstance(layout, str) and layout in LAYOUTS):
            self.fail('meta.layout', layout,
                      f'one of {", ".join(sorted(LAYOUTS))} or a dict that '
                      'describes a layout')
        self.typed('split', data['split'], dict, 'a dict of lists')
        self.typed('annotations', data['annotations'], list, 'a list')
        if not data['annotations']:
            self.fail('annotations', [], 'at least one annotation')
        classes = data['meta'].get('classes')
        if classes is not None:
            if (not isinstance(classes, (list, tuple))
                    or not all(isinstance(c, str) for c in classes)
                    or len(set(classes)) != len(classes)):
                self.fail('meta.classes', classes, 'a list of class names')
        frame_dirs, shape = set(), None
        for number, annotation in enumerate(data['annotations']):
            name = self.check_name(number, annotation)
            if name in frame_dirs:
                self.fail(f'annotation {number}: frame_dir', name,
                          'a name that no other annotation has')
            frame_dirs.add(name)
            self.check_annotation(annotation, classes)
            body = annotation['keypoint'].shape[2:]
            shape = shape or body
            if body != shape:
                self.fail(f'annotation {_short(name)}: joints and '
                          'coordinates of keypoint',
                          body, f'{shape} as in the first')
        for name, members in data['split'].items():
            self.typed('a split name', name, str, 'a string')
            where = f'split {_short(name)}'
            self.typed(where, members, (list, tuple), 'a list')
            member = self.stranger(members, frame_dirs)
            if member is not None:
                self.fail(f'a member of {where}', member[0],
                          'the frame_dir of an annotation of this file')
        return data

    @staticmethod
    def stranger(members: Sequence, frame_dirs: set) -> Optional[tuple]:
        """The first member of a split that is no recording, in a tuple."""
        try:
            if frame_dirs.issuperset(members):
                return None
        except TypeError:  # what has no hash is no name
            pass
        return next((m, ) for m in members
                    if not isinstance(m, str) or m not in frame_dirs)

    def check_name(self, number: int, annotation: Any) -> str:
        """Check what the annotation is, and return its name."""
        if not isinstance(annotation, dict):
            self.fail(f'annotation {number}', annotation, 'a dict')
        for key in ('frame_dir', 'total_frames', 'keypoint'):
            if key not in annotation:
                self.fail(f'annotation {number}: the set of keys',
                          list(annotation), f'{key!r} in it')
        name = annotation['frame_dir']
        if not isinstance(name, str):
            self.fail(f'annotation {number}: frame_dir', name, 'a string')
        return name

    def check_annotation(self, annotation: dict, classes: Any) -> None:
        """Check one recording that has a name.

        Args:
            annotation (dict): The recording.
            classes (Sequence[str], optional): ``meta.classes``.

        Raises:
            InputError: If it is not in the format.
        """

        # Messages are made only when needed: there may be 10^5 recordings.
        def fail(field: str, found: Any, expected: str) -> NoReturn:
            self.fail(f'annotation {_short(annotation["frame_dir"])}: {field}',
                      found, expected)

        for key, value in annotation.items():
            # The stand-in of the unpickler, or a map of a file.
            if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
                annotation[key] = np.asarray(value)
        keypoint = annotation['keypoint']
        self.check_array(annotation, 'keypoint')
        shape = keypoint.shape
        if len(shape) != 4 or shape[3] not in (2, 3) or 0 in shape:
            fail('shape of keypoint', shape,
                 '(M, T, V, C): bodies, frames, joints, 2 or 3 coordinates')
        frames = annotation['total_frames']
        if not isinstance(frames, (int, np.integer)):
            fail('total_frames', frames, 'an integer')
        if frames != shape[1]:
            fail('total_frames', frames,
                 f'{shape[1]}, the frames of keypoint')
        score = annotation.get('keypoint_score')
        if score is None:
            annotation.pop('keypoint_score', None)
        else:
            self.check_array(annotation, 'keypoint_score')
            if score.shape != shape[:3]:
                fail('shape of keypoint_score', score.shape,
                     f'{shape[:3]} as in keypoint')
        if 'label' in annotation:
            label = annotation['label']
            if not isinstance(label, (int, np.integer)):
                fail('label', label, 'an integer')
            if classes is not None and not 0 <= label < len(classes):
                fail('label', label,
                     f'0 to {len(classes) - 1}, as many as meta.classes')
            if label < 0:
                fail('label', label,
                     'at least 0; leave it out where none is known')
        for key in ('actor', 'recording', 'action'):
            if not isinstance(annotation.get(key, ''), str):
                fail(key, annotation[key], 'a string')
        if 'fps' in annotation and not is_frame_rate(annotation['fps']):
            fail('fps', annotation['fps'], FRAME_RATE)

    def check_array(self, annotation: dict, key: str) -> None:
        """Check the type of an array and, if asked to, its numbers."""
        array = annotation[key]
        if not isinstance(array, np.ndarray) or array.dtype.kind != 'f':
            self.fail(f'annotation {_short(annotation["frame_dir"])}: {key}',
                      getattr(array, 'dtype', type(array).__name__),
                      'a floating point array')
        if self.finite:
            self.check_finite(annotation, key)

    def check_finite(self, annotation: dict, key: str = 'keypoint') -> None:
        """Read the numbers of one array of a recording.

        Args:
            annotation (dict): With ``frame_dir``.
            key (str): Name of the array.

        Raises:
            InputError: If one is infinite or not a number.
        """
        array = annotation[key]
        if not np.isfinite(array).all():
            index = np.argwhere(~np.isfinite(array))[0].tolist()
            self.fail(f'annotation {_short(annotation["frame_dir"])}: '
                      f'{key}{index}', float(array[tuple(index)]),
                      'finite numbers')
