"""One training inside a benchmark: stops in time, goes on where it was."""
import copy
import gc
import inspect
import itertools
import os.path as osp
import re
import time
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import mmengine
from mmengine.config import Config
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner

from mmair.compat import get_gt_label, get_pred_score
from mmair.engine.hooks.provenance_hook import add_provenance
from mmair.engine.launch import require_batches
from mmair.engine.memory import keep_freed_memory

_numbers = itertools.count()


class OutOfTime(Exception):
    """The time is up; what was done so far is in a checkpoint."""


class DeadlineHook(Hook):
    """Stop at the end of the epoch in which the time runs out.

    At least one epoch is done, so that many short slices come to an end.
    The share that is done is kept in the file ``progress``.

    Args:
        deadline (float, optional): In seconds since the Unix epoch.
    """

    priority = 'ABOVE_NORMAL'

    def __init__(self, deadline: Optional[float]) -> None:
        self.deadline = deadline
        self.over = False

    def before_train_epoch(self, runner: Runner) -> None:
        """Stop; the checkpoint was written after the epoch before."""
        if self.over:
            raise OutOfTime(runner.work_dir)

    def after_train_epoch(self, runner: Runner) -> None:
        """If the time is up, have this epoch's checkpoint written."""
        Path(runner.work_dir, 'progress').write_text(
            str((runner.epoch + 1) / runner.max_epochs))
        if self.deadline is not None and time.time() >= self.deadline:
            self.over = True
            for hook in runner.hooks:
                if isinstance(hook, CheckpointHook):
                    hook.interval = 1


def newest_checkpoint(work_dir: str) -> Optional[str]:
    """The newest whole checkpoint of a run that may have been killed.

    MMEngine writes checkpoints in place. A file that was cut short lacks the
    directory at the end of every zip archive.

    Args:
        work_dir (str): Folder with ``epoch_<n>.pth``.

    Returns:
        str | None: Its path.
    """
    found = {int(match[1]): path for path in Path(work_dir).glob('*.pth')
             if (match := re.fullmatch(r'epoch_(\d+)\.pth', path.name))}
    return next((str(found[n]) for n in sorted(found, reverse=True)
                 if zipfile.is_zipfile(found[n])), None)


def train(cfg: Config, work_dir: str, then: Callable[[Runner], Any],
          deadline: Optional[float] = None,
          checkpoint_interval: int = 0) -> Any:
    """Train as ``tools/train.py --resume`` would, without evaluation.

    Args:
        cfg (Config): Of a pre-training or a recogniser.
        work_dir (str): For checkpoints and logs; what is there is resumed.
        then (Callable): Makes the result of the trained runner, which is
            freed afterwards.
        deadline (float, optional): When to stop, in seconds since the Unix
            epoch; by default never.
        checkpoint_interval (int): Epochs from one checkpoint to the next.
            Defaults to 0: none but what a deadline needs.

    Returns:
        Any: What ``then`` made.

    Raises:
        OutOfTime: If the deadline came first.
        InputError: If there is no batch to train on.
    """
    keep_freed_memory()
    cfg = copy.deepcopy(cfg)
    for part in ('val', 'test'):
        for name in ('cfg', 'dataloader', 'evaluator'):
            cfg[f'{part}_{name}'] = None
    cfg.work_dir = work_dir
    # The one before is deleted before the newest is written: keep two.
    cfg.default_hooks.checkpoint = dict(
        type='CheckpointHook', interval=checkpoint_interval or -1,
        max_keep_ckpts=2, save_last=False)
    # Runs of one process share loggers and histories by this name.
    cfg.experiment_name = f'{osp.basename(work_dir)}_{next(_numbers)}'
    cfg.log_level = 'ERROR'
    mmengine.mkdir_or_exist(work_dir)
    cfg.dump(osp.join(work_dir, 'config.json'))
    checkpoint = newest_checkpoint(work_dir)
    if checkpoint:
        cfg.load_from, cfg.resume = checkpoint, True
    # Without `cfg`, which the runner would format five times.
    names = set(inspect.signature(Runner).parameters) & set(cfg)
    runner = Runner(**{name: cfg[name] for name in names})
    require_batches(runner, work_dir)
    add_provenance(runner)
    runner.register_hook(DeadlineHook(deadline))
    try:
        runner.train()
        return then(runner)
    finally:
        del runner
        gc.collect()  # a runner refers to itself, and holds the data


def recognise(runner: Runner, dataloader: dict) -> Dict[str, List[int]]:
    """What a trained recogniser says of a test part.

    Args:
        runner (Runner): After the training.
        dataloader (dict): Config of the test part.

    Returns:
        dict[str, list[int]]: ``labels`` and ``predictions``, in the order of
        the data.
    """
    result = dict(labels=[], predictions=[])
    runner.model.eval()  # a training leaves it in train mode
    for batch in Runner.build_dataloader(dataloader, seed=0):
        for sample in runner.model.test_step(batch):
            result['labels'].append(int(get_gt_label(sample)))
            result['predictions'].append(
                int(get_pred_score(sample).argmax()))
    return result
