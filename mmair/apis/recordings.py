"""Recordings from whatever they come in: files, folders, arrays."""
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, Optional, Tuple, Union

import numpy as np

from mmair.datasets.folder_conversion import TABLES, FolderParser
from mmair.datasets.naming import Classes
from mmair.datasets.readers import find_sources, load_annotations, of_split
from mmair.datasets.units import require_frame_rate
from mmair.errors import InputError, quoted
from mmair.layouts import SkeletonLayout, get_layout

#: Endings of files that hold one recording.
FILES = ('.bvh', *TABLES)
_FILES, _ANNOTATIONS = 'BVH files and tables', 'annotation files'
#: What can be told of one kind of input alone.
_OPTIONS = dict(unit=_FILES, up_axis=_FILES, ignore=_FILES,
                split=_ANNOTATIONS)
#: What a recording may come in.
Source = Union[str, Path, np.ndarray]


def _not_utf8(name: str) -> str:
    """What to call a file whose name is not UTF-8, '' of any other."""
    told = os.fsencode(name).decode('utf-8', 'backslashreplace')
    return '' if told == name else told


@dataclass(frozen=True)
class Recording:
    """A recording of one or several persons.

    Args:
        name (str): Unique name.
        source (str): The file, or 'array'.
        fps (float): Frames a second.
        keypoint (np.ndarray): (M, T, V, C), perhaps with NaN.
        layout (SkeletonLayout): Layout of the joints.
        keypoint_score (np.ndarray, optional): (M, T, V), of 2-D data.
        actor (str, optional): Who it is.
    """
    name: str
    source: str
    fps: float
    keypoint: np.ndarray
    layout: SkeletonLayout
    keypoint_score: Optional[np.ndarray] = None
    actor: Optional[str] = None

    def person(self, number: int) -> np.ndarray:
        """One person, (T, V, C); in 2-D data with the score, if any."""
        x = self.keypoint[number]
        if self.keypoint_score is None or x.shape[-1] != 2:
            return x
        return np.concatenate(
            (x, self.keypoint_score[number][..., None]), -1).astype(x.dtype)


#: A recording, or its name and why it cannot be used.
Found = Union[Recording, Tuple[str, str]]


