"""Test a recogniser, or score a pre-trained model by nearest neighbours.

    python tools/test.py CONFIG CHECKPOINT
"""
import argparse
import os

from mmengine.config import DictAction
from mmengine.runner import Runner

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import run
from mmair.engine.launch import apply_options, init_launcher


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='where the scores go')
    parser.add_argument('--dump', help='write the predictions to this .pkl')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction,
                        help='override the config: key=value pairs')
    parser.add_argument('--launcher', default='none',
                        choices=['none', 'pytorch', 'slurm', 'mpi'],
                        help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    cfg.load_from = args.checkpoint
    if cfg.get('test_dataloader') is None:
        # Pre-training has no test part; its kNN evaluation is run instead.
        cfg.test_dataloader = cfg.val_dataloader
        cfg.test_evaluator = cfg.val_evaluator
        cfg.test_cfg = dict(type='TestLoop')
    if args.dump:
        evaluator = cfg.test_evaluator
        evaluators = [evaluator] if isinstance(evaluator, dict) else evaluator
        cfg.test_evaluator = [
            *evaluators, dict(type='DumpResults', out_file_path=args.dump)]
    init_launcher(cfg)
    Runner.from_cfg(cfg).test()


if __name__ == '__main__':
    run(main)
