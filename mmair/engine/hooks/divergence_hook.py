"""End a training that has diverged."""
from typing import Any, Optional

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmair.errors import InputError
from mmair.registry import HOOKS

from .unwrap import unwrap


#: Iterations from one look to the next: a look waits for a GPU.
_INTERVAL = 50


@HOOKS.register_module()
class DivergenceHook(Hook):
    """End a training whose loss and weights are not finite any more.

    It looks every 50 iterations, and before an epoch ends and is saved. The
    loss alone does not tell it: mixed precision leaves out the steps that
    overflow, and goes on.
    """

    def after_train_iter(self, runner: Runner, batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Look at the weights when the loss is not finite."""
        if not (self.every_n_train_iters(runner, _INTERVAL) or
                self.end_of_epoch(runner.train_dataloader, batch_idx)):
            return
        loss = torch.as_tensor((outputs or {}).get('loss', 0.)).detach()
        if loss.isfinite() or all(weight.isfinite().all() for weight in
                                  unwrap(runner).parameters()):
            return
        raise InputError(
            f'epoch {runner.epoch + 1}, iteration {runner.iter + 1}: the '
            f'training has diverged, its loss is {float(loss)}; set a smaller '
            'optim_wrapper.optimizer.lr')
