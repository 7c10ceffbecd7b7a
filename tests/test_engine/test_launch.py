"""Two processes for real, started in every way that the tools offer."""
import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from tiny_runs import PRETRAIN, QUICKSTART, ROOT, arguments, scalars

from mmair.engine.launch import apply_options, init_launcher, make_runner
from mmair.errors import InputError

OPTIONS = {**PRETRAIN, 'train_cfg.val_interval': 1}
#: Starts two processes as Slurm does, and notes how it was called.
SRUN = '''#!/usr/bin/env bash
while [[ $1 == --* ]]; do echo "$1" >> srun.txt; shift; done
for rank in 0 1; do
    SLURM_PROCID=$rank SLURM_LOCALID=$rank SLURM_NTASKS=2 SLURM_NNODES=1 \\
        SLURM_NODELIST=here "$@" & pids[$rank]=$!
done
wait "${pids[0]}" && wait "${pids[1]}"
'''


def start(folder, *command, **variables):
    """Run a command elsewhere than in the checkout."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    # A module that only the caller's PYTHONPATH knows.
    (folder / 'callers_module.py').write_text('')
    path = os.pathsep.join([str(folder), os.path.dirname(sys.executable),
                            os.environ['PATH']])
    env = {**os.environ, 'PATH': path, 'PORT': port, 'MASTER_PORT': port,
           'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(folder),
           'PYTHONWARNINGS': 'ignore', **variables}
    done = subprocess.run([*map(str, command)], cwd=folder, env=env,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


#: Runs a tool and says which threads are left when Python ends.
ENDING = '''
import atexit, pathlib, runpy, sys
sys.argv = sys.argv[1:]
atexit.register(lambda: print('threads:', *(
    f.read_text() for f in pathlib.Path('/proc/self/task').glob('*/comm'))))
runpy.run_path(sys.argv[0], run_name='__main__')
'''


def options():
    return arguments(OPTIONS)


def config(folder):
    """The quickstart's, and it needs the caller's module."""
    path = folder / 'config.py'
    path.write_text(f"_base_ = ['{QUICKSTART}']\n"
                    "custom_imports = dict(imports=['mmair', 'callers_module'"
                    '], allow_failed_imports=False)\n')
    return path


@pytest.fixture(scope='module')
def two_processes(tmp_path_factory):
    """Two epochs by torchrun."""
    folder = tmp_path_factory.mktemp('torchrun')
    start(folder, 'bash', ROOT / 'tools/dist_train.sh', config(folder), 2,
          '--work-dir', folder / 'run', *options())
    return folder / 'run'


def test_rank_0_alone_writes(two_processes):
    for pattern in ('*/*.log', '*/vis_data/scalars.json',
                    '*/vis_data/events.*', 'epoch_2.pth', 'backbone.pth'):
        assert len(list(two_processes.glob(pattern))) == 1, pattern
    epochs = [line for line in scalars(two_processes) if 'loss' in line]
    # 28 recordings, 2 processes of 7: 2 steps an epoch
    assert [line['step'] for line in epochs] == [2, 4]
    found = torch.load(two_processes / 'epoch_2.pth')['state_dict']
    assert (found['codes'] >= 0).all()  # what the other process saw, too
    assert found['head.queue_filled'] == 32


def test_slurm_resumes_what_torchrun_began(two_processes, tmp_path):
    run = tmp_path / 'run'
    run.mkdir()
    shutil.copy(two_processes / 'epoch_1.pth', run)
    (tmp_path / 'srun').write_text(SRUN)
    (tmp_path / 'srun').chmod(0o755)
    start(tmp_path, 'bash', ROOT / 'tools/slurm_train.sh', 'cpu', 'job',
          config(tmp_path), '--work-dir', run, '--resume', run / 'epoch_1.pth',
          *options(), GPUS='2', GPUS_PER_NODE='0', CPUS_PER_TASK='1',
          SRUN_ARGS='--mem=1 --quiet')
    assert (tmp_path / 'srun.txt').read_text().split() == [
        '--partition=cpu', '--job-name=job', '--ntasks=2',
        '--cpus-per-task=1', '--kill-on-bad-exit=1', '--mem=1', '--quiet']
    whole, resumed = (torch.load(folder / 'epoch_2.pth')['state_dict']
                      for folder in (two_processes, run))
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name
    assert scalars(run) == scalars(two_processes)[-len(scalars(run)):]


def test_slurm_test_is_called_as_in_mmaction(tmp_path):
    (tmp_path / 'srun').write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    called = start(
        tmp_path, 'bash', ROOT / 'tools/slurm_test.sh', 'gpu', 'a job',
        'config.py', 'x.pth', '--dump', 'a b.pkl', GPUS='16').splitlines()
    assert called == [
        '--partition=gpu', '--job-name=a job', '--ntasks=16', '--gres=gpu:8',
        '--ntasks-per-node=8', '--cpus-per-task=5', '--kill-on-bad-exit=1',
        'python', '-u', str(ROOT / 'tools/test.py'), 'config.py', 'x.pth',
        '--launcher', 'slurm', '--dump', 'a b.pkl']


def test_test_by_torchrun(two_processes, tmp_path):
    start(tmp_path, 'bash', ROOT / 'tools/dist_test.sh', config(tmp_path),
          two_processes / 'epoch_2.pth', 2, '--work-dir', tmp_path / 'run',
          *options())
    path, = tmp_path.glob('run/*/*.json')
    scores = json.loads(path.read_text())
    expected = [line for line in scalars(two_processes)
                if 'knn/k1_top1' in line][-1]
    for name in ('knn/k1_top1', 'knn/k20_macro_f1', 'knn/effective_rank'):
        assert scores[name] == pytest.approx(expected[name], rel=1e-4)


@pytest.mark.skipif(not Path('/proc/self/task').is_dir(),
                    reason='threads are listed in /proc')
@pytest.mark.parametrize('tool', ['train', 'test'])
def test_no_thread_of_gloo_outlives_the_work(two_processes, tmp_path, tool):
    (tmp_path / 'ending.py').write_text(ENDING)
    checkpoint = [two_processes / 'epoch_2.pth'] * (tool == 'test')
    printed = start(
        tmp_path, sys.executable, 'ending.py', ROOT / f'tools/{tool}.py',
        config(tmp_path), *checkpoint, '--launcher', 'pytorch', '--work-dir',
        tmp_path / 'run', *options(), RANK='0', WORLD_SIZE='1',
        LOCAL_RANK='0', MASTER_ADDR='127.0.0.1')
    _, _, threads = printed.rpartition('threads:')
    assert 'python' in threads and 'gloo' not in threads


@pytest.mark.parametrize('launcher', ['pytorch', 'slurm', 'mpi'])
def test_environment_of_each_launcher(launcher, monkeypatch):
    names = dict(
        pytorch='RANK WORLD_SIZE LOCAL_RANK',
        slurm='SLURM_PROCID SLURM_NTASKS SLURM_LOCALID',
        mpi='OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE '
        'OMPI_COMM_WORLD_LOCAL_RANK')[launcher].split()
    monkeypatch.setattr(os, 'environ', {})
    cfg = Config(dict(launcher=launcher, find_unused_parameters=True))
    with pytest.raises(InputError, match=f'{launcher}: the.*{names[0]}'):
        init_launcher(cfg)

    called = []
    monkeypatch.setattr(torch.distributed, 'init_process_group',
                        called.append)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    os.environ.update(zip(names, '352'))
    init_launcher(cfg)
    assert called == ['gloo']
    assert {k: os.environ[k] for k in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK',
                                       'MASTER_ADDR', 'MASTER_PORT')} == dict(
        RANK='3', WORLD_SIZE='5', LOCAL_RANK='2', MASTER_ADDR='127.0.0.1',
        MASTER_PORT='29500')
    assert cfg.model_wrapper_cfg == dict(
        type='MMDistributedDataParallel', broadcast_buffers=False,
        find_unused_parameters=True, device_ids=None)

    # With a GPU it is mmengine that does both.
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    cfg = Config(dict(launcher=launcher))
    init_launcher(cfg)
    assert called == ['gloo'] and 'model_wrapper_cfg' not in cfg


def test_slurm_on_several_machines(tmp_path, monkeypatch):
    (tmp_path / 'scontrol').write_text('#!/bin/sh\necho node7; echo node8\n')
    (tmp_path / 'scontrol').chmod(0o755)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    for name, value in dict(SLURM_PROCID='1', SLURM_NTASKS='2',
                            SLURM_LOCALID='0', SLURM_NNODES='2',
                            SLURM_NODELIST='node[7-8]', RANK='',
                            WORLD_SIZE='', LOCAL_RANK='').items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=':')
    monkeypatch.setenv('MASTER_ADDR', '')
    monkeypatch.delenv('MASTER_ADDR')
    init_launcher(Config(dict(launcher='slurm')))
    assert os.environ.pop('MASTER_ADDR') == 'node7'


@pytest.mark.parametrize('option, expected', [
    ('train_dataloder.batch_size', 'train_dataloader'),
    ('optimizer.lr', 'optim_wrapper.optimizer.lr'),
    ('seed', '.*randomness.seed'), ('max_epochs', 'train_cfg.max_epochs'),
    ('foo', 'a field that it has'), ('sync_bn', None), ('load_from', None),
    ('my_own.field', None), ('train_cfg.new', None)])
def test_an_option_changes_something(option, expected, tmp_path):
    path = tmp_path / 'some.py'
    path.write_text(f"_base_ = '{QUICKSTART}'\nmy_own = dict()")
    args = argparse.Namespace(config=str(path), cfg_options={option: 1},
                              launcher='none', work_dir=None, local_rank=0)
    if expected is None:
        apply_options(args)
    else:
        with pytest.raises(InputError, match=f'--cfg-options {option}: '
                           f'changes nothing in .*some.py, expected '
                           f'{expected}'):
            apply_options(args)


@pytest.mark.parametrize('value, fits', [
    (3, False), ('STGCN', False), (True, False), (None, True),
    ([dict()], True), (dict(in_channels=4), True)])
def test_no_number_takes_the_place_of_a_part(value, fits):
    args = argparse.Namespace(config=str(QUICKSTART),
                              cfg_options={'model.backbone': value})
    if fits:
        apply_options(args)
    else:
        with pytest.raises(InputError, match=(
                f'--cfg-options model.backbone: is {value!r}, in .*_quick.*py '
                'a part of type STGCN, expected one of its fields, model')):
            apply_options(args)


@pytest.mark.parametrize('changes, expected', [
    (dict(model=None), 'test_launch.py: has no model, expected'),
    (dict(val_dataloader=None), 'test_launch.py: has no val_dataloader'),
    (dict(randomness=dict(seed=-1)), 'seed of randomness is -1, expected 0'),
    (dict(randomness=dict(seed=2**32)), 'seed of randomness is 4294967296'),
    (dict(work_dir=__file__), 'work_dir: .* cannot be made a folder'),
    (dict(work_dir=f'{__file__}/x'), 'work_dir: .*Not a directory')])
def test_what_a_runner_needs(changes, expected):
    cfg = Config(dict(dict(model={}, val_dataloader={}), **changes),
                 filename=__file__)
    with pytest.raises(InputError, match=expected):
        make_runner(cfg, 'val_dataloader')


@pytest.mark.parametrize('changes', [
    {}, dict(randomness=None), dict(randomness=dict(deterministic=True))])
def test_a_seed_need_not_be_given(changes, tmp_path, monkeypatch):
    monkeypatch.setattr('mmengine.runner.Runner.from_cfg', lambda cfg: cfg)
    monkeypatch.setattr('mmair.engine.launch.add_provenance', str)
    cfg = Config(dict(model={}, val_dataloader={},
                      work_dir=str(tmp_path / 'new'), **changes))
    assert make_runner(cfg, 'val_dataloader').randomness == dict(
        changes.get('randomness') or {}, seed=None)
    assert (tmp_path / 'new').is_dir()


def test_work_dir_and_amp(tmp_path, monkeypatch):
    path = tmp_path / 'some.py'
    path.write_text("optim_wrapper = dict(type='OptimWrapper')")
    args = dict(config=str(path), cfg_options=None, launcher='none',
                work_dir=None, local_rank=0)

    def apply(**changes):
        return apply_options(argparse.Namespace(**{**args, **changes}))
    assert apply().work_dir == 'work_dirs/some'
    assert apply(cfg_options=dict(work_dir='x')).work_dir == 'x'
    assert apply(work_dir='y', cfg_options=dict(work_dir='x')).work_dir == 'y'
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    assert apply(amp=True).optim_wrapper == dict(
        type='AmpOptimWrapper', loss_scale='dynamic')