@dataclass(frozen=True)
class Reader:
    """Reads recordings for a recogniser.

    Args:
        layout (SkeletonLayout, optional): Layout of the data; without one
            only annotation files can be read, which name theirs.
        fps (float, optional): Frame rate of what does not tell its own.
        unit (str): Unit of BVH files and tables, as in
            :func:`mmair.datasets.units.to_metres`. Defaults to 'auto'.
        up_axis (str): Their axis that points up, 'y' or 'z'. Defaults to
            'y'.
        ignore (str, optional): Regular expression of joints or columns that
            they may have and that are left out.
        split (str, optional): Of an annotation file the recordings of this
            split alone.
    """
    layout: Optional[SkeletonLayout]
    fps: Optional[float] = None
    unit: str = 'auto'
    up_axis: str = 'y'
    ignore: Optional[str] = None
    split: Optional[str] = None

    def __post_init__(self) -> None:
        if self.fps is not None:
            require_frame_rate('fps', self.fps)
        try:
            re.compile(self.ignore or '')
        except (re.error, OverflowError, RecursionError) as error:
            raise InputError(f'joints to ignore: {quoted(self.ignore)} is no '
                             f'regular expression ({error})') from error

    def open(self, source: Source) -> Tuple[int, bool, Iterator[Found]]:
        """Find the recordings, and read them one after another.

        Args:
            source (str | Path | np.ndarray): A BVH file, a table (.csv, .txt,
                .npy), an annotation file (.pkl) or store, a folder of such
                files as the first ones, or an array (T, V, C) or (M, T, V, C)
                in metres, y up (2-D: pixels), in the order of the layout.

        Returns:
            tuple: How many there are, whether they are many recordings, of
            which some may be unusable, and the recordings.

        Raises:
            InputError: If it is none of these, or holds none. A single
            recording that cannot be used raises when it is read.
        """
        if isinstance(source, np.ndarray):
            self._refuse_options('array')
            return 1, False, iter([self.of_array(source)])
        if not isinstance(source, (str, os.PathLike)):
            raise InputError(
                f'the input is of type {type(source).__name__}, expected a '
                'path or a numpy array')
        path = Path(source)
        if path.is_dir() and not (path / 'index.json').is_file():
            self._refuse_options(path, _FILES)
            return self._open_folder(path)
        if path.is_dir() or path.suffix.lower() == '.pkl':
            self._refuse_options(path, _ANNOTATIONS)
            return self._open_annotations(path)
        if not path.exists():
            raise InputError(f'{path}: no such file or folder')
        if told := _not_utf8(str(path)):
            raise InputError(f'{told}: has a name that is not UTF-8; rename '
                             'it')
        if path.suffix.lower() not in FILES:
            raise InputError(
                f'{path}: ends in {quoted(path.suffix)}, expected '
                f'{", ".join(FILES)}, an annotation file (.pkl) or a folder')
        self._refuse_options(path, _FILES)
        return 1, False, (self.of_file(path, root) for root in [path.parent])

    def _refuse_options(self, source: Source, kind: str = 'arrays') -> None:
        """Refuse what would do nothing for an input of this kind."""
        for name, of in _OPTIONS.items():
            value = getattr(self, name)
            if of != kind and value != getattr(Reader, name):
                raise InputError(f'{source}: {name} is {quoted(value)}, which '
                                 f'is for {of} alone; leave it out')

    def _open_folder(self, path: Path) -> tuple:
        files = sorted(find_sources(path, FILES))
        if not files:
            raise InputError(f'{path}: no file ends in {", ".join(FILES)}, '
                             'expected a folder of recordings')

        # Names are without endings where they are unique so.
        unique = len({file.with_suffix('') for file in files}) == len(files)

        def read() -> Iterator[Found]:
            for file in files:
                name = file.relative_to(path).as_posix()
                if told := _not_utf8(name):
                    yield told, 'has a name that is not UTF-8; rename it'
                    continue
                try:
                    found = self.of_file(file, path)
                    yield found if unique else replace(found, name=name)
                except InputError as error:
                    yield name, str(error).removeprefix(f'{file}: ')

        return len(files), True, read()

    def _open_annotations(self, path: Path) -> tuple:
        data = load_annotations(path)
        layout = self._layout_of(path, data['meta'].get('layout'))
        annotations = of_split(path, data, self.split)

        def read() -> Iterator[Found]:
            for annotation in annotations:
                name = annotation['frame_dir']
                try:
                    yield self._checked(Recording(
                        name, str(path), self._fps_of(
                            name, annotation.get('fps')),
                        np.asarray(annotation['keypoint'], np.float32),
                        layout, annotation.get('keypoint_score'),
                        annotation.get('actor')))
                except InputError as error:
                    yield name, str(error).removeprefix(f'{name}: ')

        return len(annotations), True, read()

    def _layout_of(self, path: Path, found) -> SkeletonLayout:
        if found is None:
            return self._own_layout()
        found = get_layout(found)
        if self.layout is not None and found.differs_in(self.layout):
            raise InputError(
                f'{path}: meta.layout is {found.describe()}, the model takes '
                f'{self.layout.describe()}; use a model of that skeleton')
        return found

    def _own_layout(self) -> SkeletonLayout:
        if self.layout is None:
            raise InputError('the config maps data of any skeleton layout; '
                             'give the layout of the data')
        return self.layout

    def _fps_of(self, name: str, found: Optional[float]) -> float:
        fps = found or self.fps
        if fps is None:
            raise InputError(f'{name}: does not tell its frame rate; give '
                             'fps')
        return float(fps)

    def of_file(self, path: Path, root: Path) -> Recording:
        """Read a file of one recording of one person."""
        layout = self._own_layout()
        if layout.dims != 3:
            raise InputError(
                f'{path}: BVH files and tables hold 3-D positions, the layout '
                f'{layout.describe()} is 2-D; give an annotation file or an '
                'array')
        parse = FolderParser(
            root, layout, Classes(()), fps=self.fps, unit=self.unit,
            up_axis=self.up_axis, ignore=self.ignore, named_by_path=True)
        found = parse(path)
        fps = self._fps_of(str(path), found['fps'])
        return self._checked(Recording(
            found['frame_dir'], str(path), fps, found['keypoint'], layout))

    def of_array(self, array: np.ndarray) -> Recording:
        """Take an array for a recording."""
        layout = self._own_layout()
        channels = {3} if layout.dims == 3 else {2, 3}
        if (array.ndim not in (3, 4) or array.dtype.kind not in 'fiu'
                or array.shape[-2] != len(layout)
                or array.shape[-1] not in channels):
            raise InputError(
                f'array: is of shape {array.shape} and type {array.dtype}, '
                f'expected numbers of shape (T, {len(layout)}, {layout.dims}) '
                f'or (M, T, {len(layout)}, {layout.dims}) of persons, frames '
                f'and the joints of the layout {layout.describe()}')
        if np.isinf(array).any():
            raise InputError('array: holds infinity, expected numbers, or NaN '
                             'where a joint was not seen')
        array = array if array.ndim == 4 else array[None]
        return self._checked(Recording(
            'array', 'array', self._fps_of('array', None),
            np.asarray(array, np.float32), layout))

    @staticmethod
    def _checked(recording: Recording) -> Recording:
        persons, frames, joints, _ = recording.keypoint.shape
        name = recording.source
        name = name if name.endswith(FILES) else recording.name
        if joints != len(recording.layout):
            raise InputError(
                f'{name}: has {joints} joints, the layout '
                f'{recording.layout.describe()}; give data of that skeleton')
        if not persons or frames < 2:
            raise InputError(
                f'{name}: has {persons and frames} frames, expected at least '
                '2: one pose is no movement')
        return recording
