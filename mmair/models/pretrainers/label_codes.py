"""The discrete label of every recording, kept while a training goes on."""
from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor

from mmair.evaluation.label_quality import churn, usage

from ..distributed import gather


def mean_view(x: Tensor) -> Tensor:
    """The mean of both views of each sample, ``(2 * B, ...) -> (B, ...)``."""
    return x.unflatten(0, (2, -1)).mean(0)


class LabelCodes:
    """Part of a pre-training model with a :class:`DiscreteLabelHead`.

    Keeps the raw arg-max code of every recording at each scale, this epoch's
    and the last one's, in buffers; ``LabelMeterHook`` reads them.
    """

    def allocate_codes(self, num_recordings: int) -> None:
        """Make the buffers ``codes`` and ``previous_codes``, ``(R, N_d)``,
        and those of the head."""
        device = next(self.parameters()).device
        shape = (len(self.head.num_labels), num_recordings)
        for name in ('codes', 'previous_codes'):
            self.register_buffer(
                name, torch.full(shape, -1, device=device))
        self.head.allocate(num_recordings)

    def index(self, data_samples: list) -> Tensor:
        """Sample indices, ``(B, )``."""
        return torch.tensor([s.sample_idx for s in data_samples],
                            device=self.codes.device)

    @torch.no_grad()
    def note_codes(self, data_samples: list, z: Tensor) -> None:
        """Keep the codes of projections of both views, ``(2 * B, d)``."""
        index = self.index(data_samples)
        for codes, similarity in zip(self.codes, self.head.similarities(z)):
            codes[gather(index)] = gather(mean_view(similarity).argmax(1))
        self.head.observe(index, mean_view(F.normalize(z, dim=1)))

    def set_progress(self, progress: float) -> None:
        """Schedule: prototypes are frozen at first."""
        super().set_progress(progress)
        self.head.set_progress(progress)

    def start_epoch(self) -> None:
        """Remember the codes of the last epoch."""
        self.previous_codes.copy_(self.codes)

    def end_epoch(self, epoch: int) -> None:
        """Refresh what the head knows."""
        self.head.refresh()

    def meters(self) -> Dict[str, float]:
        """Use and churn of the codes.

        Returns:
            dict[str, float]: For each scale K the perplexity of the raw
            arg-max codes as a share of K (1 is even use) and the share of
            recordings whose code changed.
        """
        meters = dict()
        for k, codes, previous in zip(
                self.head.num_labels, self.codes.cpu().numpy(),
                self.previous_codes.cpu().numpy()):
            meters[f'usage_{k}'] = usage(codes[codes >= 0],
                                         k)['perplexity_share']
            flips = churn(codes, previous)
            if flips is not None:
                meters[f'flips_{k}'] = flips
        return meters
