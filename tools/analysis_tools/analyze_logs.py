"""Draw what runs logged, and print the last and the best of it.

    python tools/analysis_tools/analyze_logs.py work_dirs/a work_dirs/b \
        --keys loss knn/k20_macro_f1 --out work_dirs/curves.png

A run is a work directory, of which the newest log is taken, or a
scalars.json. Without --keys the losses and scores that were logged are drawn.
"""
import argparse
import fnmatch
from pathlib import Path
from typing import Dict, List

from mmair.cli import run
from mmair.errors import InputError
from mmair.visualization import (curve_of, draw_runs, load_scalars,
                                 save_figure)

#: Drawn by default, where a run has logged them.
_DEFAULT = ('loss', 'loss_*', 'knn/k*_macro_f1', 'emotion/macro_f1',
            'emotion/balanced_accuracy', 'labels/usage_*')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('runs', nargs='+', type=Path,
                        help='work directories, or scalars.json files')
    parser.add_argument('--keys', nargs='+', default=_DEFAULT,
                        help='what to draw; * stands for anything')
    parser.add_argument('--out', type=Path, default=Path('curves.png'),
                        help='the picture (default curves.png)')
    return parser.parse_args()


def read(path: Path) -> List[dict]:
    """The records of a run."""
    if path.is_dir():
        found = sorted(path.glob('*/vis_data/scalars.json'))
        if not found:
            raise InputError(f'{path}: no */vis_data/scalars.json in it; give '
                             'the work directory of a run')
        path = found[-1]  # runs are named by time
    return load_scalars(path)


def names_of(paths: List[Path]) -> List[str]:
    """Short, and different."""
    # A log lies in <run>/<time>/vis_data, or has been put elsewhere.
    found = [path.resolve() for path in paths]
    short = [Path(*path.parts[:-3]).name if path.parent.name == 'vis_data'
             else path.name for path in found]
    return short if len(set(short)) == len(paths) else list(map(str, paths))


def choose(runs: Dict[str, List[dict]], patterns: List[str]) -> List[str]:
    """The logged values that the patterns name."""
    logged = dict.fromkeys(
        key for records in runs.values() for record in records
        for key in record
        if key not in ('step', 'iter', 'epoch') and curve_of([record], key))
    keys = []
    for pattern in patterns:
        found = [key for key in logged if fnmatch.fnmatchcase(key, pattern)]
        if not found and patterns is not _DEFAULT:
            raise InputError(f'--keys {pattern}: nothing of that name was '
                             f'logged, but {", ".join(logged) or "nothing"}')
        keys += [key for key in found if key not in keys]
    if not keys:
        raise InputError('--keys: the runs logged neither losses nor scores, '
                         f'but {", ".join(logged) or "nothing"}; name some')
    return keys


def main() -> None:
    args = parse_args()
    runs = dict(zip(names_of(args.runs), map(read, args.runs)))
    if len(runs) < len(args.runs):
        raise InputError(f'{args.runs[0]}: a run is given twice')
    keys = choose(runs, args.keys)
    save_figure(draw_runs(runs, keys), args.out)
    print('| run | value | last | least | greatest |\n'
          '| --- | --- | --- | --- | --- |')
    for name, records in runs.items():
        for key in keys:
            curve = curve_of(records, key)
            if curve is not None:
                epochs, values = curve
                least, greatest = values.argmin(), values.argmax()
                print(f'| {name} | {key} | {values[-1]:.4g} | '
                      f'{values[least]:.4g} (epoch {epochs[least]:.3g}) | '
                      f'{values[greatest]:.4g} (epoch '
                      f'{epochs[greatest]:.3g}) |')
    print(f'\nThe curves are in {args.out}')


if __name__ == '__main__':
    run(main)
