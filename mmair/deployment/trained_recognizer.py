"""A trained recogniser and its test pipeline, from config and checkpoint."""
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch import nn

from mmair.apis.recogniser import Recogniser
from mmair.compat import get_pred_score
from mmair.datasets.transforms import (ResampleFrames, SampleWindows,
                                       SkeletonTransform)
from mmair.errors import InputError
from mmair.layouts import SkeletonLayout
from mmair.models.heads import RecordingHead
from mmair.registry import MODELS


@dataclass(frozen=True)
class TrainedRecognizer:
    """What ``tools/test.py`` runs, for one recording at a time.

    Args:
        model (nn.Module): A ``RecognizerGCN``, in evaluation mode.
        transforms (list[Callable]): ``prepare`` and ``pipeline`` of the test
            dataset.
        layout (SkeletonLayout): That of the positions that come in.
        labels (tuple[str]): Names of the classes.
    """
    model: nn.Module
    transforms: List[SkeletonTransform]
    layout: SkeletonLayout
    labels: Tuple[str, ...]

    @property
    def fps(self) -> float:
        """float: The frame rate that the pipeline comes to."""
        return self._step(ResampleFrames).fps

    @property
    def windows(self) -> SampleWindows:
        """SampleWindows: Number and length of the windows."""
        return self._step(SampleWindows)

    def _step(self, kind: type) -> SkeletonTransform:
        return next(t for t in self.transforms if isinstance(t, kind))

    def __call__(self, keypoint: np.ndarray) -> np.ndarray:
        """Recognise a recording of one person, as ``tools/test.py`` does.

        Args:
            keypoint (np.ndarray): ``(T, V, C)`` at the pipeline's frame
                rate.

        Returns:
            np.ndarray: Probabilities, ``(num_classes, )``.
        """
        results = dict(
            keypoint=torch.as_tensor(keypoint, dtype=torch.float32)[None],
            total_frames=len(keypoint), fps=self.fps, layout=self.layout)
        for transform in self.transforms:
            results = transform(results)
        with torch.no_grad():
            sample, = self.model.test_step(pseudo_collate([results]))
        return get_pred_score(sample).numpy()


def load_recognizer(cfg: Config, checkpoint: str) -> TrainedRecognizer:
    """Build a recogniser and its test pipeline, without any data.

    Args:
        cfg (Config): Of a ``RecognizerGCN`` with
            :class:`mmair.RecordingHead`.
        checkpoint (str): Its weights.

    Returns:
        TrainedRecognizer: Model and pipeline.

    Raises:
        InputError: If config and checkpoint do not fit, or are those of
            something else.
    """
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    head = cfg.get('model', {}).get('cls_head')
    kind = head and MODELS.get(head.type)
    if kind is not None and not issubclass(kind, RecordingHead):
        raise InputError(f'{cfg.filename}: model.cls_head is {head.type!r}, '
                         'expected mmair.RecordingHead, which scores whole '
                         'recordings')
    found = Recogniser(cfg, checkpoint, device='cpu')
    # So that the model, too, answers with probabilities.
    found.model.cls_head.average_clips = 'prob'
    transforms = [*found.prepare, *found.pipeline]
    for kind in (ResampleFrames, SampleWindows):
        if sum(isinstance(t, kind) for t in transforms) != 1:
            raise InputError(
                f'{cfg.filename}: test_dataloader.dataset does not have one '
                f'{kind.__name__} in `prepare` and `pipeline`, which tells '
                'the frame rate or the windows of the input; add it')
    if found.layout is None:
        raise InputError(
            f'{cfg.filename}: maps layouts, but does not say from which; set '
            '--cfg-options test_dataloader.dataset.layout=... to that of the '
            'data')
    return TrainedRecognizer(found.model, transforms, found.layout,
                             found.classes)
