"""What every pre-training method shares."""
import math
from abc import abstractmethod
from typing import Dict, List, Optional, Tuple, Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor

from mmair.errors import InputError
from mmair.registry import MODELS

from ..heads import pool_windows


class BasePretrainer(BaseModel):
    """Base class of self-supervised pre-training on skeletons.

    :class:`~mmair.engine.hooks.PretrainHook` drives it: ``attach`` and ``fit``
    before a checkpoint is loaded, ``start_epoch``, ``set_progress`` before and
    ``after_step`` after each step, ``end_epoch``.

    Args:
        data_preprocessor (dict, optional): By default
            :class:`SkeletonDataPreprocessor`.
    """

    #: Share of the training that is done, in [0, 1); None outside a runner.
    progress: Optional[float] = None
    #: Views of a sample, ``num_clips`` of the batch.
    num_views: int = 2
    #: What a step costs: how many windows of a sample go forward and backward
    #: through the backbone, and how many forward alone (a teacher's).
    backbone_passes: Tuple[int, int] = (2, 0)
    #: What the method takes of a batch; it ignores the rest.
    takes: Tuple[str, ...] = ('keypoint', )

    def __init__(self, data_preprocessor=None, init_cfg=None) -> None:
        # Built here: mmengine's own registry does not know `mmair`.
        super().__init__(
            MODELS.build(data_preprocessor or dict(
                type='mmair.SkeletonDataPreprocessor')), init_cfg)

    @property
    def backbone(self) -> torch.nn.Module:
        """What is kept after pre-training: that of ``self.student``."""
        return self.student.backbone

    @abstractmethod
    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with ``num_views`` views a sample."""

    def views(self, inputs: Union[Tensor, dict]) -> List[Tensor]:
        """All views as one batch.

        Args:
            inputs (Tensor | dict): Views, ``(B, num_views, M, T, V, C)``, or
                a dict with them as ``keypoint``.

        Returns:
            list[Tensor]: What the method ``takes``, the skeletons first,
            ``(num_views * B, ...)``: all first views, all second views, ...
        """
        name = type(self).__name__
        if self.progress is None:
            raise InputError(
                f'{name} was not told the progress of the training; add '
                "dict(type='mmair.PretrainHook') to custom_hooks")
        if not isinstance(inputs, dict):
            inputs = dict(keypoint=inputs)
        found = inputs['keypoint'].shape[1]
        if found != self.num_views:
            raise InputError(
                f'{name}: a sample has {found} views, expected '
                f'{self.num_views}; set num_clips={self.num_views} in '
                'SampleWindows')
        return [inputs[part].transpose(0, 1).flatten(0, 1)
                for part in self.takes]

    def attach(self, recordings: List[dict]) -> None:
        """Allocate what is kept for each recording."""

    def fit(self, dataset, seed: int = 0) -> None:
        """Learn what is learnt from all of the data before the first step.

        Args:
            dataset (SkeletonDataset): That is trained on.
            seed (int): Of what is drawn for it. Defaults to 0.
        """

    def start_epoch(self) -> None:
        """Called before the first step of an epoch."""

    def set_progress(self, progress: float) -> None:
        """Called before each step with the share of training done."""
        self.progress = progress

    def after_step(self) -> None:
        """Called after each optimiser step."""

    def end_epoch(self, epoch: int) -> None:
        """Called after the last step of an epoch, the first being 1."""

    def meters(self) -> Dict[str, float]:
        """What to log after an epoch."""
        return {}

    def extract_feat(self, inputs: Union[Tensor, dict]) -> Tensor:
        """Features of recordings.

        Args:
            inputs (Tensor | dict): Windows, ``(B, num_clips, M, T, V, C)``.

        Returns:
            Tensor: Mean and deviation over time and windows, ``(B, 2 * D)``.
        """
        x = inputs['keypoint'] if isinstance(inputs, dict) else inputs
        return pool_windows(self.backbone(x.flatten(0, 1)), x.shape[1])

    def predict(self, inputs, data_samples: list) -> list:
        """Add ``feature``, ``(2 * D, )``, to every data sample."""
        for sample, feature in zip(data_samples, self.extract_feat(inputs)):
            sample.set_field(feature, 'feature')
        return data_samples

    def forward(self, inputs, data_samples: Optional[list] = None,
                mode: str = 'tensor'):
        """As in every mmengine model: ``loss``, ``predict``, ``tensor``."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        return self.extract_feat(inputs)


def other_view(x: Tensor) -> Tensor:
    """Swap the views of a batch ``(2 * B, ...)``."""
    return x.roll(len(x) // 2, 0)


def isotropy(z: Tensor) -> Tensor:
    """How evenly projections ``(N, d)`` point everywhere.

    The mean deviation of the normalised projections times sqrt(d): 1 where
    they are isotropic, 0 where all are alike.
    """
    z = F.normalize(z.detach(), dim=1)
    return z.std(0).mean() * math.sqrt(z.shape[1])
