"""A folder of recordings whose layout and naming the command line tells.

What ``bvh_folder.py``, ``csv_folder.py`` and converters of data sets without
a documented naming share.
"""
import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Union

import numpy as np

from mmair.cli import number
from mmair.errors import InputError, quoted
from mmair.layouts import LAYOUTS, SkeletonLayout, get_layout

from .conversion import convert, converter_parser
from .missing_joints import fill_missing
from .naming import FIELDS, Classes, Manifest, NamePattern
from .readers import find_sources, read_bvh, read_positions
from .units import MAX_FPS, MIN_FPS, UNITS, to_metres

#: A type of argument: frames a second.
frame_rate = number(float, MIN_FPS, MAX_FPS)
#: Formats of a table of positions.
TABLES = ('.csv', '.txt', '.npy')
#: Files that are missing and told by name.
MOST_MISSING = 20


@dataclass(frozen=True)
class FolderParser:
    """Reads one recording; see :func:`mmair.datasets.conversion.convert`.

    Args:
        root (Path): The folder.
        layout (SkeletonLayout): The skeleton; joints are found by name.
        classes (Classes): The classes and their spellings.
        naming (NamePattern | Manifest, optional): What is known of a file.
            By default nothing.
        fps (float, optional): Frames a second of formats that do not say it.
        unit (str): One of ``UNITS`` or 'auto'. Defaults to 'm'.
        up_axis (str): 'y' or 'z'. Defaults to 'y'.
        ignore (str, optional): Regular expression of joints (BVH) or columns
            (tables) that may be there and are left out.
        named_by_path (bool): Whether a recording's name is the path of its
            file below the root, and not the file's name alone. Defaults to
            False.
        missing (bool): Whether joints of a table may be missing; see
            :func:`fill_missing`. Defaults to False.
    """
    root: Path
    layout: SkeletonLayout
    classes: Classes
    naming: Union[NamePattern, Manifest, None] = None
    fps: Optional[float] = None
    unit: str = 'm'
    up_axis: str = 'y'
    ignore: Optional[str] = None
    named_by_path: bool = False
    missing: bool = False

    def __call__(self, path: Path) -> dict:
        known = dict(self.naming(path)) if self.naming else {}
        if 'emotion' in known:
            try:
                known['emotion'] = self.classes.named(known['emotion'])
            except InputError as error:
                raise InputError(f'{path}: {error}') from error
        fps = self.fps
        if path.suffix.lower() == '.bvh':
            motion = read_bvh(path)
            fps = motion.fps
            positions = motion.select(self.layout.joints, self.ignore)
        else:
            positions = read_positions(path, self.layout.joints, self.ignore,
                                       self.missing)
        seen = np.isfinite(positions).all(-1)
        if not seen.all():
            known['unseen'] = float(1 - seen.mean())
            positions = self.fill(path, positions, seen)
        name = path.relative_to(self.root).with_suffix('').as_posix()
        return dict(**known, fps=fps,
                    frame_dir=name if self.named_by_path else path.stem,
                    keypoint=to_metres(path, positions, self.layout,
                                       self.unit, self.up_axis))

    def fill(self, path: Path, positions: np.ndarray,
             seen: np.ndarray) -> np.ndarray:
        """Positions without NaN, as training takes them."""
        nobody = int((~seen.any(1)).sum())
        if 2 * nobody > len(seen):
            raise InputError(
                f'{path}: nobody is seen in {nobody} of {len(seen)} frames, '
                'expected somebody in most; cut out where somebody is')
        try:
            return fill_missing(positions, self.layout, self.fps)
        except InputError as error:
            raise InputError(f'{path}: {error}') from error


