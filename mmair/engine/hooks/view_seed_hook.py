"""Make an epoch's random numbers a function of (seed, epoch)."""
import torch
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner

from mmair.datasets.transforms.counter_rng import fold_in
from mmair.errors import InputError
from mmair.registry import HOOKS


@HOOKS.register_module()
class ViewSeedHook(Hook):
    """Tell the dataset the epoch, and seed torch's generator with it.

    Views are then a function of (seed, epoch, sample index), and all else
    that is random (dropout) of (seed, epoch, rank), so that a resumed
    training goes on as if it had not been interrupted: mmengine saves no
    state of random generators. A dataset that is wrapped, in a RepeatDataset
    for instance, has samples of one index more than once in an epoch: their
    views come from torch's generator.
    """

    def before_run(self, runner: Runner) -> None:
        """There have to be epochs."""
        loop = runner._train_loop
        if (isinstance(loop, BaseLoop)
                and not isinstance(loop, EpochBasedTrainLoop)):
            raise InputError(
                f'train_cfg: {type(loop).__name__} has no epochs, on which '
                'views and labels depend, expected an EpochBasedTrainLoop '
                'with max_epochs')

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed the epoch."""
        seed, epoch = runner.seed or 0, runner.epoch
        dataset = runner.train_dataloader.dataset
        if hasattr(dataset, 'set_epoch'):
            dataset.set_epoch(seed, epoch)
        key = fold_in(fold_in(torch.tensor(seed), epoch), runner.rank)
        torch.manual_seed(int(key) % 2**63)
