"""Projector of pooled features."""
import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS


@MODELS.register_module()
class ProjectionNeck(BaseModule):
    """Linear, batch norm, ReLU, linear, as in SimCLR and SwAV.

    Args:
        in_channels (int): Width of the features.
        hid_channels (int): Width of the hidden layer.
        out_channels (int): Width of the projections. Defaults to 128.
    """

    def __init__(self,
                 in_channels: int,
                 hid_channels: int,
                 out_channels: int = 128,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.layers = nn.Sequential(
            nn.Linear(in_channels, hid_channels, bias=False),
            nn.BatchNorm1d(hid_channels), nn.ReLU(inplace=True),
            nn.Linear(hid_channels, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Project ``(N, ..., in_channels)`` to ``(N, ..., out_channels)``."""
        if x.shape[-1] != self.in_channels:
            raise InputError(
                f'ProjectionNeck: in_channels is {self.in_channels}, the '
                f'backbone gives {x.shape[-1]} channels; set '
                f'neck.in_channels={x.shape[-1]}')
        if self.training and x.shape[:-1].numel() < 2:
            raise InputError(
                'ProjectionNeck: a batch of one window has no variance for '
                'the norm; set train_dataloader.batch_size to 2 or more and '
                'drop_last=True')
        return self.layers(x.flatten(0, -2)).view(*x.shape[:-1], -1)
