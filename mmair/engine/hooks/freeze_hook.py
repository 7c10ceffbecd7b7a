"""Freeze a part of a model."""
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmair.errors import InputError
from mmair.registry import HOOKS

from .unwrap import unwrap


@HOOKS.register_module()
class FreezeHook(Hook):
    """Keep a module as it is: no gradients, batch norm in eval mode.

    MMAction2's GCN backbones have no ``frozen_stages``; this makes a linear
    probe of any of them. In distributed training set
    ``find_unused_parameters=True``.

    Args:
        module (str): Name of the module. Defaults to 'backbone'.
    """

    def __init__(self, module: str = 'backbone') -> None:
        self.module = module

    def _module(self, runner: Runner):
        model = unwrap(runner)
        try:
            return model.get_submodule(self.module)
        except AttributeError:
            names = ', '.join(name for name, _ in model.named_children())
            raise InputError(f'FreezeHook: the model has no module '
                             f'{self.module!r}; it has {names}') from None

    def before_train(self, runner: Runner) -> None:
        """No gradients."""
        self._module(runner).requires_grad_(False)

    def before_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """The loop puts the model in train mode; put the module back."""
        self._module(runner).eval()
