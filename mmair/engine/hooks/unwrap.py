"""Models and datasets, whatever they are wrapped in."""
from typing import Any, Iterator, Tuple

import torch
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner


def unwrap(runner: Runner) -> torch.nn.Module:
    """The model without its distributed wrapper."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def parts_of(dataset: Any) -> Iterator[Any]:
    """The datasets that something is made of, of a ConcatDataset for
    instance; itself if it is one."""
    inner = getattr(dataset, 'datasets', None)
    if inner is None and hasattr(dataset, 'dataset'):
        inner = [dataset.dataset]
    if inner is None:
        yield dataset
    for part in inner or ():
        yield from parts_of(part)


def init_cfgs(model: torch.nn.Module) -> Iterator[Tuple[torch.nn.Module,
                                                        dict]]:
    """Each module of a model with each config of how it begins."""
    for module in model.modules():
        found = getattr(module, 'init_cfg', None) or []
        for cfg in [found] if isinstance(found, dict) else found:
            yield module, cfg
