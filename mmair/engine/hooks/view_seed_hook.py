"""Make an epoch's random numbers a function of (seed, epoch)."""
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmair.datasets.transforms.counter_rng import fold_in
from mmair.registry import HOOKS

from .unwrap import unwrap_dataset


@HOOKS.register_module()
class ViewSeedHook(Hook):
    """Tell the dataset the epoch, and seed torch's generator with it.

    Views are then a function of (seed, epoch, sample index), and all else
    that is random (dropout) of (seed, epoch, rank), so that a resumed
    training goes on as if it had not been interrupted: mmengine saves no
    state of random generators.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed the epoch."""
        seed, epoch = runner.seed or 0, runner.epoch
        dataset = unwrap_dataset(runner.train_dataloader.dataset, 'set_epoch')
        if hasattr(dataset, 'set_epoch'):
            dataset.set_epoch(seed, epoch)
        key = fold_in(fold_in(torch.tensor(seed), epoch), runner.rank)
        torch.manual_seed(int(key) % 2**63)
