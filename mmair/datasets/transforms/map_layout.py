"""From one skeleton to another."""
from typing import Union

import torch
from torch import Tensor

from mmair.layout_mapping import map_joints
from mmair.layouts import SkeletonLayout, get_layout
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .missing import score_of


@TRANSFORMS.register_module()
class MapLayout(SkeletonTransform):
    """Turn data of one skeleton layout into data of another.

    So a backbone that was pre-trained on one skeleton takes data of another.
    The joints follow from the roles that the table of layouts gives them,
    see :func:`mmair.layout_mapping.map_joints`: same role, same place; what
    the data has not is interpolated. Stands in ``prepare`` before
    :class:`NormalizeSkeleton`. The score of a 2-D joint is the least of
    those it is made of.

    Required Keys:
        - keypoint ``(*batch, M, T, V, C)``
    Modified Keys:
        - keypoint ``(*batch, M, T, V', C)``
        - layout: that of the target

    Args:
        to (str | dict): The skeleton layout to come to.
        layout (str | dict, optional): That of the data; by default that of
            the dataset.
    """

    def __init__(self, to: Union[str, dict],
                 layout: Union[str, dict, None] = None) -> None:
        self.to = to
        self.layout = layout
        self._weights = None, None  # of the last source

    @property
    def target(self) -> SkeletonLayout:
        """SkeletonLayout: The layout of what comes out."""
        return get_layout(self.to)

    @staticmethod
    def weights(source: SkeletonLayout, target: SkeletonLayout) -> Tensor:
        """Share of each source joint in each target joint, ``(V', V)``."""
        weights = torch.zeros(len(target), len(source))
        for row, origin in zip(weights, map_joints(source, target)):
            for joint, weight in origin.weights.items():
                row[joint] = float(weight)
        return weights

    def apply(self, results: dict) -> None:
        """Map all joints at once."""
        source, target = self.layout_of(results), self.target
        results['layout'] = target
        if source == target:
            return
        if source is not self._weights[0]:
            self._weights = source, self.weights(source, target)
        x = results['keypoint']
        weights = self._weights[1].to(x)
        mapped = weights @ x
        score = score_of(x, source)
        if score is not None:
            parts = torch.where(weights > 0, score[..., None, :, 0],
                                torch.inf)
            mapped[..., 2] = parts.amin(-1)
        results['keypoint'] = mapped
