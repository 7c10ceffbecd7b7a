"""Drive a pre-training model by the runner's progress."""
import os.path as osp
from typing import Dict, List, Set

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner, find_latest_checkpoint

from mmair.errors import InputError
from mmair.registry import HOOKS

from .skeleton_check_hook import data_layout
from .unwrap import unwrap


def recordings_of(runner: Runner) -> List[dict]:
    """The recordings that are trained on, in the order of ``sample_idx``."""
    dataset = runner.train_dataloader.dataset
    if not hasattr(dataset, 'recordings'):
        raise InputError(
            f'train_dataloader.dataset is a {type(dataset).__name__}, '
            'pre-training expects a mmair.SkeletonDataset; put several files '
            'into one annotation file')
    return dataset.recordings


@HOOKS.register_module()
class PretrainHook(Hook):
    """Tell a pre-training model where the training is.

    Schedules (teacher momentum, warm-ups) are functions of the progress, so
    nothing but the model's buffers has to be kept for a resume. At the end
    the student's backbone is written to ``backbone.pth`` in the work
    directory: tensors and the name of the layout, for
    ``init_cfg=dict(type='Pretrained', checkpoint=...)`` of any recogniser.
    With a codebook (AIR) both are in ``encoder.pth``, for an
    :class:`AppendageInformedGCN`.
    A limb encoder, which fits every layout of as many dimensions, is written
    to ``appendage.pth``, for the ``init_cfg`` of ``model.appendage``.
    """

    def __init__(self) -> None:
        self.attached: Set[str] = set()  # what is kept of recordings

    def before_run(self, runner: Runner) -> None:
        """Allocate buffers, before a checkpoint is loaded into them."""
        if isinstance(runner._train_loop, BaseLoop):
            model = unwrap(runner)
            before = set(model.state_dict())
            model.attach(recordings_of(runner))
            self.attached = set(model.state_dict()) - before
            resumed = runner._resume and (
                runner._load_from or find_latest_checkpoint(runner.work_dir))
            if not resumed:  # what was fitted is in the checkpoint
                model.fit(runner.train_dataloader.dataset, runner.seed)

    def after_load_checkpoint(self, runner: Runner,
                              checkpoint: dict) -> None:
        """Weights of another training bring nothing of its recordings."""
        if not runner._resume:
            state = checkpoint.get('state_dict', checkpoint)
            begun = unwrap(runner).state_dict()
            state.update((name, begun[name]) for name in self.attached)

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin an epoch."""
        unwrap(runner).start_epoch()

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          *args, **kwargs) -> None:
        """Set the share of the training that is done."""
        # Not by iterations: those before a resume may have had other batches.
        steps = len(runner.train_dataloader)
        unwrap(runner).set_progress(
            (runner.epoch * steps + batch_idx) / (runner.max_epochs * steps))

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Let the teacher follow, unless gradients are still gathered."""
        if runner.optim_wrapper.should_update():
            unwrap(runner).after_step()

    def after_train_epoch(self, runner: Runner) -> None:
        """End an epoch, with the share of the training that is done now."""
        unwrap(runner).set_progress((runner.epoch + 1) / runner.max_epochs)
        unwrap(runner).end_epoch(runner.epoch + 1)

    @master_only
    def after_train(self, runner: Runner) -> None:
        """Write ``backbone.pth`` and, of a limb encoder, ``appendage.pth``."""
        model = unwrap(runner)
        layout = data_layout(runner.train_dataloader.dataset)
        state = self._write(runner, 'backbone', model.backbone.state_dict(),
                            dict(layout=layout.name))
        codebook = getattr(model, 'codebook', None)
        if codebook is not None:
            both = {f'gcn.{k}': v for k, v in state.items()}
            both.update((f'codebook.{k}', v)
                        for k, v in codebook.state_dict().items())
            self._write(runner, 'encoder', both, dict(layout=layout.name))
        appendage = getattr(model, 'appendage', None)
        if appendage is not None:
            # Of no layout: a limb is the same on all of them.
            self._write(runner, 'appendage', appendage.state_dict(),
                        dict(dims=layout.dims))

    @staticmethod
    def _write(runner: Runner, name: str, state: Dict[str, torch.Tensor],
               meta: dict) -> Dict[str, torch.Tensor]:
        path = osp.join(runner.work_dir, f'{name}.pth')
        state = {k: v.detach().cpu().clone()
                 for k, v in state.items()}
        torch.save(dict(state_dict=state, meta=meta), path)
        runner.logger.info(f'The pre-trained {name} is in {path}')
        return state
