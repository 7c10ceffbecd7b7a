"""The backbone inside whatever checkpoint there is."""
from typing import Dict

from mmengine.runner.checkpoint import _load_checkpoint
from torch import Tensor, nn

from mmair.engine.hooks.skeleton_check_hook import check_weights
from mmair.errors import InputError

from .appendage_informed import AppendageInformedGCN

#: Where a backbone is: in a pre-training with a teacher, in other
#: pre-trainings and recognisers.
_PREFIXES = ('student.backbone.', 'backbone.')


def backbone_weights(state: Dict[str, Tensor], informed: bool = False
                     ) -> Dict[str, Tensor]:
    """Those of the backbone, under its own names.

    Args:
        state (dict[str, Tensor]): Of a pre-training, of a recogniser, or of
            a backbone alone, which comes back as it is.
        informed (bool): Whether the backbone is an
            :class:`AppendageInformedGCN`, so that the codebook of a
            pre-training belongs to it. Defaults to False.

    Returns:
        dict[str, Tensor]: The state dict of the backbone.
    """
    for prefix in _PREFIXES:
        found = {key[len(prefix):]: value for key, value in state.items()
                 if key.startswith(prefix)}
        if found and informed and prefix == _PREFIXES[0]:
            return {**{f'gcn.{key}': value for key, value in found.items()},
                    **{key: value for key, value in state.items()
                       if key.startswith('codebook.')}}
        if found:
            return found
    return state


def read_checkpoint(path: str) -> Dict[str, dict]:
    """What a checkpoint holds of a model.

    Args:
        path (str): The file; its code is not run, see :mod:`mmair.compat`.

    Returns:
        dict: ``meta``, perhaps empty, and ``state_dict``, whose values are
        tensors.

    Raises:
        InputError: If it is no checkpoint.
    """
    found = _load_checkpoint(path, map_location='cpu', logger='silent')
    state = found.get('state_dict', found)
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f'{path}: holds no state_dict of tensors, expected a '
                         'checkpoint')
    return dict(meta=found.get('meta', {}), state_dict=state)


def load_backbone(backbone: nn.Module, path: str) -> None:
    """Load a backbone from a checkpoint, all of it or not at all.

    Args:
        backbone (nn.Module): What to load into.
        path (str): ``backbone.pth``, or a checkpoint of a pre-training or a
            recogniser.

    Raises:
        InputError: If it is no checkpoint, or one of another backbone.
    """
    found = read_checkpoint(path)
    found['state_dict'] = backbone_weights(
        found['state_dict'], isinstance(backbone, AppendageInformedGCN))
    check_weights(path, found, backbone.state_dict())
    result = backbone.load_state_dict(found['state_dict'], strict=False)
    for problem, keys in (('lacks', result.missing_keys),
                          ('has beside them', result.unexpected_keys)):
        if keys:
            raise InputError(f'{path}: the checkpoint {problem} '
                             f'{len(keys)} weights of the backbone, {keys[0]} '
                             'first; use a checkpoint of the same backbone')
