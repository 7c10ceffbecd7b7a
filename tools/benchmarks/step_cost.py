"""What one AIR step costs over the backbone passes that it needs.

    python tools/benchmarks/step_cost.py configs/air/air_stgcn_quickstart.py

A step is what ``tools/train.py`` does with a batch that lies in memory: views
on the device, losses, gradients, optimiser, teacher. The bare passes are the
backbone alone on both views: forward and backward of the student, forward of
the teacher. Both are measured in turns, so that what else runs on the machine
hits them alike.
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

from mmair.cli import CfgOptions, run
from mmair.engine.building import building
from mmair.engine.launch import apply_options
from mmair.registry import MODELS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('config', help='config of an AIR pre-training')
    parser.add_argument('--repeats', type=int, default=20,
                        help='measurements of each')
    parser.add_argument('--warm-up', type=int, default=3,
                        help='runs of each before the first measurement')
    parser.add_argument('--device', default='cuda' if
                        torch.cuda.is_available() else 'cpu')
    parser.add_argument('--threads', type=int, help='of torch on the CPU')
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions,
                        help='override the config: key=value pairs')
    parser.set_defaults(launcher='none', local_rank=0, work_dir=None)
    return parser.parse_args()


def prepare(cfg: Config, device: str) -> tuple:
    """A step of AIR in the middle of its training, and the bare passes."""
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    data = next(iter(loader))
    model = MODELS.build(dict(
        cfg.model, data_preprocessor=cfg.get('data_preprocessor'))).to(device)
    model.init_weights()
    optim = build_optim_wrapper(model, cfg.optim_wrapper)
    model.attach(loader.dataset.recordings)
    model.start_epoch()
    model.set_progress(0.5)

    def step():
        model.train_step(copy.copy(data), optim)
        model.after_step()

    step()
    model.end_epoch(0)  # from here on limbs vote

    inputs = model.data_preprocessor(copy.copy(data), training=True)['inputs']
    views = model.views(inputs)[0]
    teacher = copy.deepcopy(model.backbone)

    def bare():
        model.backbone(views).mean().backward()
        with torch.no_grad():
            teacher(views)

    return step, bare, views.shape


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
    cfg = apply_options(args)
    if args.threads:
        torch.set_num_threads(args.threads)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    MMLogger.get_instance('step_cost', log_level='WARNING')
    torch.manual_seed(0)
    with building(cfg):
        step, bare, shape = prepare(cfg, args.device)
    times = measure({'AIR step': step, 'bare passes': bare}, args)
    print(f'{args.config} on {args.device}, {torch.get_num_threads()} '
          f'threads, both views {tuple(shape)} (N, M, T, V, C)')
    for name, values in times.items():
        print(f'{name}: {statistics.median(values):.1f} ms, median of '
              f'{len(values)} ({min(values):.1f} to {max(values):.1f})')
    ratio = statistics.median(
        a / b for a, b in zip(times['AIR step'], times['bare passes']))
    print(f'ratio {ratio:.2f}, median of the turns')


if __name__ == '__main__':
    run(main)
