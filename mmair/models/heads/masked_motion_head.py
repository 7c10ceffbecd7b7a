"""Predict what was masked of a skeleton."""
from typing import Dict, Optional

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS

from ..distributed import gather
from ..precision import at_least_fp32


def to_tokens(x: Tensor, length: int) -> Tensor:
    """Cut joints into tokens of some frames.

    Args:
        x (Tensor): ``(N, T, V, C)``.
        length (int): Frames u of a token.

    Returns:
        Tensor: ``(N, T / u, V, u * C)``, frames first, then coordinates.
    """
    return x.unflatten(1, (-1, length)).transpose(2, 3).flatten(3)


def motion_of(x: Tensor) -> Tensor:
    """Change to the next frame, 0 in the last: ``(N, T, V, C)``, same."""
    return F.pad(x.diff(dim=1), (0, 0, 0, 0, 0, 1))


def motion_aware_mask(tokens: Tensor, ratio: float, tau: float,
                      noise: Tensor) -> Tensor:
    """Choose tokens to mask, those that move much with preference.

    MAMP (Mao et al., ICCV 2023): motion of a token is its mean absolute
    change since the token before; tokens are drawn without replacement from
    softmax(motion / (tau max motion)), by the Gumbel trick.

    Args:
        tokens (Tensor): ``(N, T_u, V, u * C)``.
        ratio (float): Share of the tokens that is masked.
        tau (float): Temperature; large is uniform.
        noise (Tensor): Uniform random numbers, ``(N, T_u, V)``.

    Returns:
        Tensor: Whether a token is masked, ``(N, T_u, V)`` of bool; the same
        number in each sample.
    """
    change = tokens.diff(dim=1).abs().mean(3)
    # A token alone in time has no motion: all joints alike.
    first = change[:, :1] if change.shape[1] else torch.zeros_like(noise)
    motion = torch.cat((first, change), 1).flatten(1)
    largest = motion.max(1, keepdim=True).values
    log_p = F.log_softmax(motion / (largest * tau + 1e-10), dim=1)
    gumbel = -torch.log(-torch.log(noise.flatten(1) + 1e-10) + 1e-10)
    total = motion.shape[1]
    chosen = (log_p + gumbel).topk(total - int(total * (1 - ratio)), 1)
    mask = torch.zeros_like(motion, dtype=torch.bool)
    return mask.scatter_(1, chosen.indices, True).view(noise.shape)


@MODELS.register_module()
class MaskedMotionHead(BaseModule):
    """A light decoder from a backbone's features to masked tokens.

    Two layers, a temporal convolution between them, and an embedding of the
    joint. The target is the motion of a token (MAMP; Mao et al., ICCV 2023)
    or its positions (SkeletonMAE; Wu et al., 2023), standardised within the
    token where ``norm_target`` is on, which takes absolute speed out of it.

    Args:
        in_channels (int): Channels D of the backbone.
        num_joints (int): V.
        dims (int): Coordinates of a joint, the first channels of the input.
            Defaults to 3.
        hid_channels (int): Width of the decoder. Defaults to 128.
        token_length (int): Frames of a token. Defaults to 4.
        target (str): 'motion' or 'position'. Defaults to 'motion'.
        norm_target (bool): Defaults to True, as in MAMP.
    """

    def __init__(self,
                 in_channels: int,
                 num_joints: int,
                 dims: int = 3,
                 hid_channels: int = 128,
                 token_length: int = 4,
                 target: str = 'motion',
                 norm_target: bool = True,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        if target not in ('motion', 'position'):
            raise InputError(f'MaskedMotionHead: target is {target!r}, '
                             "expected 'motion' or 'position'")
        self.dims = dims
        self.token_length = token_length
        self.target = target
        self.norm_target = norm_target
        self.embed = nn.Conv2d(in_channels, hid_channels, 1, bias=False)
        self.joint = nn.Parameter(
            0.02 * torch.randn(1, hid_channels, 1, num_joints))
        self.mix = nn.Sequential(
            nn.BatchNorm2d(hid_channels), nn.ReLU(),
            nn.Conv2d(hid_channels, hid_channels, (3, 1), padding=(1, 0),
                      bias=False),
            nn.BatchNorm2d(hid_channels), nn.ReLU(),
            nn.Conv2d(hid_channels, token_length * dims, 1))

    def tokens(self, x: Tensor) -> Tensor:
        """Positions as tokens, ``(N, T, V, C) -> (N, T_u, V, u * dims)``."""
        if x.shape[1] % self.token_length:
            raise InputError(
                f'MaskedMotionHead: a window has {x.shape[1]} frames, '
                f'expected a multiple of token_length={self.token_length}; '
                'change either')
        return to_tokens(x[..., :self.dims], self.token_length)

    def forward(self, maps: Tensor) -> Tensor:
        """Predict all tokens.

        Args:
            maps (Tensor): Features of single persons, ``(N, D, T_u, V)``.

        Returns:
            Tensor: ``(N, T_u, V, u * dims)``.
        """
        return self.mix(self.embed(maps) + self.joint).permute(0, 2, 3, 1)

    def targets(self, x: Tensor) -> Tensor:
        """What should be predicted, ``(N, T, V, C) -> (N, T_u, V, .)``."""
        x = x[..., :self.dims]
        y = self.tokens(motion_of(x) if self.target == 'motion' else x)
        if self.norm_target:
            y = (y - y.mean(3, keepdim=True)) / (
                y.var(3, keepdim=True) + 1e-6).sqrt()
        return y

    def loss(self, maps: Tensor, x: Tensor, mask: Tensor,
             weight: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """Mean squared error on masked tokens alone.

        Args:
            maps (Tensor): Features of single persons, ``(N, D, T', V)``;
                brought to the tokens' rate if they have another.
            x (Tensor): The skeletons as they were, ``(N, T, V, C)``.
            mask (Tensor): Which tokens were masked, ``(N, T_u, V)``.
            weight (Tensor, optional): Tokens of weight 0 do not count, like
                those of joints that were not seen, ``(N, T_u, V)``.

        Returns:
            dict[str, Tensor]: ``loss_masked``.
        """
        if maps.shape[2] != mask.shape[1]:
            maps = F.adaptive_avg_pool2d(maps, mask.shape[1:])
        prediction, target = at_least_fp32(self(maps)), self.targets(x)
        dtype = prediction.dtype
        error = (prediction - target).square().mean(3)
        mask = mask.to(dtype) if weight is None else mask * weight.to(dtype)
        # Processes whose samples count for more have a larger part in it.
        count = gather(mask.sum()[None]).mean().clamp(min=1e-6)
        return dict(loss_masked=(error * mask).sum() / count)
