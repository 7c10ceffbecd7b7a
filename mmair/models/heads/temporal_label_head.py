"""AMDL with spans of time as its scales."""
from typing import Dict, List, Sequence

import torch
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS

from .discrete_label_head import DiscreteLabelHead


@MODELS.register_module()
class TemporalLabelHead(DiscreteLabelHead):
    """Predict discrete labels of a window, of its halves and quarters.

    Our reading of "multi-scale", an alternative to numbers of labels: a scale
    is a number of equal spans that the feature map of a window is cut into,
    coarse to fine, and all spans share one set of prototypes and one balanced
    assignment. Two views are cut anywhere from a recording, so a span of one
    has no counterpart in the other: at each scale every span predicts the
    labels of all spans of the other view. Limbs, which are not cut, predict
    them as well. The codes that are kept are those of whole windows.

    Args:
        in_channels (int): Width d of the projections.
        num_labels (int): K. Defaults to 32.
        scales (Sequence[int]): Spans at each scale, 1 first, two scales or
            more. Defaults to (1, 2, 4).
        **kwargs: As in :class:`DiscreteLabelHead`.
    """

    def __init__(self,
                 in_channels: int,
                 num_labels: int = 32,
                 scales: Sequence[int] = (1, 2, 4),
                 **kwargs) -> None:
        if (not isinstance(num_labels, int) or len(scales) < 2
                or scales[0] != 1 or min(scales) < 1):
            raise InputError(
                f'TemporalLabelHead: num_labels is {num_labels}, scales is '
                f'{tuple(scales)}, expected one number, and numbers of spans '
                'that begin with 1, the whole window')
        super().__init__(in_channels, (num_labels, ), **kwargs)
        self.scales = tuple(scales)
        self.spans = self.scales[1:]

    def log_probs(self, z: Tensor) -> List[Tensor]:
        """Log-probabilities of the labels, ``(N, ..., K)``, at each scale
        the same."""
        return super().log_probs(z) * len(self.scales)

    @torch.no_grad()
    def assign(self, z: Tensor) -> List[Tensor]:
        """Labels of teacher projections.

        Args:
            z (Tensor): Teacher projections of all views, of the window and
                of its spans at each scale, ``(N, S, d)``.

        Returns:
            list[Tensor]: The share of the spans that have a label, ``(N,
            K)`` for each scale.
        """
        labels, = super().assign(z.flatten(0, 1))
        return [spans.mean(1) for spans in labels.unflatten(
            0, z.shape[:2]).split(self.scales, 1)]

    def loss(self, z: Tensor, labels: Sequence[Tensor]) -> Dict[str, Tensor]:
        """Classify the student's projections into labels.

        Args:
            z (Tensor): Student projections, ``(N, S, d)``.
            labels (Sequence[Tensor]): Target distribution of each scale,
                ``(N, K)``.

        Returns:
            dict[str, Tensor]: ``loss_body``, the cross-entropy averaged over
            samples, spans and scales.
        """
        log_p = super().log_probs(z)[0]
        return self.cross_entropy(
            labels, [spans.mean(1) for spans in log_p.split(self.scales, 1)])
