"""Do the units of a comparison, several at a time, until the time is up."""
import contextlib
import functools
import json
import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import (FIRST_COMPLETED, Executor, Future,
                                ProcessPoolExecutor, wait)
from concurrent.futures.process import BrokenProcessPool
from typing import Callable, Dict, List, NamedTuple, Optional

import mmengine
import torch
from mmengine.logging import MMLogger
from rich.console import Console
from rich.progress import (BarColumn, Progress, TextColumn, TimeElapsedColumn,
                           TimeRemainingColumn)
from rich.table import Column

from mmair.errors import InputError

from .comparison import Comparison
from .preset import load_preset

#: Seconds between two lines of progress in a file, where no bar can move.
_EVERY = 60.


class Plan(NamedTuple):
    """What a process needs to know to make the same comparison."""
    preset: str  #: path
    options: str  #: overrides, as JSON
    work_dir: str
    root: str

    def load(self) -> Comparison:
        """Read the preset and list its units; once a process."""
        return _load(self)


@functools.lru_cache(maxsize=1)
def _load(plan: Plan) -> Comparison:
    # How many recordings `classes` leaves out is no news here.
    MMLogger.get_instance('comparison', log_level='ERROR')
    return Comparison(load_preset(plan.preset, json.loads(plan.options)),
                      plan.work_dir, plan.root)


def _work(plan: Plan, name: str, deadline: Optional[float]) -> bool:
    return plan.load().run(name, deadline)


def _log_file(folder: str) -> str:
    return os.path.join(folder, f'worker_{os.getpid()}.log')


