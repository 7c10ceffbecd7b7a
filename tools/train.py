"""Train a model: AIR pre-training, linear probe, fine-tuning.

    python tools/train.py configs/air/air_stgcn_quickstart.py
    bash tools/dist_train.sh configs/air/air_stgcn_ebedb.py 2

As MMAction2's own ``tools/train.py``, which runs mmair's configs, too; this
one adds distributed training on CPU and tells a user's mistake in a sentence.
"""
import argparse
import inspect
import logging
import os

import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.logging import print_log
from mmengine.runner.checkpoint import find_latest_checkpoint

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import run
from mmair.engine.building import building
from mmair.engine.launch import (apply_options, init_launcher,
                                 leave_launcher, make_parser, make_runner,
                                 require_batches)
from mmair.errors import InputError


def parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument(
        '--resume', nargs='?', const='auto',
        help='go on from a checkpoint; without a path, from the newest in '
        'the work directory')
    parser.add_argument('--amp', action='store_true',
                        help='automatic mixed precision (needs a GPU)')
    parser.add_argument('--no-validate', action='store_true',
                        help='do not evaluate during training')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help='scale the learning rate with the batch size')
    parser.add_argument('--seed', type=int, help='random seed')
    parser.add_argument('--deterministic', action='store_true',
                        help='deterministic algorithms only')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise InputError(
                f'--auto-scale-lr: {args.config} has no auto_scale_lr, '
                'expected dict(base_batch_size=...)')
        cfg.auto_scale_lr.enable = True
    cfg.randomness = cfg.get('randomness') or {}
    if args.seed is not None:
        cfg.randomness.seed = args.seed
    if args.deterministic:
        cfg.randomness.deterministic = True
    if cfg.randomness.get('deterministic'):
        # Without it torch refuses matrix products on a GPU.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    if (cfg.get('sync_bn') and cfg.launcher != 'none'
            and not torch.cuda.is_available()):
        raise InputError('sync_bn: synchronised batch norm needs GPUs and '
                         'none was found; leave it out')
    init_launcher(cfg)
    with building(cfg):
        train(cfg, args.config)
    leave_launcher()


def train(cfg: Config, path: str) -> None:
    """Make a runner of a config, read from `path`, and run it."""
    for key in ('max_epochs', 'max_iters', 'val_interval'):
        value = (cfg.get('train_cfg') or {}).get(key, 1)
        if not isinstance(value, (int, float)) or value < 1 or value % 1:
            raise InputError(f'{path}: train_cfg.{key} is {value!r}, expected '
                             'a positive whole number')
    runner = make_runner(cfg, 'train_dataloader')
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook):  # which looks at them later
            inspect.signature(runner.save_checkpoint).bind_partial(
                **hook.args)
    if cfg.get('resume') and not (
            cfg.get('load_from') or find_latest_checkpoint(cfg.work_dir)):
        print_log(f'{cfg.work_dir}: has no checkpoint to go on from, the '
                  'training begins anew', 'current', logging.WARNING)
    require_batches(runner, path)
    runner.train()


if __name__ == '__main__':
    run(main)
