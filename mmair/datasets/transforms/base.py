"""What all skeleton transforms share."""
from abc import abstractmethod
from typing import Optional, Union

import torch
from mmcv.transforms import BaseTransform

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout, get_layout

from .missing import score_of, seen_mask


class SkeletonTransform(BaseTransform):
    """A transform on tensors with leading batch dimensions.

    ``keypoint`` is ``(*batch, M, T, V, C)``; ``batch`` is empty for one
    sample in a pipeline and ``(B, )`` for a whole batch in the data
    preprocessor or in ``dataset.__getitems__``, on whatever device it lies.
    The same object serves both and draws the same random numbers.

    Args:
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self, layout: Union[str, dict, None] = None) -> None:
        self.layout = layout

    def transform(self, results: dict) -> dict:
        """Apply the transform to a sample or a batch, in place."""
        if not isinstance(results['keypoint'], torch.Tensor):
            results['keypoint'] = torch.as_tensor(
                results['keypoint'], dtype=torch.float32)
        self.apply(results)
        return results

    def layout_of(self, results: dict) -> SkeletonLayout:
        """The layout of the data, checked against its number of joints.

        It is the transform's own ``layout``, or else that which the dataset
        put into the sample.
        """
        layout = self.layout or results.get('layout')
        if layout is None:
            raise InputError(f'{type(self).__name__}: the sample has no '
                             'layout; use a mmair dataset or set `layout`')
        layout = get_layout(layout)
        joints = results['keypoint'].shape[-2]
        if joints != len(layout):
            raise InputError(
                f'{self.name_of(results)}: this data has {joints} joints, '
                f'the layout {layout.describe()}; set `layout` to that of '
                'the data')
        return layout

    def score_of(self, results: dict) -> Optional[torch.Tensor]:
        """The scores of 2-D data, ``(*batch, M, T, V, 1)``, if it has any.

        Without a layout, neither the transform's own nor the sample's, all
        channels are taken for coordinates.
        """
        layout = self.layout or results.get('layout')
        return score_of(results['keypoint'],
                        None if layout is None else get_layout(layout))

    def seen_of(self, results: dict) -> torch.Tensor:
        """Which joints were seen, ``(*batch, M, T, V, 1)``.

        Those with a score, or, where data has none, of persons who are not
        absent from a frame.
        """
        layout = self.layout or results.get('layout')
        return seen_mask(results['keypoint'], None if layout is None else
                         get_layout(layout))[..., None]

    @staticmethod
    def name_of(results: dict) -> str:
        """For messages: the sample, or the first one of a batch."""
        name = results.get('frame_dir', 'keypoint')
        return name if isinstance(name, str) else name[0]

    @abstractmethod
    def apply(self, results: dict) -> None:
        """Modify ``results``, whose ``keypoint`` is a tensor."""

    def __repr__(self) -> str:
        args = ', '.join(f'{k}={v!r}' for k, v in vars(self).items()
                         if not k.startswith('_'))
        return f'{type(self).__name__}({args})'
