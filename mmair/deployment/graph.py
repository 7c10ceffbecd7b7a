"""A recogniser as one graph: raw positions in, probabilities out."""
from typing import Sequence

import torch
from torch import Tensor, nn

from mmair.datasets.transforms import SkeletonTransform
from mmair.layouts import SkeletonLayout

from .steps import graph_step


class RecordingGraph(nn.Module):
    """Test pipeline, backbone, head and softmax.

    Args:
        model (nn.Module): A ``RecognizerGCN`` with
            :class:`mmair.RecordingHead`; comes into evaluation mode.
        transforms (Sequence[SkeletonTransform]): Of the test pipeline:
            ``prepare`` and ``pipeline`` of the dataset.
        layout (SkeletonLayout): That of the positions that come in.
        fps (float): Their frame rate.

    Raises:
        InputError: If a transform cannot be a part of a graph.
    """

    def __init__(self, model: nn.Module,
                 transforms: Sequence[SkeletonTransform],
                 layout: SkeletonLayout, fps: float) -> None:
        super().__init__()
        self.model = model.eval()
        self.steps = [graph_step(transform) for transform in transforms]
        self.layout = layout
        self.fps = fps

    def forward(self, keypoint: Tensor) -> Tensor:
        """Recognise recordings of one person each, of one length.

        Args:
            keypoint (Tensor): ``(N, T, V, C)``, metres, or pixels and score.

        Returns:
            Tensor: Probabilities, ``(N, num_classes)``.
        """
        results = dict(keypoint=keypoint.unsqueeze(1), layout=self.layout,
                       fps=self.fps, num_clips=1)
        for step in self.steps:
            step(results)
        features, _ = self.model.extract_feat(results['keypoint'])
        scores = self.model.cls_head(features,
                                     num_clips=results['num_clips'])
        return torch.softmax(scores, 1)
