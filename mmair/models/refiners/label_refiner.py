"""ALR, appendage label refinement."""
from abc import abstractmethod
from typing import Dict, List, Sequence, Tuple

import torch
from mmengine.model import BaseModule
from torch import Tensor


class LabelRefiner(BaseModule):
    """Base class of refiners: limbs vote as far as they agree with the body.

    They differ in how agreement is measured. All state is in buffers.

    Args:
        beta (float): Share that a label keeps when a limb agrees fully.
            Defaults to 0.5.
        temperature (float): Of the softmax over limbs. Defaults to 0.1.
        warmup (float): Share of the training in which labels stay as they
            are. Defaults to 0.1.
    """

    def __init__(self,
                 beta: float = 0.5,
                 temperature: float = 0.1,
                 warmup: float = 0.1,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.beta = beta
        self.temperature = temperature
        self.warmup = warmup

    def allocate(self, groups: Tensor, body_channels: int,
                 limb_shape: Tuple[int, int]) -> None:
        """Make the buffers, before a checkpoint is loaded into them.

        Args:
            groups (Tensor): The recording that each sample was cut from,
                ``(N_d, )``; neighbours of the same one do not count.
            body_channels (int): Width D of the body feature.
            limb_shape (tuple[int]): ``(P, D_l)`` of the limb features.
        """
        self.register_buffer('voting', torch.zeros((), dtype=torch.bool))

    def observe(self, index: Tensor, body: Tensor, limbs: Tensor) -> None:
        """Take note of the teacher features of a batch.

        Args:
            index (Tensor): Sample indices, ``(B, )``.
            body (Tensor): Body features, ``(B, D)``.
            limbs (Tensor): Limb features, ``(B, P, D_l)``.
        """

    def refresh(self, epoch: int, progress: float) -> None:
        """Called after each epoch; after the warm-up limbs vote.

        Args:
            epoch (int): Epochs done.
            progress (float): Share of the training that is done.
        """
        if progress >= self.warmup:
            self.voting.fill_(True)

    @abstractmethod
    def agreement_of(self, body: Sequence[Tensor], limbs: Sequence[Tensor],
                     index: Tensor) -> Tensor:
        """Agreement c~ of the limbs of a batch with its bodies.

        Args:
            body (Sequence[Tensor]): The teacher's label probabilities of the
                bodies, ``(N, K_r)`` for each scale.
            limbs (Sequence[Tensor]): Those of the limbs, ``(N, P, K_r)``.
            index (Tensor): Sample indices, ``(N, )``.

        Returns:
            Tensor: ``(N, P)`` in [0, 1].
        """

    def forward(self, labels: Sequence[Tensor], body: Sequence[Tensor],
                limbs: Sequence[Tensor],
                index: Tensor) -> Tuple[List[Tensor], Tensor]:
        """Refine the labels of a batch.

        y^ = (1 - (1 - beta) a) y + (1 - beta) a sum_p w_p q_p with
        a = max_p c~_p and w = softmax_p(c~ / temperature).

        Args:
            labels (Sequence[Tensor]): ``(N, K_r)`` for each scale.
            body (Sequence[Tensor]): The teacher's label probabilities of the
                bodies, ``(N, K_r)`` for each scale.
            limbs (Sequence[Tensor]): Those of the limbs, q, ``(N, P, K_r)``
                for each scale.
            index (Tensor): Sample indices, ``(N, )``.

        Returns:
            tuple: Refined labels, ``(N, K_r)`` for each scale, and the
            agreement c~ ``(N, P)``; the labels as they are and 1 until limbs
            vote.
        """
        agreement = self.agreement_of(body, limbs, index).to(labels[0].dtype)
        if not self.voting:
            return list(labels), torch.ones_like(agreement)
        share = (1 - self.beta) * agreement.max(1, keepdim=True).values
        weight = (agreement / self.temperature).softmax(1)[..., None]
        return [(1 - share) * y + share * (weight * q).sum(1)
                for y, q in zip(labels, limbs)], agreement

    def meters(self) -> Dict[str, float]:
        """What to log after an epoch."""
        return {}
