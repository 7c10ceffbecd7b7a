"""VICReg: views alike, no two dimensions alike."""
from typing import Dict, Optional

from torch import Tensor

from mmair.registry import MODELS

from .base_pretrainer import BasePretrainer, isotropy
from .skeleton_encoder import SkeletonEncoder


@MODELS.register_module()
class VICReg(BasePretrainer):
    """Self-supervision without negatives or a teacher.

    Bardes, Ponce & LeCun, ICLR 2022. Chosen over BYOL for data of 10^3
    recordings: what keeps BYOL from collapsing is a slow teacher, whose
    momentum would have to be tuned to a few hundred steps, and batch norm;
    here it is a term of the loss that can be watched.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector ("expander").
        loss (dict, optional): By default :class:`VICRegLoss`.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 loss: Optional[dict] = None,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.student = SkeletonEncoder(backbone, neck)
        self.criterion = MODELS.build(loss or dict(type='mmair.VICRegLoss'))

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with two views, ``(B, 2, M, T, V, C)``."""
        z = self.student(*self.views(inputs))
        return dict(self.criterion(z), z_std=isotropy(z))
