"""MAMP: masked motion prediction."""
from typing import Dict, Optional

import torch
from torch import Tensor

from mmair.datasets.transforms.counter_rng import fold_in, uniform
from mmair.datasets.transforms.missing import seen_joints
from mmair.layouts import get_layout
from mmair.registry import MODELS

from ..heads.masked_motion_head import motion_aware_mask, to_tokens
from .base_pretrainer import BasePretrainer

#: Folded into a sample's key; transforms use 0 and 1.
_MASK = 2


@MODELS.register_module()
class MAMP(BasePretrainer):
    """Masked reconstruction of skeletons on a GCN.

    Mao et al., ICCV 2023 (MAMP), and, with ``target='position'`` of the head,
    Wu et al., 2023 (SkeletonMAE). The originals drop masked tokens from a
    transformer; a graph convolution needs all its joints, so a learnt token
    stands where they were. Motion channels of the input are hidden one frame
    longer, because they would give the last hidden position away. The
    originals mask nine tokens of ten; a network that also sees the masked
    positions needs more visible ones.

    Args:
        backbone (dict): Any MMAction2 GCN.
        head (dict): :class:`MaskedMotionHead`; its joints and coordinates
            are those of the layout.
        layout (str | dict): The skeleton layout of the data.
        mask_ratio (float): Share of the tokens that is masked. Defaults to
            0.6.
        tau (float): Temperature of the preference for tokens that move.
            Defaults to 0.8.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    def __init__(self,
                 backbone: dict,
                 head: dict,
                 layout,
                 mask_ratio: float = 0.6,
                 tau: float = 0.8,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.student = MODELS.build(backbone)
        self.layout = get_layout(layout)
        self.head = MODELS.build(dict(
            head, num_joints=len(self.layout), dims=self.layout.dims))
        self.mask_token = torch.nn.Parameter(
            torch.zeros(backbone.get('in_channels', 3)))
        self.mask_ratio = mask_ratio
        self.tau = tau

    @property
    def backbone(self) -> torch.nn.Module:
        """The backbone: what is kept after pre-training."""
        return self.student

    def noise(self, data_samples: list, shape: tuple) -> Tensor:
        """Uniform numbers for the views of samples, a function of their keys.

        Args:
            data_samples (list[ActionDataSample]): With ``key``, or else
                torch's generator is asked.
            shape (tuple[int]): Numbers per view.

        Returns:
            Tensor: ``(num_views * B, *shape)``, first views first.
        """
        device, shape = self.mask_token.device, (self.num_views, *shape)
        if all('key' in sample.metainfo for sample in data_samples):
            keys = torch.tensor([sample.key for sample in data_samples],
                                device=device)
            noise = uniform(fold_in(keys, _MASK), shape)
        else:
            noise = torch.rand(len(data_samples), *shape, device=device)
        return noise.transpose(0, 1).flatten(0, 1)

    def hide(self, x: Tensor, mask: Tensor) -> Tensor:
        """Put the mask token over masked tokens.

        Args:
            x (Tensor): ``(N, T, V, C)``.
            mask (Tensor): ``(N, T_u, V)`` of bool.

        Returns:
            Tensor: ``(N, T, V, C)``.
        """
        hidden = mask.repeat_interleave(self.head.token_length, 1)[..., None]
        longer = hidden.clone()
        longer[:, 1:] |= hidden[:, :-1]
        dims = self.layout.dims
        hidden = torch.cat((hidden.expand(*x.shape[:3], dims), longer.expand(
            *x.shape[:3], x.shape[3] - dims)), 3)
        return torch.where(hidden, self.mask_token.to(x.dtype), x)

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with two views.

        Args:
            inputs (Tensor | dict): ``(B, 2, M, T, V, C)``.
            data_samples (list[ActionDataSample]): With ``key``.

        Returns:
            dict[str, Tensor]: ``loss_masked``.
        """
        views, = self.views(inputs)
        x = views.flatten(0, 1)  # (2 * B * M, T, V, C)
        tokens = self.head.tokens(x)
        noise = self.noise(data_samples,
                           (views.shape[1], *tokens.shape[1:3]))
        mask = motion_aware_mask(tokens, self.mask_ratio, self.tau,
                                 noise.flatten(0, 1))
        maps = self.student(self.hide(x, mask).view_as(views)).flatten(0, 1)
        return self.head.loss(maps, x, mask, self.seen_tokens(x))

    def seen_tokens(self, x: Tensor) -> Optional[Tensor]:
        """Tokens whose target is of frames in which the joint was seen,
        ``(N, T_u, V)``; or None where all are."""
        seen = seen_joints(x, self.layout)
        if seen is None:
            return None
        if self.head.target == 'motion':  # a frame's is to the next one
            seen = torch.cat((seen[:, :-1] & seen[:, 1:], seen[:, -1:]), 1)
        return to_tokens(seen[..., None], self.head.token_length).all(3)
