"""From the command line to a runner: config, options, processes."""
import argparse
import os
import os.path as osp

import torch
import torch.distributed as torch_dist
from mmengine.config import Config

from mmair.errors import InputError


def apply_options(args: argparse.Namespace) -> Config:
    """Read the config of a tool's command line and merge its options.

    Args:
        args (Namespace): With config, work_dir, cfg_options, launcher and
            perhaps amp and checkpoint.

    Returns:
        Config: What ``Runner.from_cfg`` takes.

    Raises:
        InputError: If a file is missing, the config cannot be read, or the
            machine cannot do what is asked for.
    """
    for path in (args.config, getattr(args, 'checkpoint', None)):
        if path and not osp.isfile(path) and '://' not in path:
            raise InputError(f'{path}: no such file')
    try:
        cfg = Config.fromfile(args.config)
    except (SyntaxError, FileNotFoundError, KeyError, TypeError) as error:
        raise InputError(f'{args.config}: not readable as a config: '
                         f'{error}') from error
    cfg.launcher = args.launcher
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    name = osp.splitext(osp.basename(args.config))[0]
    cfg.work_dir = (args.work_dir or cfg.get('work_dir')
                    or osp.join('work_dirs', name))
    if getattr(args, 'amp', False):
        if not torch.cuda.is_available():
            raise InputError('--amp: mixed precision needs a GPU and none was '
                             'found; run without --amp')
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    return cfg


#: For each launcher the environment variables of rank, number of processes
#: and rank on this machine.
_VARIABLES = dict(
    pytorch=('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    slurm=('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    mpi=('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE',
         'OMPI_COMM_WORLD_LOCAL_RANK'))


def init_launcher(launcher: str) -> None:
    """Join the process group on machines without a GPU.

    mmengine 0.10.7 does so with ``torch.cuda.set_device``, which fails there
    even with gloo; it leaves a group alone that exists already. With a GPU
    it is left to mmengine.

    Args:
        launcher (str): none, pytorch, slurm or mpi.
    """
    if launcher == 'none' or torch.cuda.is_available():
        return
    try:
        rank, world, local = (os.environ[v] for v in _VARIABLES[launcher])
    except KeyError as error:
        raise InputError(
            f'--launcher {launcher}: the environment variable {error} is not '
            f'set; start with tools/dist_train.sh (pytorch), '
            'tools/slurm_train.sh (slurm) or mpirun (mpi)') from None
    os.environ.update(RANK=rank, WORLD_SIZE=world, LOCAL_RANK=local)
    os.environ.setdefault('MASTER_ADDR', '127.0.0.1')
    os.environ.setdefault('MASTER_PORT', '29500')
    torch_dist.init_process_group('gloo')
