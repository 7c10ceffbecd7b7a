"""MGAA on labels: what is said at one scale follows from the next one."""
from typing import Dict, List, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS

from .jensen_shannon import jensen_shannon


def coarse_given_fine(coarse: Tensor, fine: Tensor, num_coarse: int,
                      num_fine: int) -> Tensor:
    """How often a coarse code comes with each fine one.

    Args:
        coarse (Tensor): Codes of recordings, -1 where not known, ``(N_d, )``.
        fine (Tensor): Their codes at the next scale, likewise.
        num_coarse (int): K_r.
        num_fine (int): K_(r+1).

    Returns:
        Tensor: M, ``(K_r, K_(r+1))``. Columns sum to 1; a fine code that no
        recording has, has the shares of the coarse codes among all.
    """
    known = (coarse >= 0) & (fine >= 0)
    count = torch.bincount(coarse[known] * num_fine + fine[known],
                           minlength=num_coarse * num_fine)
    count = count.view(num_coarse, num_fine).double()
    used = count.sum(0) > 0
    count = torch.where(used, count, count.sum(1, keepdim=True))
    return count / count.sum(0)


@MODELS.register_module()
class ScaleConsistencyLoss(BaseModule):
    """Coarse labels say what the fine ones imply (MGAA on labels).

    Our reading of "maintain consistency across multiple scales": JSD(p_r, M
    p_(r+1)) in bits, averaged over samples and pairs of scales, where p are
    the student's label probabilities, coarse to fine, and M is
    :func:`coarse_given_fine` of the codes of all recordings. M is renewed
    with the codes after each epoch and gets no gradient; until the first
    renewal the loss is 0.

    Args:
        loss_weight (float): Defaults to 0.2.
    """

    def __init__(self, loss_weight: float = 0.2, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.loss_weight = loss_weight

    def allocate(self, num_labels: Sequence[int]) -> None:
        """Make the buffers, before a checkpoint is loaded into them.

        Args:
            num_labels (Sequence[int]): K_r of each scale.

        Raises:
            InputError: If there is one scale alone.
        """
        if len(num_labels) < 2:
            raise InputError(
                f'ScaleConsistencyLoss: the head has num_labels='
                f'{tuple(num_labels)}, expected two numbers or more; without '
                'several there is nothing to be consistent')
        for r, shape in enumerate(zip(num_labels, num_labels[1:])):
            self.register_buffer(f'given_{r}', torch.zeros(shape))
        self.register_buffer('known', torch.zeros((), dtype=torch.bool))

    @property
    def given(self) -> List[Tensor]:
        """M of each pair of scales, ``(K_r, K_(r+1))``."""
        return [m for name, m in self.named_buffers()
                if name.startswith('given_')]

    @torch.no_grad()
    def refresh(self, codes: Tensor) -> None:
        """Called after each epoch.

        Args:
            codes (Tensor): Of all recordings, -1 where not known, ``(R,
                N_d)``.
        """
        for m, coarse, fine in zip(self.given, codes, codes[1:]):
            m.copy_(coarse_given_fine(coarse, fine, *m.shape))
        self.known.fill_(True)

    def forward(self, log_probs: Sequence[Tensor]) -> Dict[str, Tensor]:
        """Loss of a batch.

        Args:
            log_probs (Sequence[Tensor]): The student's log-probabilities,
                ``(N, K_r)`` for each scale.

        Returns:
            dict[str, Tensor]: ``loss_consistency``.
        """
        p = [log_p.exp() for log_p in log_probs]
        per_pair = [jensen_shannon(coarse, fine @ m.to(fine).T).mean()
                    for m, coarse, fine in zip(self.given, p, p[1:])]
        return dict(loss_consistency=self.loss_weight * self.known
                    * torch.stack(per_pair).mean())
