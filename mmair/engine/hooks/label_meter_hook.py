"""Tell while a model is pre-trained what its discrete labels are about."""
import os.path as osp
from typing import Dict, List, Optional

import numpy as np
import torch
from mmengine.dist import master_only
from mmengine.fileio import dump
from mmengine.hooks import Hook
from mmengine.runner import Runner
from sklearn.metrics import adjusted_mutual_info_score

from mmair.registry import HOOKS

from .pretrain_hook import recordings_of
from .unwrap import unwrap


@HOOKS.register_module()
class LabelMeterHook(Hook):
    """Log after each epoch what the discrete labels are about.

    Beside the model's own meters: the adjusted mutual information of the
    codes of each scale with emotion, actor and recording. Codes that follow
    the actor more than the emotion have learnt identity. Unlabelled
    recordings are left out of the first.
    """

    priority = 'BELOW_NORMAL'

    @master_only
    def after_train_epoch(self, runner: Runner) -> None:
        """Compute and log the meters of the epoch."""
        model = unwrap(runner)
        meters = dict(model.meters())
        if hasattr(model, 'codes'):
            meters.update(self.mutual_information(
                model.codes.cpu().numpy(), model.head.num_labels,
                recordings_of(runner)))
        if meters:
            self.log(runner, meters)

    @master_only
    def after_train(self, runner: Runner) -> None:
        """Write how often each code is used to ``labels.json``."""
        model = unwrap(runner)
        if hasattr(model, 'codes'):
            usage = [torch.bincount(row[row >= 0], minlength=k).tolist()
                     for k, row in zip(model.head.num_labels, model.codes)]
            dump(dict(scales=list(model.head.num_labels), usage=usage),
                 osp.join(runner.work_dir, 'labels.json'))

    @staticmethod
    def mutual_information(codes: np.ndarray, num_labels,
                           recordings: List[dict]) -> Dict[str, float]:
        """AMI of codes ``(R, N_d)`` with what is known of the recordings."""
        known = dict(emotion='label', actor='actor', recording='recording')
        result = {}
        for name, key in known.items():
            values: List[Optional[str]] = [r.get(key) for r in recordings]
            use = np.array([v is not None for v in values])
            if len({v for v in values if v is not None}) < 2:
                continue
            truth = np.array([str(v) for v in values])
            for k, row in zip(num_labels, codes):
                seen = use & (row >= 0)
                result[f'ami_{name}_{k}'] = float(
                    adjusted_mutual_info_score(truth[seen], row[seen]))
        return result

    @master_only
    def log(self, runner: Runner, meters: Dict[str, float]) -> None:
        """Write to the log, ``scalars.json`` and TensorBoard."""
        epoch = runner.epoch + 1
        runner.visualizer.add_scalars(
            {f'labels/{k}': v for k, v in meters.items()}, step=epoch)
        text = '  '.join(f'{k}: {v:.3f}' for k, v in meters.items())
        runner.logger.info(f'Labels(epoch {epoch})  {text}')
