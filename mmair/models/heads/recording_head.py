"""Recognition of a recording from all its windows."""
from typing import Dict, Union

import torch
from mmaction.models.heads import GCNHead
from torch import Tensor

from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.registry import MODELS

from ..precision import at_least_fp32


def pool_windows(x: Tensor, num_clips: int, deviation: bool = True,
                 layout: Union[str, dict, None] = None) -> Tensor:
    """The feature of a recording.

    Mean, and deviation beside it, over the frames of all windows; persons and
    joints are averaged first, the latter within each part of the body (arms,
    legs, torso) where the layout is given. How strongly something moves shows
    in the deviation, and what moves in the part. Then the signed root
    is taken: the power normalisation of Perronnin, Sanchez & Mensink (ECCV
    2010), by which what is seldom active counts, too.

    Args:
        x (Tensor): Features of windows, ``(N * num_clips, M, C, T, V)``, the
            windows of a recording next to each other.
        num_clips (int): Windows per recording.
        deviation (bool): Whether to append the deviation. Defaults to True.
        layout (str | dict, optional): The skeleton layout. Defaults to None:
            the whole body is one part.

    Returns:
        Tensor: ``(N, 2 * P * C)``, or ``(N, P * C)`` without the deviation,
        for P parts.
    """
    # The root is steep near 0: in half precision its gradient overflows.
    x = at_least_fp32(x).mean(1)
    if layout is None:
        frames = x.mean(3)
    else:
        frames = torch.cat([x[..., list(joints)].mean(3) for joints in
                            get_layout(layout).parts.values()], 1)
    frames = frames.unflatten(0, (-1, num_clips)).transpose(1, 2).flatten(2)
    mean = frames.mean(2)
    if not deviation:
        return _signed_root(mean)
    # The epsilon keeps the gradient finite where nothing varies.
    spread = (frames.var(2, unbiased=False) + 1e-6).sqrt()
    return _signed_root(torch.cat((mean, spread), 1))


def _signed_root(x: Tensor) -> Tensor:
    """The root of the size, with a finite gradient at 0."""
    return x.sign() * ((x.abs() + 1e-4).sqrt() - 1e-4**0.5)


@MODELS.register_module()
class RecordingHead(GCNHead):
    """A GCN head that scores recordings, not windows.

    The windows of a recording (``num_clips``) are pooled into one feature
    before classification, in training as in testing, where the stock
    ``GCNHead`` takes one window in training and averages scores in testing.

    Args:
        num_classes (int): Number of classes.
        in_channels (int): Channels C of the backbone.
        deviation (bool): Whether to pool the deviation over time and windows
            beside the mean. Defaults to True.
        layout (str | dict, optional): The skeleton layout, to pool each part
            of the body by itself. Defaults to None: the whole body.
        norm (bool): Whether to standardise the pooled feature by a batch
            norm without affine, as linear probes do. Defaults to True.
        **kwargs: As in MMAction2's ``GCNHead``.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: int,
                 deviation: bool = True,
                 layout: Union[str, dict, None] = None,
                 norm: bool = True,
                 **kwargs) -> None:
        parts = len(get_layout(layout).parts) if layout else 1
        width = in_channels * (1 + deviation) * parts
        kwargs.setdefault('topk', (1, ))
        super().__init__(num_classes, width, **kwargs)
        self.channels = in_channels
        self.deviation = deviation
        self.layout = layout
        self.norm = (torch.nn.BatchNorm1d(width, affine=False)
                     if norm else torch.nn.Identity())

    def pool(self, x: Tensor, num_clips: int = 1) -> Tensor:
        """The feature of each recording, see :func:`pool_windows`."""
        return pool_windows(x, num_clips, self.deviation, self.layout)

    def forward(self, x: Tensor, num_clips: int = 1, **kwargs) -> Tensor:
        """Score recordings.

        Args:
            x (Tensor): ``(N * num_clips, M, C, T, V)``.
            num_clips (int): Windows per recording.

        Returns:
            Tensor: Class scores, ``(N, num_classes)``.
        """
        if x.shape[2] != self.channels:
            raise InputError(
                f'RecordingHead: in_channels is {self.channels}, the backbone '
                f'gives {x.shape[2]}; set model.cls_head.in_channels='
                f'{x.shape[2]}')
        pooled = self.pool(x, num_clips)
        if (isinstance(self.norm, torch.nn.BatchNorm1d)
                and self.norm.training and len(pooled) < 2):
            raise InputError(
                'RecordingHead: a batch of one recording has no variance for '
                'the norm; set train_dataloader.batch_size to 2 or more and '
                'drop_last=True')
        pooled = self.norm(pooled)
        if self.dropout is not None:
            pooled = self.dropout(pooled)
        return self.fc(pooled)

    def loss(self, feats: Tensor, data_samples, **kwargs) -> Dict:
        """Loss of recordings; the windows of each are pooled."""
        num_clips = len(feats) // len(data_samples)
        return super().loss(feats, data_samples, num_clips=num_clips,
                            **kwargs)

    def predict(self, feats: Tensor, data_samples, **kwargs):
        """Scores of recordings; the windows of each are pooled."""
        num_clips = len(feats) // len(data_samples)
        return super().predict(feats, data_samples, num_clips=num_clips,
                               **kwargs)
