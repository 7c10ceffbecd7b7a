"""Compare pre-training methods under the same protocols.

    python tools/benchmarks/compare.py tiny
    python tools/benchmarks/compare.py small --jobs 2
    python tools/benchmarks/compare.py full --jobs 6 --time-limit 480

PRESET is a name in tools/benchmarks/presets, or a file. Pre-trains and
evaluates everything that it lists. What is finished is kept in the work
directory, so it can be killed at any time and started again; with
--time-limit it stops by itself, with status 75 while something is left.
Writes comparison.md, comparison.json, pictures of each track and commands.sh
into the same directory, or, where presets share it, into that of --out.
"""
import argparse
import functools
import json
import os.path as osp
import shlex
import sys
import time
from pathlib import Path

import mmengine

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, check_writable, count, positive, run
from mmair.evaluation.comparison import Comparison, write_whole
from mmair.evaluation.comparison_report import report
from mmair.evaluation.scheduler import Plan, run_all
from mmair.evaluation.tables import markdown
from mmair.visualization.comparison import draw_comparison
from mmair.visualization.label_curves import draw_label_curves

ROOT = Path(__file__).resolve().parents[2]
#: Exit status when the time was up before the end.
UNFINISHED = 75


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('preset', help='a name in tools/benchmarks/presets, '
                        'or a file')
    parser.add_argument('--work-dir', help='where everything is kept; by '
                        'default work_dirs/compare_<preset>')
    parser.add_argument('--out', help='where tables and pictures go; by '
                        'default the work directory')
    parser.add_argument('--jobs', type=count, default=1,
                        help='units of work at a time, each in a process of '
                        'its own')
    parser.add_argument('--device', choices=['cpu', 'cuda'],
                        help='by default a GPU if there is one')
    parser.add_argument('--time-limit', type=positive,
                        help='stop after so many seconds, at the end of the '
                        'epochs that run then')
    add_cfg_options(parser, 'preset')
    return parser.parse_args()


def plan_of(args: argparse.Namespace) -> Plan:
    path = Path(args.preset)
    if not path.suffix:
        path = ROOT / 'tools/benchmarks/presets' / f'{args.preset}.py'
    return Plan(str(path), json.dumps(args.cfg_options or {}),
                args.work_dir or osp.join('work_dirs',
                                          f'compare_{path.stem}'), str(ROOT))


def commands(comparison: Comparison) -> str:
    """How to make all of it again, and each pre-training by itself."""
    lines = ['# The whole comparison; it resumes where it stopped.',
             shlex.join(['python', *sys.argv]), '',
             '# Each pre-training of it by itself.']
    for unit in comparison.units.values():
        if unit.name.startswith('pretrain/'):
            config = osp.join(osp.dirname(unit.output), 'config.json')
            lines.append(shlex.join([
                'python', 'tools/train.py', config, '--work-dir',
                osp.join('work_dirs', osp.basename(unit.name))]))
    return '\n'.join(lines) + '\n'


def write_results(comparison: Comparison, out: str) -> None:
    results = report(comparison)
    parts = []
    for track in results['tracks']:
        parts.append(f'## {track["track"].capitalize()}')
        title = track['tables'][0]['title']
        drawn = dict(comparison=draw_comparison)
        if track['probes']:
            drawn['label_curves'] = draw_label_curves
        for name, draw in drawn.items():
            picture = f'{name}_{track["track"]}.png'
            figure = draw(track, comparison.preset.protocols,
                          comparison.preset.subject, title)
            write_whole(osp.join(out, picture), functools.partial(
                figure.savefig, bbox_inches='tight'))
            parts.append(f'![{title}]({picture})')
        parts += map(markdown, track['tables'])
    text = '\n\n'.join(parts) + '\n'
    write_whole(osp.join(out, 'comparison.md'),
                lambda path: Path(path).write_text(text, encoding='utf-8'))
    write_whole(osp.join(out, 'comparison.json'),
                functools.partial(mmengine.dump, results, indent=1))
    write_whole(osp.join(out, 'commands.sh'),
                lambda path: Path(path).write_text(commands(comparison)))
    for track in results['tracks']:
        for table in track['tables']:
            if 'macro-F1' in table['title']:  # the others are in the file
                print(markdown(table) + '\n')
    print(f'The tables are in {osp.join(out, "comparison.md")}')


def main() -> None:
    args = parse_args()
    deadline = args.time_limit and time.time() + args.time_limit
    plan = plan_of(args)
    out = args.out or plan.work_dir
    for folder in (plan.work_dir, out):
        check_writable(osp.join(folder, 'comparison.md'))
    try:
        finished = run_all(plan, args.jobs, args.device, deadline)
    except KeyboardInterrupt:
        print('Stopped; start again to resume', file=sys.stderr)
        sys.exit(130)
    if finished:
        write_results(plan.load(), out)
        return
    comparison = plan.load()
    left = sum(not comparison.done(name) for name in comparison.units)
    print(f'The time is up with {left} of {len(comparison.units)} units '
          'left; start again to resume', file=sys.stderr)
    sys.exit(UNFINISHED)


if __name__ == '__main__':
    run(main)
