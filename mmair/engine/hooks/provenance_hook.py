"""Record which recordings a model has seen."""
import os.path as osp
from pathlib import Path

from mmengine.dist import master_only
from mmengine.fileio import dump
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmair.evaluation.provenance import FILE_NAME, load_provenance, merge
from mmair.registry import HOOKS

from .unwrap import init_cfgs, parts_of, unwrap


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Write ``provenance.json`` beside the checkpoints.

    So that a later test can refuse weights that have seen its labels, see
    :mod:`mmair.evaluation.provenance`. Pre-training sees recordings without
    labels; what starts from other weights, or is resumed, inherits their
    record; so does what is trained where checkpoints of an earlier training
    lie. Data sets that are not mmair's are not recorded.
    """

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Write the record before the first step."""
        model = unwrap(runner)
        kind = 'unlabelled' if hasattr(model, 'attach') else 'labelled'
        own = [{kind: {type(dataset).__name__: [
            r['frame_dir'] for r in dataset.recordings]}}
               for dataset in parts_of(runner.train_dataloader.dataset)
               if hasattr(dataset, 'recordings')]
        sources = [runner._load_from] + [
            cfg.get('checkpoint') for _, cfg in init_cfgs(model)]
        if runner._resume or list(Path(runner.work_dir).glob('*.pth')):
            sources.append(osp.join(runner.work_dir, 'latest'))
        inherited = [load_provenance(path) for path in sources if path]
        record = merge([*own, *filter(None, inherited)])
        if any(record.values()):
            dump(record, osp.join(runner.work_dir, FILE_NAME))
