"""Test a recogniser, or score a pre-trained model by nearest neighbours.

    python tools/test.py CONFIG CHECKPOINT
"""
import argparse
from pathlib import Path

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import run
from mmair.engine.building import building
from mmair.engine.launch import (apply_options, init_launcher,
                                 leave_launcher, make_folder, make_parser,
                                 make_runner)
from mmair.errors import InputError


def parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--dump', help='write the predictions to this file: '
                        '.npz for the class scores, as the tools that fuse '
                        'and draw them take it, .pkl for all of mmengine')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    cfg.load_from = args.checkpoint
    if cfg.get('test_dataloader') is None:
        # Pre-training has no test part; its kNN evaluation is run instead.
        cfg.test_dataloader = cfg.get('val_dataloader')
        cfg.test_evaluator = cfg.get('val_evaluator')
        cfg.test_cfg = dict(type='TestLoop')
    if args.dump:
        evaluator = cfg.get('test_evaluator') or []
        evaluators = [evaluator] if isinstance(evaluator, dict) else evaluator
        kind = {'.npz': 'mmair.DumpClassScores', '.pkl': 'DumpResults',
                '.pickle': 'DumpResults'}.get(Path(args.dump).suffix)
        if kind is None:
            raise InputError(f'--dump {args.dump}: the name of the file must '
                             'end in .npz or .pkl')
        make_folder(str(Path(args.dump).parent), '--dump')
        cfg.test_evaluator = [
            *evaluators, dict(type=kind, out_file_path=args.dump)]
    init_launcher(cfg)
    with building(cfg):
        make_runner(cfg, 'test_dataloader').test()
    leave_launcher()


if __name__ == '__main__':
    run(main)
