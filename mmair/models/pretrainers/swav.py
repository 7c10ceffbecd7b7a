"""SwAV: swapped prediction of balanced clusters."""
from typing import Dict, List, Optional

from torch import Tensor

from mmair.registry import MODELS

from .base_pretrainer import BasePretrainer, isotropy, other_view
from .label_codes import LabelCodes
from .skeleton_encoder import SkeletonEncoder


@MODELS.register_module()
class SwAV(LabelCodes, BasePretrainer):
    """Online clustering without appendages and without a teacher.

    Caron et al., NeurIPS 2020, eq. 1-5: the student's own projections are
    assigned to prototypes (Sinkhorn-Knopp), and each view predicts the soft
    assignment of the other. As in AIR both views are assigned together, and
    prototypes are normalised where they are used, not after each step.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector.
        head (dict): :class:`DiscreteLabelHead`; ``hard=False`` for soft
            assignments, one entry of ``num_labels`` for one clustering.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 head: dict,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.student = SkeletonEncoder(backbone, neck)
        self.head = MODELS.build(head)

    def attach(self, recordings: List[dict]) -> None:
        """Allocate the codes."""
        self.allocate_codes(len(recordings))

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with two views.

        Args:
            inputs (Tensor | dict): ``(B, 2, M, T, V, C)``.
            data_samples (list[ActionDataSample]): With ``sample_idx``.

        Returns:
            dict[str, Tensor]: ``loss_swap`` and the meter ``z_std``.
        """
        z = self.student(*self.views(inputs))
        self.note_codes(data_samples, z.detach())
        assignments = self.head.assign(z.detach())
        losses = self.head.loss(z, [other_view(q) for q in assignments])
        return dict(loss_swap=losses['loss_body'], z_std=isotropy(z))
