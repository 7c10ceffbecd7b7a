"""What a pre-training step costs over the backbone passes that it needs.

    python tools/benchmarks/step_cost.py configs/air/air_stgcn_quickstart.py \\
        configs/skeletonclr/skeletonclr_stgcn_quickstart.py

A step is what ``tools/train.py`` does with a batch that lies in memory: views
on the device, losses, gradients, optimiser, teacher. The bare passes are the
backbone alone on as many windows as the method says (``backbone_passes``):
some forward and backward, a teacher's forward. Both are measured in turns, so
that what else runs on the machine hits them alike.
"""
import argparse
import copy
import statistics

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.benchmark import Timer

from mmair.cli import add_cfg_options, count, count_or_none, device, run
from mmair.engine.building import building
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.evaluation.tables import markdown
from mmair.registry import MODELS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('config', nargs='+', help='configs of pre-trainings')
    parser.add_argument('--repeats', type=count, default=20,
                        help='measurements of each')
    parser.add_argument('--warm-up', type=count_or_none, default=3,
                        help='runs of each before the first measurement')
    parser.add_argument('--device', type=device, default='cuda' if
                        torch.cuda.is_available() else 'cpu')
    parser.add_argument('--threads', type=count, help='of torch on the CPU')
    add_cfg_options(parser)
    return parser.parse_args()


def prepare(cfg: Config, device: str) -> tuple:
    """A step in the middle of a training, the bare passes, and how many."""
    missing = {'model', 'train_dataloader', 'optim_wrapper'} - set(cfg)
    if missing:
        raise InputError(f'{cfg.filename}: has no {min(missing)}, expected '
                         'the config of a pre-training')
    model = MODELS.build(dict(
        cfg.model, data_preprocessor=cfg.get('data_preprocessor'))).to(device)
    if not hasattr(model, 'backbone_passes'):
        raise InputError(f'{cfg.filename}: {cfg.model.type} is no '
                         'pre-training; only these tell how many passes a '
                         'step needs')
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    data = next(iter(loader))
    model.init_weights()
    optim = build_optim_wrapper(model, cfg.optim_wrapper)
    model.attach(loader.dataset.recordings)
    model.fit(loader.dataset)
    model.start_epoch()
    model.set_progress(0.5)

    def step():
        model.train_step(copy.copy(data), optim)
        model.after_step()

    step()
    model.end_epoch(1)  # from here on limbs vote

    inputs = model.data_preprocessor(copy.copy(data), training=True)['inputs']
    views = model.views(inputs)[0]
    one = views[:len(views) // model.num_views]
    trained, forward = (one.repeat(n, *[1] * (one.ndim - 1))
                        for n in model.backbone_passes)
    teacher = copy.deepcopy(model.backbone)

    def bare():
        model.backbone(trained).mean().backward()
        if len(forward):
            with torch.no_grad():
                teacher(forward)

    return step, bare, model.backbone_passes


def measure(functions: dict, args: argparse.Namespace) -> dict:
    """Milliseconds of each function, measured in turns."""
    timers = {name: Timer('f()', globals=dict(f=f),
                          num_threads=torch.get_num_threads())
              for name, f in functions.items()}
    times = {name: [] for name in timers}
    for turn in range(args.warm_up + args.repeats):
        for name, timer in timers.items():
            took = timer.timeit(1).mean * 1e3
            if turn >= args.warm_up:
                times[name].append(took)
    return times


def main() -> None:
    args = parse_args()
    configs, rows = args.config, []
    if args.threads:
        torch.set_num_threads(args.threads)
    MMLogger.get_instance('step_cost', log_level='WARNING')
    for config in configs:
        args.config = config
        cfg = apply_options(args)
        init_default_scope(cfg.get('default_scope', 'mmaction'))
        torch.manual_seed(0)
        with building(cfg):
            step, bare, passes = prepare(cfg, args.device)
        times = measure(dict(step=step, bare=bare), args)
        ratio = statistics.median(
            a / b for a, b in zip(times['step'], times['bare']))
        rows.append((config, f'{passes[0]} + {passes[1]}', *(
            f'{statistics.median(v):.0f} ({min(v):.0f} to {max(v):.0f})'
            for v in times.values()), f'{ratio:.2f}'))
    print(markdown(dict(
        title=f'A step on {args.device}, {torch.get_num_threads()} threads',
        columns=['config', 'windows of a sample', 'step (ms)',
                 'bare passes (ms)', 'ratio'],
        rows=rows,
        note='Windows: trained + forward alone. Medians and ranges of '
             f'{args.repeats} turns.')))


if __name__ == '__main__':
    run(main)
