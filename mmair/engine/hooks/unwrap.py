"""The model of a runner, whatever it is wrapped in."""
import torch
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner


def unwrap(runner: Runner) -> torch.nn.Module:
    """The model without its distributed wrapper."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model
