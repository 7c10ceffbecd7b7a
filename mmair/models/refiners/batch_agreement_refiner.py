"""ALR by what limbs and body say of the batch at hand."""
from typing import Dict, Sequence, Tuple

import torch
from torch import Tensor

from mmair.registry import MODELS

from ..distributed import gather
from ..losses import jensen_shannon
from .label_refiner import LabelRefiner


@MODELS.register_module()
class BatchAgreementRefiner(LabelRefiner):
    """A limb agrees as far as it says of the labels what the body says.

    Our reading, an alternative to :class:`AppendageLabelRefiner` without
    lists of neighbours: c~ = 1 - JSD(q_body, q_p), the Jensen-Shannon
    divergence in bits of the teacher's label probabilities, averaged over the
    scales. It is as new as the batch, but knows no chance: two undecided
    distributions agree.

    Args:
        **kwargs: As in :class:`LabelRefiner`.
    """

    def allocate(self, groups: Tensor, body_channels: int,
                 limb_shape: Tuple[int, int]) -> None:
        """Make a buffer of the last batch's agreement, for the meters."""
        super().allocate(groups, body_channels, limb_shape)
        self.register_buffer('last_agreement', torch.zeros(()))

    @torch.no_grad()
    def agreement_of(self, body: Sequence[Tensor], limbs: Sequence[Tensor],
                     index: Tensor) -> Tensor:
        """From the label probabilities alone."""
        divergence = torch.stack([jensen_shannon(b[:, None], p)
                                  for b, p in zip(body, limbs)]).mean(0)
        agreement = (1 - divergence).clamp(0, 1)
        self.last_agreement.copy_(gather(agreement).mean())
        return agreement

    def meters(self) -> Dict[str, float]:
        """The mean agreement, of the last batch."""
        return dict(agreement=float(self.last_agreement))