def folder_parser(doc: str, *, layout: Optional[str] = None,
                  classes: Sequence[str] = (), unit: str = 'm',
                  fps: Optional[float] = None,
                  tables: bool = False) -> argparse.ArgumentParser:
    """The command line of a converter of a folder.

    Args:
        doc (str): The docstring of the converter.
        layout (str, optional): Default of ``--layout``; without it the
            option is required.
        classes (Sequence[str]): Default of ``--classes``.
        unit (str): Default of ``--unit``.
        fps (float, optional): Default of ``--fps``; without it the option is
            required.
        tables (bool): Whether the files are tables, which do not tell their
            frame rate. Defaults to False.

    Returns:
        ArgumentParser: For :func:`convert_folder`.
    """
    parser = converter_parser(doc)
    naming = parser.add_mutually_exclusive_group()
    naming.add_argument(
        '--pattern', metavar='REGEX', help='searched in the path of a file '
        f'below RAW; its named groups, some of {", ".join(FIELDS)}, tell what '
        'is known of a recording')
    naming.add_argument(
        '--manifest', type=Path, metavar='FILE', help='table with a row a '
        f'file: column file, and some of {", ".join(FIELDS)}')
    parser.add_argument(
        '--classes', nargs='+', default=list(classes),
        metavar='NAME[=SPELLING,...]', help='classes in the order of their '
        'labels, and how files write them (default: '
        f'{" ".join(classes) or "the emotions that occur, in lower case"})')
    parser.add_argument(
        '--layout', default=layout, required=layout is None, help='skeleton: '
        + ', '.join(name for name, one in LAYOUTS.items() if one.dims == 3)
        + ', or a .yaml or .json file'
        + (f' (default: {layout})' if layout else ''))
    parser.add_argument(
        '--ignore-joints', metavar='REGEX', help='whole names of '
        f'{"columns" if tables else "joints"} that may be there and are left '
        'out')
    parser.add_argument(
        '--unit', choices=(*UNITS, 'auto'), default=unit, help='unit of the '
        'files; auto: of m, cm and mm the one in which it is a human body '
        f'(default: {unit})')
    parser.add_argument('--up-axis', choices='yz', default='y',
                        help='axis that points up (default: y)')
    if tables:
        parser.add_argument(
            '--fps', type=frame_rate, default=fps, required=fps is None,
            help='frames a second'
            + (f' (default: {fps:g})' if fps else ''))
        parser.add_argument(
            '--missing', action='store_true', help='joints may be missing: '
            'empty cells and nan, which are refused otherwise; short gaps '
            'are filled, and the share of what was not seen is told')
    return parser


def convert_folder(args: argparse.Namespace, suffixes: Sequence[str],
                   dataset: str, needed: Sequence[str] = ()) -> dict:
    """Convert what the command line of :func:`folder_parser` names.

    Args:
        args (Namespace): The arguments.
        suffixes (Sequence[str]): Endings of the files, in lower case.
        dataset (str): Name of the data set.
        needed (Sequence[str]): Fields that the pattern or manifest must tell.
            Defaults to none.

    Returns:
        dict: What was written.

    Raises:
        InputError: If an argument or the manifest is unusable, or no file.
    """
    layout = get_layout(args.layout)
    if layout.dims != 3:
        raise InputError(f'--layout: {layout.describe()} is a layout of two '
                         'dimensions, expected one of three')
    try:
        re.compile(args.ignore_joints or '')
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f'--ignore-joints: {quoted(args.ignore_joints)} is '
                         f'no regular expression ({error})') from error
    files = find_sources(args.raw, suffixes)
    naming = None
    if args.pattern is not None:
        naming = NamePattern(args.raw, args.pattern)
    elif args.manifest is not None:
        naming = Manifest(args.raw, args.manifest)
        files = [path for path in files
                 if path.absolute() != args.manifest.absolute()]
        absent = naming.without_file(files)
        for name in absent[:MOST_MISSING]:
            print(f'missing {name}: {args.manifest} has a row of it, and '
                  f'{args.raw} no file')
        if len(absent) > MOST_MISSING:
            print(f'missing {len(absent) - MOST_MISSING} more files that '
                  f'{args.manifest} has a row of')
    told = naming.told if naming else set()
    missing = [field for field in needed if field not in told]
    if missing:
        raise InputError(
            f'{args.manifest or quoted(args.pattern)}: tells '
            f'{", ".join(sorted(told))} of the recordings, expected '
            f'{" and ".join(missing)} as well; name a column or group so')
    untold = [field for field in FIELDS if field not in told]
    if untold:
        print(f'not known of the recordings: {", ".join(untold)}')
    classes = Classes.of(args.classes or _emotions(files, naming))
    # The name of a table entry, or all of a layout from a file.
    in_table = LAYOUTS.get(layout.name) == layout
    return convert(
        files, args.raw,
        FolderParser(args.raw, layout, classes, naming,
                     getattr(args, 'fps', None), args.unit, args.up_axis,
                     args.ignore_joints,
                     len({path.stem for path in files}) < len(files),
                     getattr(args, 'missing', False)),
        args.out, dataset=dataset,
        layout=layout.name if in_table else layout.to_dict(),
        classes=classes.names, workers=args.workers)


def _emotions(files: Sequence[Path],
              naming: Union[NamePattern, Manifest, None]) -> List[str]:
    """The emotions that files are said to show, in lower case, sorted."""
    found = set()
    for path in files if naming else ():
        try:
            found.add(naming(path).get('emotion', '').lower())
        except InputError:
            continue  # the conversion lists it
    return sorted(found - {''})
