"""From the command line to a runner: config, options, processes."""
import argparse
import gc
import inspect
import os
import os.path as osp
import subprocess
from difflib import get_close_matches
from typing import Any

import torch
import torch.distributed as torch_dist
from mmengine.config import Config
from mmengine.runner import Runner

from mmair.cli import add_cfg_options
from mmair.engine.building import part_of, places
from mmair.errors import InputError, short_repr

from .hooks.provenance_hook import add_provenance
from .memory import keep_freed_memory

#: What mmengine's runner reads from a config beside its arguments.
_READ = ('activation_checkpointing', 'compile', 'efficient_conv_bn_eval',
         'find_unused_parameters', 'model_wrapper_cfg', 'sync_bn')


def make_parser(description: str) -> argparse.ArgumentParser:
    """A parser of what all tools that make a runner take.

    Args:
        description (str): The tool's docstring.

    Returns:
        ArgumentParser: With config, ``--work-dir``, ``--cfg-options``,
        ``--launcher`` and ``--local_rank``.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='where logs and results go')
    add_cfg_options(parser)
    parser.add_argument('--launcher', default='none',
                        choices=['none', *_VARIABLES], help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help='set by some launchers')
    return parser


def apply_options(args: argparse.Namespace) -> Config:
    """Read the config of a tool's command line and merge its options.

    Args:
        args (Namespace): ``config`` and ``cfg_options``, perhaps the rest of
            :func:`make_parser`, amp, resume and checkpoint.

    Returns:
        Config: What ``Runner.from_cfg`` takes.

    Raises:
        InputError: If a file is missing, the config cannot be read, or the
            machine cannot do what is asked for.
    """
    resume = getattr(args, 'resume', None)
    for path in (args.config, getattr(args, 'checkpoint', None),
                 None if resume == 'auto' else resume):
        if path and not osp.isfile(path) and '://' not in path:
            raise InputError(f'{path}: is a folder, expected a file' if
                             osp.isdir(path) else f'{path}: no such file')
    try:
        cfg = Config.fromfile(args.config)
    except Exception as error:  # a config is Python: anything may happen
        raise InputError(f'{args.config}: not readable as a config: '
                         f'{_first_line(error)}') from error
    for option, value in (args.cfg_options or {}).items():
        _check_known(cfg, option, args.config)
        _check_part(cfg, option, value, args.config)
    try:
        cfg.merge_from_dict(args.cfg_options or {})
    except Exception as error:
        raise InputError(f'--cfg-options: do not fit {args.config}: '
                         f'{_first_line(error)}') from error
    cfg.launcher = getattr(args, 'launcher', 'none')
    os.environ.setdefault('LOCAL_RANK', str(getattr(args, 'local_rank', 0)))
    name = osp.splitext(osp.basename(args.config))[0]
    cfg.work_dir = (getattr(args, 'work_dir', None) or cfg.get('work_dir')
                    or osp.join('work_dirs', name))
    if getattr(args, 'amp', False):
        if not torch.cuda.is_available():
            raise InputError('--amp: mixed precision needs a GPU and none was '
                             'found; run without --amp')
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    return cfg


def _check_known(cfg: Config, option: str, path: str) -> None:
    """An option sets what is read, by mmengine or by who wrote the config.

    A variable of the config, ``max_epochs`` for instance, has been put where
    it is read before the option comes.
    """
    known = {*inspect.signature(Runner).parameters, *_READ}
    first, near = option.split('.')[0], places(cfg, option)
    if first not in known and (near or first not in cfg):
        near = near or get_close_matches(first, {*known, *cfg}, n=1)
        raise InputError(
            f'--cfg-options {option}: changes nothing in {path}, expected '
            + (' or '.join(near) or 'a field that it has'))


def _check_part(cfg: Config, option: str, value: Any, path: str) -> None:
    """No number or text takes the place of a part that has a type."""
    part = part_of(cfg, option) or {}
    if 'type' in part and isinstance(value, (str, int, float)):
        raise InputError(
            f'--cfg-options {option}: is {short_repr.repr(value)}, in {path} '
            f'a part of type {part["type"]}, expected one of its fields, '
            f'{option}.FIELD, or None')


def make_runner(cfg: Config, loader: str) -> Runner:
    """A runner of a config that has what it runs.

    Args:
        cfg (Config): From :func:`apply_options`.
        loader (str): The dataloader that is needed.

    Returns:
        Runner: What ``Runner.from_cfg`` makes, and a
        :class:`~mmair.engine.hooks.ProvenanceHook`.

    Raises:
        InputError: If the config has no model or no such dataloader, or its
            seed or work_dir cannot be used.
    """
    for key in ('model', loader):
        if not isinstance(cfg.get(key), dict):
            raise InputError(f'{cfg.filename}: has no {key}, expected {key}='
                             'dict(...)')
    cfg.randomness = dict(dict(seed=None), **cfg.get('randomness') or {})
    seed = cfg.randomness.seed
    if not (seed is None or isinstance(seed, int) and 0 <= seed < 2**32):
        raise InputError(f'{cfg.filename}: the seed of randomness is '
                         f'{seed!r}, expected 0 to {2**32 - 1}')
    make_folder(cfg.work_dir, 'work_dir')
    keep_freed_memory()
    runner = Runner.from_cfg(cfg)
    add_provenance(runner)
    return runner


def require_batches(runner: Runner, where: str) -> None:
    """Say in one sentence that there is nothing to train on."""
    loader = runner.train_dataloader
    if not len(loader):
        raise InputError(
            f'{where}: train_dataloader makes no batch of '
            f'{len(loader.dataset)} recordings with '
            f'batch_size={loader.batch_size} and drop_last; set a smaller '
            'batch_size')


def make_folder(path: str, purpose: str) -> None:
    """Make a folder, before the work whose result it takes."""
    try:
        os.makedirs(path or '.', exist_ok=True)
    except OSError as error:
        raise InputError(f'{purpose}: {path} cannot be made a folder '
                         f'({error.strerror or error}); give another'
                         ) from error


def _first_line(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'.split('\n')[0]


#: For each launcher the environment variables of rank, number of processes
#: and rank on this machine.
_VARIABLES = dict(
    pytorch=('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    slurm=('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    mpi=('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE',
         'OMPI_COMM_WORLD_LOCAL_RANK'))


def init_launcher(cfg: Config) -> None:
    """Join the process group on machines without a GPU.

    mmengine 0.10.7 does so with ``torch.cuda.set_device``, which fails there
    even with gloo, and wraps the model for a GPU; it leaves alone a group
    that exists already. With a GPU it is left to mmengine.

    Args:
        cfg (Config): With ``launcher``: none, pytorch, slurm or mpi. Its
            ``model_wrapper_cfg`` is set on machines without a GPU.
    """
    if cfg.launcher == 'none':
        return
    try:
        rank, world, local = (os.environ[v]
                              for v in _VARIABLES[cfg.launcher])
    except KeyError as error:
        raise InputError(
            f'--launcher {cfg.launcher}: the environment variable {error} is '
            'not set; start with tools/dist_train.sh (pytorch), '
            'tools/slurm_train.sh (slurm) or tools/mpi_train.sh (mpi)'
        ) from None
    os.environ.update(RANK=rank, WORLD_SIZE=world, LOCAL_RANK=local)
    if 'MASTER_ADDR' not in os.environ:
        os.environ['MASTER_ADDR'] = _first_machine(cfg.launcher)
    os.environ.setdefault('MASTER_PORT', '29500')
    if torch.cuda.is_available():
        return
    torch_dist.init_process_group('gloo')
    cfg.model_wrapper_cfg = dict(
        dict(type='MMDistributedDataParallel', broadcast_buffers=False,
             find_unused_parameters=cfg.get('find_unused_parameters', False)),
        **cfg.get('model_wrapper_cfg') or {}, device_ids=None)


def leave_launcher() -> None:
    """Leave the process group, when nothing is left that uses it.

    A thread of gloo's that still holds a tensor while Python ends aborts a
    process that has done its work (torch 2.13: "terminate called without an
    active exception", now and then). The group ends its threads once nothing
    refers to it, so the runner and its wrapped model must be gone.
    """
    if torch_dist.is_initialized():
        gc.collect()  # of the cycles that hold the model
        torch_dist.destroy_process_group()


def _first_machine(launcher: str) -> str:
    """Where rank 0 runs."""
    if launcher == 'slurm' and os.environ.get('SLURM_NNODES', '1') != '1':
        names = subprocess.check_output(
            ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']],
            text=True)
        return names.split()[0]
    world = os.environ['WORLD_SIZE']
    if launcher == 'mpi' and world != os.environ.get(
            'OMPI_COMM_WORLD_LOCAL_SIZE', world):
        # Open MPI does not tell where; each machine would wait for itself.
        raise InputError('--launcher mpi: several machines and no '
                         'MASTER_ADDR; set it to the machine of the first '
                         'process')
    return '127.0.0.1'
