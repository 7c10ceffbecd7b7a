"""Record which recordings a model has seen."""
import os.path as osp
from pathlib import Path
from typing import Any, Iterator, List, Tuple

from mmengine.dist import master_only
from mmengine.fileio import dump
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmair.evaluation.provenance import (FILE_NAME, check_unseen,
                                         load_provenance, merge)
from mmair.registry import HOOKS

from .unwrap import init_cfgs, parts_of, unwrap


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Write ``provenance.json`` beside the checkpoints, and heed it.

    A test of weights that have seen the label of a test recording is
    refused, see :mod:`mmair.evaluation.provenance`. Pre-training sees
    recordings without labels; what starts from other weights, or is resumed,
    inherits their record; so does what is trained where checkpoints of an
    earlier training lie. Data sets that are not mmair's are not recorded.
    """

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Write the record before the first step."""
        model = unwrap(runner)
        kind = 'unlabelled' if hasattr(model, 'attach') else 'labelled'
        own = [{kind: {name: recordings}} for name, recordings in
               _recordings(runner.train_dataloader.dataset)]
        sources = [runner._load_from] + [
            cfg.get('checkpoint') for _, cfg in init_cfgs(model)]
        if runner._resume or list(Path(runner.work_dir).glob('*.pth')):
            sources.append(osp.join(runner.work_dir, 'latest'))
        inherited = [load_provenance(path) for path in sources if path]
        record = merge([*own, *filter(None, inherited)])
        if any(record.values()):
            dump(record, osp.join(runner.work_dir, FILE_NAME))

    def before_test(self, runner: Runner) -> None:
        """Refuse weights that have seen a label of the test part."""
        if runner._load_from:
            for name, recordings in _recordings(
                    runner.test_dataloader.dataset):
                check_unseen(runner._load_from, name, recordings)


def _recordings(dataset: Any) -> Iterator[Tuple[str, List[str]]]:
    """Class and names of the recordings of each data set of mmair."""
    for part in parts_of(dataset):
        if hasattr(part, 'recordings'):
            yield type(part).__name__, [r['frame_dir']
                                        for r in part.recordings]


def add_provenance(runner: Runner) -> None:
    """Register the hook, unless the config has it."""
    if not any(isinstance(hook, ProvenanceHook) for hook in runner.hooks):
        runner.register_hook(ProvenanceHook())
