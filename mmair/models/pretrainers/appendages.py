"""How limbs reach an encoder (ASP): three readings.

Each gives limb features ``(N, P, D_l)`` of N windows, and has the projector
of these as its ``neck``.
"""
from abc import abstractmethod
from contextlib import contextmanager
from typing import Iterator, NamedTuple, Optional, Tuple

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mmair.layouts import LIMBS
from mmair.registry import MODELS


class Windows(NamedTuple):
    """What limb features can be made of, for N windows."""
    backbone: torch.nn.Module  #: that of the whole skeleton
    skeleton: Tensor  #: (N, M, T, V, C)
    joints: Tensor  #: features of joints, over persons and time, (N, D, V)
    limb_joints: Tensor  #: 1 where a joint is of a limb, else 0, (P, V)
    appendages: Optional[Tensor] = None  #: (N, M, P, T, 3, C_a)


class LimbFeatures(BaseModule):
    """Base class of what makes limb features.

    Args:
        neck (dict): Projector of limb features.
    """

    #: What it takes of a batch beside the skeleton.
    takes: Tuple[str, ...] = ()
    #: Passes of the whole skeleton's backbone that it adds for each window.
    backbone_passes: int = 0

    def __init__(self, neck: dict, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.neck = MODELS.build(neck)

    @abstractmethod
    def limbs(self, windows: Windows) -> Tensor:
        """Limb features, ``(N, P, D_l)``."""


@MODELS.register_module()
class AppendageEncoder(LimbFeatures):
    """An own small encoder for the limbs.

    All limbs go through one backbone, folded into the batch, so that it
    transfers between layouts and its opinion is independent of the body's.

    Args:
        backbone (dict): Any MMAction2 GCN on the graph of a limb
            (``mmair.layouts.LIMB_GRAPH``) with ``num_person=1``.
        neck (dict): Projector of limb features.
    """

    takes = ('appendages', )

    def __init__(self, backbone: dict, neck: dict, init_cfg=None) -> None:
        BaseModule.__init__(self, init_cfg)
        # Before the neck: a seed goes on giving the weights it always gave.
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)

    def forward(self, appendages: Tensor) -> Tensor:
        """Limb features, ``(N, M, P, T, 3, C_a) -> (N, P, D_l)``."""
        x = self.backbone(appendages.flatten(0, 2).unsqueeze(1))
        return x.mean((1, 3, 4)).view(*appendages.shape[:3], -1).mean(1)

    def limbs(self, windows: Windows) -> Tensor:
        """Of the limbs that were cut out by :class:`AppendagePartition`."""
        return self(windows.appendages)


@contextmanager
def statistics_kept(module: torch.nn.Module) -> Iterator[None]:
    """What passes leaves no trace in the running statistics of batch norms.

    Under training they normalise by the batch, as ever.
    """
    norms = [m for m in module.modules() if isinstance(m, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum


@MODELS.register_module()
class MaskedAppendages(LimbFeatures):
    """The backbone itself sees one limb at a time.

    Our reading, an alternative to :class:`AppendageEncoder`: for each limb
    the skeleton goes through the backbone again with all other joints set to
    0, where :class:`DropJoints` puts missing ones. No new network, but P more
    passes, and what is seen is not relative to the limb's root. The batch
    norms normalise the body and the limbs each by its own batch and keep the
    statistics of the body alone, for which the backbone is later used (as
    auxiliary batch norms do: Xie et al., CVPR 2020).

    Args:
        neck (dict): Projector of limb features, as wide as the body's.
    """

    backbone_passes = len(LIMBS)

    def limbs(self, windows: Windows) -> Tensor:
        """Of the skeleton without its other joints."""
        kept = windows.limb_joints.to(windows.skeleton)
        x = windows.skeleton[:, None] * kept[:, None, None, :, None]
        with statistics_kept(windows.backbone):
            maps = windows.backbone(x.flatten(0, 1))
        return maps.mean((1, 3, 4)).unflatten(0, x.shape[:2])


@MODELS.register_module()
class PooledAppendages(LimbFeatures):
    """Limb features are the body's, pooled over the joints of the limb.

    Our reading, an alternative to :class:`AppendageEncoder`: it costs
    nothing, but the graph convolutions have told every joint of the whole
    body, so that a limb has no opinion of its own.

    Args:
        neck (dict): Projector of limb features, as wide as the body's.
    """

    def limbs(self, windows: Windows) -> Tensor:
        """Mean of the features of the limb's joints."""
        mean = windows.limb_joints / windows.limb_joints.sum(1, keepdim=True)
        return (windows.joints @ mean.to(windows.joints).T).transpose(1, 2)
