"""Every launcher, with the real engine, trains as one process does."""
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mmengine.config import Config
from tiny_runs import PRETRAIN, QUICKSTART, ROOT, arguments

from mmair.engine.launch import init_launcher
from mmair.errors import InputError

SLURM = ROOT / 'tools/launchers/local_slurm.sh'
#: Slurm's daemons are where an ordinary PATH has no need to look.
PATH = os.pathsep.join([os.path.dirname(sys.executable), os.environ['PATH'],
                        '/usr/sbin'])
OPTIONS = {
    **PRETRAIN,
    # Two processes queue the halves of a batch one after the other; a queue
    # that ends in the midst of a batch would keep other samples.
    'model.head.queue_length': 28}
CONFIG = f'''
_base_ = ['{QUICKSTART}']
custom_imports = dict(imports=['mmair', 'launched_training'],
                      allow_failed_imports=False)
'''


def needs(*programs):
    missing = [p for p in programs if not shutil.which(p, path=PATH)]
    return pytest.mark.skipif(
        bool(missing), reason=f'needs {", ".join(missing)}')


needs_mpi = needs('mpirun')
needs_slurm = needs('munged', 'slurmctld', 'slurmd', 'srun')


def popen(folder, *command, **variables):
    """Start a command elsewhere than in the checkout."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(('MASTER_', 'SLURM_', 'OMPI_'))}
    env.update(PATH=PATH, PYTHONWARNINGS='ignore', TMPDIR=str(folder),
               PYTHONPATH=str(ROOT / 'tests'))
    return subprocess.Popen(
        [*map(str, command)], cwd=folder, env={**env, **variables},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True)


def run(folder, *command, **variables):
    """Run a command; it ends with all that it started.

    Returns:
        tuple[int, str, str]: Exit status, stdout, stderr.
    """
    process = popen(folder, *command, **variables)
    try:
        out, err = process.communicate(timeout=600)
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
        raise
    return process.returncode, out, err


def free_port():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return str(free.getsockname()[1])


def command(launcher, train):
    """How one trains with each of them, and with which variables."""
    config, *args = train
    if launcher == 'one process':
        return (['python', ROOT / 'tools/train.py', *train],
                dict(HALVES='1', OMP_NUM_THREADS='1'))
    if launcher == 'torchrun':
        return (['bash', ROOT / 'tools/dist_train.sh', config, 2, *args],
                dict(PORT=free_port()))
    if launcher == 'mpirun':
        return (['bash', ROOT / 'tools/mpi_train.sh', config, 2, *args],
                dict(PORT=free_port(), MPIRUN_ARGS='--oversubscribe'))
    return (['bash', SLURM, 'bash', ROOT / 'tools/slurm_train.sh', 'local',
             'a job', *train],
            dict(MASTER_PORT=free_port(), GPUS='2', GPUS_PER_NODE='0',
                 CPUS_PER_TASK='1'))


@pytest.fixture(scope='module')
def curves(tmp_path_factory):
    """The losses of two epochs of AIR.

    Returns:
        Callable: Takes a launcher and returns for each process a list of
        each step's losses.
    """
    @functools.cache
    def train(launcher):
        folder = tmp_path_factory.mktemp('run')
        size = 14 if launcher == 'one process' else 7
        (folder / 'config.py').write_text(CONFIG)
        args = [folder / 'config.py', '--no-validate', '--work-dir',
                folder / 'run', *arguments(
                    {**OPTIONS, 'train_dataloader.batch_size': size})]
        line, variables = command(launcher, args)
        status, _, err = run(folder, *line, LOSSES=str(folder), **variables)
        assert status == 0, err[-3000:]
        assert len(list(folder.glob('run/*/*.log'))) == 1  # rank 0 alone
        assert (folder / 'run/epoch_2.pth').exists()
        return [[json.loads(step) for step in path.read_text().splitlines()]
                for path in sorted(folder.glob('*.jsonl'))]
    return train


def apart(a, b):
    """The largest difference of two processes' losses."""
    assert [step.keys() for step in a] == [step.keys() for step in b]
    return max(abs(x[k] - y[k]) for x, y in zip(a, b) for k in x)