def _start_worker(folder: str) -> None:
    """Print to a file of its own, and end when the parent is killed."""
    log = os.open(_log_file(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())

    def follow() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class _InThisProcess(Executor):
    """Does what is submitted at once; its prints go to a file.

    The file stays open: loggers that are made meanwhile keep it.
    """

    def __init__(self, folder: str) -> None:
        self.log = open(_log_file(folder), 'a', encoding='utf-8')

    def submit(self, function: Callable, *args) -> Future:
        future: Future = Future()
        try:
            with contextlib.redirect_stdout(self.log):
                future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run_all(plan: Plan, jobs: int = 1, device: Optional[str] = None,
            deadline: Optional[float] = None) -> bool:
    """Do every unit that is not done.

    One job without a choice of device runs in this process, on all its
    threads. Several run in processes of their own, which share the cores.

    Args:
        plan (Plan): What to do.
        jobs (int): Units at a time. Defaults to 1.
        device (str, optional): ``cpu`` or ``cuda``; by default a GPU if there
            is one.
        deadline (float, optional): Start nothing and end every epoch after
            this time, in seconds since the Unix epoch.

    Returns:
        bool: Whether everything is done.

    Raises:
        InputError: If a unit cannot be done, which names it.
    """
    if jobs < 1:
        raise InputError(f'--jobs: found {jobs}, expected 1 or more')
    if device == 'cuda' and not torch.cuda.is_available():
        raise InputError('--device cuda: no GPU was found; run with '
                         '--device cpu')
    comparison = plan.load()
    todo = {name: unit for name, unit in comparison.units.items()
            if not comparison.done(name)}
    if not todo:
        return True
    here = jobs == 1 and (device != 'cpu' or not torch.cuda.is_available())
    settings = dict(OMP_NUM_THREADS=str(max(1, (os.cpu_count() or 1) //
                                            jobs)))
    settings['MKL_NUM_THREADS'] = settings['OMP_NUM_THREADS']
    if device == 'cpu':
        settings['CUDA_VISIBLE_DEVICES'] = ''
    before = {key: os.environ.get(key) for key in settings}
    logs = comparison.path('logs')
    mmengine.mkdir_or_exist(logs)
    try:
        if here:
            return _schedule(_InThisProcess(logs), 1, plan, comparison, todo,
                             deadline)
        os.environ.update(settings)
        pool = ProcessPoolExecutor(
            jobs, multiprocessing.get_context('spawn'), _start_worker,
            (logs, ))
        with pool:
            try:
                return _schedule(pool, jobs, plan, comparison, todo,
                                 deadline)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for child in multiprocessing.active_children():
                    child.terminate()
                raise
    finally:
        for key, value in before.items():
            if not here and value is None:
                os.environ.pop(key, None)
            elif not here:
                os.environ[key] = value


def _schedule(executor: Executor, jobs: int, plan: Plan,
              comparison: Comparison, todo: Dict[str, object],
              deadline: Optional[float]) -> bool:
    """Submit what is ready, dearest first, until nothing is left."""
    running: Dict[Future, str] = {}
    waiting: List[str] = sorted(todo, key=lambda n: -todo[n].cost)
    with _Bar(comparison, running) as bar:
        while waiting or running:
            over = deadline is not None and time.time() >= deadline
            for name in list(waiting):
                if over or len(running) >= jobs:
                    break
                if not all(map(comparison.done, todo[name].needs)):
                    continue
                waiting.remove(name)
                bar.starts(name)
                future = executor.submit(_work, plan, name, deadline)
                running[future] = name
            if not running:
                return False  # the time is up
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                _check(future, name)
                bar.ends(name)
    return all(map(comparison.done, todo))


def _check(future: Future, name: str) -> None:
    """Tell in which unit something went wrong."""
    error = future.exception()
    if isinstance(error, InputError):
        raise InputError(f'{name}: {error}') from error
    if isinstance(error, BrokenProcessPool):
        raise InputError(
            f'{name}: its process died, perhaps for lack of memory; what was '
            'done is kept, start again with fewer --jobs') from error
    if error is not None:
        raise RuntimeError(f'the unit {name} failed') from error


class _Bar:
    """A progress bar over the cost of all units, with the time to come.

    Where the output is no terminal, but the log of a job, it is a line now
    and then.
    """

    def __init__(self, comparison: Comparison, running: dict) -> None:
        self.comparison, self.running = comparison, running
        units = comparison.units
        self.ended = {n for n in units if comparison.done(n)}
        self.current: Optional[str] = None
        console = Console(stderr=True)
        if not console.is_terminal:
            console.width = 120
        self.progress = Progress(
            BarColumn(20), TextColumn('{task.fields[count]}'),
            TextColumn('{task.percentage:.0f} %'), TimeElapsedColumn(),
            TextColumn('to go'), TimeRemainingColumn(),
            # Of a narrow terminal it gets what the others leave.
            TextColumn('{task.description}', table_column=Column(
                ratio=1, no_wrap=True)), expand=True,
            console=console, speed_estimate_period=3600)
        self.task = self.progress.add_task(
            '', total=sum(u.cost for u in units.values()),
            completed=self.completed(), count=self.count())
        self.stop = threading.Event()
        # Units in other processes, or in this one's only thread, do not
        # report: look how far they are.
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self) -> '_Bar':
        self.progress.start()
        self.thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.stop.set()
        self.thread.join()
        self.update()
        self.progress.stop()  # in a file it prints the last line

    def completed(self) -> float:
        units = self.comparison.units
        current = {self.current, *self.running.copy().values()} - {None}
        return sum(units[n].cost for n in self.ended) + sum(
            units[n].cost * self.comparison.share(n)
            for n in current - self.ended)

    def count(self) -> str:
        return f'{len(self.ended)} of {len(self.comparison.units)} units'

    def starts(self, name: str) -> None:
        self.current = name
        self.progress.update(self.task, description=name)

    def ends(self, name: str) -> None:
        if self.comparison.done(name):
            self.ended.add(name)
        self.update()

    def update(self) -> None:
        self.progress.update(self.task, completed=self.completed(),
                             count=self.count())

    def watch(self) -> None:
        console, told = self.progress.console, -_EVERY
        while not self.stop.wait(2):
            self.update()
            if not console.is_terminal and time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                console.print(self.progress.get_renderable())
