"""What every pre-training method shares."""
from abc import abstractmethod
from typing import Dict, List, Optional, Union

import torch
from mmengine.model import BaseModel
from torch import Tensor

from mmair.registry import MODELS

from ..heads import pool_windows


class BasePretrainer(BaseModel):
    """Base class of self-supervised pre-training on skeletons.

    :class:`~mmair.engine.hooks.PretrainHook` drives it: ``attach`` before a
    checkpoint is loaded, ``start_epoch``, ``set_progress`` before and
    ``after_step`` after each step, ``end_epoch``.

    Args:
        data_preprocessor (dict, optional): By default
            :class:`SkeletonDataPreprocessor`.
    """

    #: Share of the training that is done, in [0, 1); None outside a runner.
    progress: Optional[float] = None

    def __init__(self, data_preprocessor=None, init_cfg=None) -> None:
        # Built here: mmengine's own registry does not know `mmair`.
        super().__init__(
            MODELS.build(data_preprocessor or dict(
                type='mmair.SkeletonDataPreprocessor')), init_cfg)

    @property
    @abstractmethod
    def backbone(self) -> torch.nn.Module:
        """The student's backbone: what is kept after pre-training."""

    @abstractmethod
    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch with two views a sample."""

    def attach(self, recordings: List[dict]) -> None:
        """Allocate what is kept for each recording."""

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