def test_torchrun_is_one_process(curves):
    """Which passes the halves of a batch through batch norm apart."""
    one, = curves('one process')
    two = curves('torchrun')
    assert len(two) == 2 and len(two[0]) == len(two[1]) == len(one) == 4
    own = {'z_std'}  # a deviation within one process's samples
    mean = [{k: (a[k] + b[k]) / 2 for k in a.keys() - own}
            for a, b in zip(*two)]
    one = [{k: step[k] for k in step.keys() - own} for step in one]
    assert apart(mean, one) < 1e-4
    # No trifle: processes and steps differ.
    assert apart(*two) > 1e-2
    assert abs(one[0]['loss'] - one[3]['loss']) > 1e-2


@pytest.mark.parametrize('launcher', [
    pytest.param('mpirun', marks=needs_mpi),
    pytest.param('slurm', marks=needs_slurm)])
def test_launchers_are_alike(launcher, curves):
    expected, found = curves('torchrun'), curves(launcher)
    assert len(found) == 2
    for a, b in zip(expected, found):
        assert apart(a, b) < 1e-6


# Slurm on one machine: what it starts, it stops.

def slurm_processes(folder):
    """Command lines of running processes that know of a folder."""
    found = []
    for path in Path('/proc').glob('[0-9]*'):
        try:
            words = ((path / 'environ').read_bytes()
                     + (path / 'cmdline').read_bytes())
        except OSError:  # gone, or not ours
            continue
        if f'{folder}/slurm.'.encode() in words:
            found.append((path / 'cmdline').read_bytes())
    return found


@needs_slurm
def test_local_slurm_passes_on_how_its_command_ends(tmp_path):
    status, out, _ = run(
        tmp_path, 'bash', SLURM, 'srun', '--ntasks=2', '--label', 'sh', '-c',
        'echo $SLURM_PROCID $SLURM_NTASKS $SLURM_JOB_PARTITION; exit 7')
    assert status == 7
    assert sorted(out.splitlines()) == ['0: 0 2 local', '1: 1 2 local']
    assert not slurm_processes(tmp_path) and not list(tmp_path.iterdir())


@needs_slurm
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_local_slurm_stops_when_told_to(number, tmp_path):
    process = popen(tmp_path, 'bash', SLURM, 'srun', '--ntasks=2',
                    '--quit-on-interrupt', 'sh', '-c',
                    f'touch {tmp_path}/begun$SLURM_PROCID; sleep 600')
    try:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob('begun*'))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert slurm_processes(tmp_path)
        os.killpg(process.pid, number)  # as Ctrl-C does
        process.wait(60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)
    assert process.returncode not in (0, None)
    assert not slurm_processes(tmp_path)
    assert not list(tmp_path.glob('slurm.*'))


def test_local_slurm_says_what_is_missing(tmp_path):
    # What bash takes for its builtin: no program is found.
    status, _, err = run(tmp_path, 'bash', SLURM, 'true', **{
        'BASH_FUNC_command%%': '() { return 1; }'})
    assert status == 2
    assert err == ('error: munged was not found; Slurm is needed (Debian: '
                   'apt-get install munge slurm-wlm)\n')
    status, _, err = run(tmp_path, 'bash', SLURM)
    assert status == 2 and err.startswith('Starts Slurm on this machine')


# Open MPI.

def test_mpi_on_several_machines_needs_an_address(monkeypatch):
    for name in ('MASTER_ADDR', 'RANK', 'WORLD_SIZE', 'LOCAL_RANK'):
        monkeypatch.setenv(name, '')  # undone afterwards
    monkeypatch.delenv('MASTER_ADDR')
    for name, value in dict(RANK='2', SIZE='4', LOCAL_RANK='0',
                            LOCAL_SIZE='2').items():
        monkeypatch.setenv(f'OMPI_COMM_WORLD_{name}', value)
    with pytest.raises(InputError, match='mpi: several machines.*MASTER_ADD'):
        init_launcher(Config(dict(launcher='mpi')))


@needs_mpi
def test_mpirun_says_what_is_wrong(tmp_path):
    status, _, err = run(
        tmp_path, 'bash', ROOT / 'tools/mpi_train.sh', 'none.py', 2,
        MPIRUN_ARGS='--oversubscribe')
    assert status == 2
    assert 'error: none.py: no such file' in err and 'Traceback' not in err
