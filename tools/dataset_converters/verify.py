"""Check an annotation file, and say what is in it.

    python tools/dataset_converters/verify.py data/ebedb.pkl

prints who shows which class how often, lengths, frame rates, sizes, bones,
joints and splits, and then what looks wrong. The exit status is 1 if there is
an error among it, 2 if the file cannot be used at all, else 0.
"""
import argparse
import sys
from collections import Counter
from functools import partial

import numpy as np
from rich.console import Console
from rich.progress import track

from mmair.cli import run
from mmair.datasets.readers import load_annotations
from mmair.datasets.verification import NO_ACTOR, Report, verify
from mmair.datasets.verification.finding import listed
from mmair.errors import InputError, short_repr

#: A table of more classes, or actors, than this is not readable.
MOST_COLUMNS, MOST_ROWS = 20, 60
#: And a line of more actors.
MOST_NAMES = 20


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('file', help='annotation file')
    parser.add_argument(
        '--layout', help='layout of the joints, a name or a .json or .yaml '
        'file (default: as the file says)')
    return parser.parse_args()


def section(title: str, rows: list) -> None:
    """Print a title and a table, columns aligned, numbers to the right."""
    print(f'\n{title}')
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        print('  ' + '  '.join(cells).rstrip())


def facts(title: str, rows: list) -> None:
    """Print a title and names with what belongs to them."""
    print(f'\n{title}')
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f'  {name.ljust(width)}  {value}')


def show_counts(report: Report) -> None:
    totals = sum(report.counts.values(), Counter())
    actors = len(set(report.counts) - {NO_ACTOR})
    title = f'Recordings of {actors} actor{"s" * (actors != 1)}, per class'
    if len(report.classes) <= MOST_COLUMNS and len(report.counts) <= MOST_ROWS:
        section(title, [
            ['', *report.classes, 'all'],
            *([actor, *(counts[name] or '.' for name in report.classes),
               sum(counts.values())]
              for actor, counts in report.counts.items()),
            ['all', *(totals[name] for name in report.classes),
             sum(totals.values())]])
        return
    facts(title, [('classes', ', '.join(f'{name} {totals[name]}'
                                        for name in report.classes)),
                  ('actors', listed(
                      (f'{actor} {sum(counts.values())}'
                       for actor, counts in report.counts.items()),
                      MOST_NAMES))])


def spread(values: np.ndarray, form: str) -> list:
    """Smallest, median, 95th percentile and largest."""
    values = values[np.isfinite(values)]
    if not len(values):
        return ['unknown', '', '', '']
    return [format(v, form) for v in
            np.percentile(values, [0, 50, 95, 100])]


def show_lengths(report: Report) -> None:
    recordings = report.recordings
    frames = np.array([m.frames for m in recordings], float)
    fps = np.array([m.fps or np.nan for m in recordings])
    persons = np.array([len(m.bodies) for m in recordings], float)
    bodies = [body for m in recordings for body in m.bodies]
    flat = report.layout.dims == 2
    rows = [['', 'smallest', 'median', '95 %', 'largest'],
            ['frames', *spread(frames, '.0f')],
            ['seconds', *spread(frames / fps, '.2f')],
            ['frames a second', *spread(fps, 'g')],
            ['persons', *spread(persons, 'g')],
            [f'trunk, {"pixels" if flat else "metres"}',
             *spread(np.array([b.trunk for b in bodies]), '.3g')]]
    if not flat:
        rows.append(['ankle to head, metres',
                     *spread(np.array([b.height for b in bodies]), '.3g')])
    section('Lengths and sizes', rows)


def show_joints(report: Report) -> None:
    layout = report.layout
    axes = 'xyz'[:layout.dims]
    unit = 'pixels, y down' if layout.dims == 2 else 'metres'
    section(f'Joints relative to the root, from smallest to largest ({unit})',
            [['', *axes],
             *([name, *(f'{a:.2f} to {b:.2f}' for a, b in zip(low, high))]
               for name, low, high in zip(layout.joints, report.low,
                                          report.high))])
    bodies = [body for m in report.recordings for body in m.bodies]
    if layout.dims == 2 or not bodies:
        return
    lengths = np.array([body.bone_length for body in bodies])
    deviation = 100 * np.array([body.bone_cv for body in bodies])
    section('Bones: length, and its deviation over a recording in % of it', [
        ['', 'metres', 'median', '95 %', 'largest'],
        *([f'{layout.joints[parent]} to {layout.joints[joint]}',
           f'{np.nanmedian(length):.3f}', *spread(cv, '.1f')[1:]]
          for (joint, parent), length, cv in zip(
              layout.bones, lengths.T, deviation.T))])


def show_splits(report: Report) -> None:
    if not report.splits:
        return
    parts = [part for part in ('train', 'val', 'test', 'all', 'neither')
             if any(part in sizes for sizes in report.splits.values())]
    section('Splits, recordings', [
        ['', *parts],
        *([name, *(sizes.get(part, '') for part in parts)]
          for name, sizes in report.splits.items())])


def show_findings(report: Report) -> None:
    faulty = Counter(finding.check for finding in report.findings)

    def outcome(name: str, note: str) -> str:
        if name in faulty:
            return f'{faulty[name]} found; {note}'
        return note if note.startswith('not ') else f'ok; {note}'

    facts('Checks', [(name, outcome(name, note))
                     for name, note in report.notes.items()])
    levels = Counter(finding.level for finding in report.findings)
    print('\nFindings: ' + ', '.join(
        f'{levels[level]} {level}{"s" * (levels[level] != 1)}'
        for level in ('error', 'warning', 'note')))
    for level, check, text in report.findings:
        print(f'  {level} ({check}): {text}')


def main() -> None:
    args = parse_args()
    data = load_annotations(args.file)
    try:
        report = verify(data, args.layout, partial(
            track, description='Checking', total=len(data['annotations']),
            console=Console(stderr=True)))
    except InputError as error:
        raise InputError(f'{args.file}: {error}') from error
    meta = {key: value if isinstance(value, str) else short_repr.repr(value)
            for key, value in report.meta.items()}
    facts(args.file, [
        ('data set', meta.get('dataset', 'unknown')),
        ('recordings', len(report.recordings)),
        ('layout', report.layout.describe()),
        ('unit, up axis', f'{meta.get("unit", "unknown")}, '
         f'{meta.get("up_axis", "unknown")} (as the file says)'),
        ('source sha256', meta.get('source_sha256', 'unknown'))])
    show_counts(report)
    show_lengths(report)
    show_joints(report)
    show_splits(report)
    show_findings(report)
    sys.exit(any(f.level == 'error' for f in report.findings))


if __name__ == '__main__':
    run(main)
