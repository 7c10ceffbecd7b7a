"""Views on the device: transforms that run on a whole batch."""
from typing import Sequence

import torch
from mmaction.models.data_preprocessors import ActionDataPreprocessor
from mmengine.dataset import Compose
from torch import Tensor

from mmair.datasets.transforms.formatting import BESIDE
from mmair.errors import InputError
from mmair.registry import MODELS, TRANSFORMS


def stack_samples(samples: Sequence[Tensor]) -> Tensor:
    """A batch of samples.

    Args:
        samples (Sequence[Tensor]): ``(num_clips, M, T, V, C)``.

    Returns:
        Tensor: ``(B, num_clips, M, T, V, C)``.

    Raises:
        InputError: If they differ in shape.
    """
    shapes = sorted({tuple(sample.shape) for sample in samples})
    if len(shapes) > 1:
        raise InputError(
            f'a batch has samples of the shapes {shapes[0]} and {shapes[-1]} '
            '(windows, persons, frames, joints, channels), expected one; '
            "where recordings differ in persons set persons='separate' in "
            'every dataset')
    return torch.stack(list(samples))


@MODELS.register_module()
class SkeletonDataPreprocessor(ActionDataPreprocessor):
    """Stack skeletons and, in training, augment the batch on the device.

    Any :class:`SkeletonTransform` can stand here instead of in the pipeline;
    it draws the same random numbers in both places, because the samples
    bring their keys along.

    Args:
        transforms (Sequence[dict]): Transforms of training batches, on
            ``keypoint`` ``(B, num_clips, M, T, V, C)``. Defaults to none.
    """

    def __init__(self, transforms: Sequence[dict] = ()) -> None:
        super().__init__()
        self.transforms = Compose([TRANSFORMS.build(t) for t in transforms])

    def forward(self, data: dict, training: bool = False) -> dict:
        """Collate, move, transform.

        Args:
            data (dict): ``inputs``, a list of tensors ``(num_clips, M, T, V,
                C)`` or of dicts of tensors, and ``data_samples``.
            training (bool): Whether to apply the transforms.

        Returns:
            dict: ``inputs``, a tensor ``(B, num_clips, M, T, V, C)``, or a
            dict with ``keypoint`` and what transforms put beside it
            (:data:`BESIDE`), and ``data_samples``.
        """
        data = self.cast_data(data)
        inputs, samples = data['inputs'], data['data_samples']
        if isinstance(inputs, dict):
            # The default collate function makes a dict of lists.
            batch = {k: stack_samples(v).float()
                     for k, v in inputs.items()}
        else:
            batch = dict(keypoint=stack_samples(inputs).float())
        if training and self.transforms.transforms:
            if all('key' in s.metainfo for s in samples):
                batch['key'] = torch.tensor([s.key for s in samples])
            if 'layout' in samples[0].metainfo:
                batch['layout'] = samples[0].layout
            if all('actor' in s.metainfo for s in samples):
                batch['actor'] = [s.actor for s in samples]
            batch = self.transforms(batch)
        beside = [key for key in BESIDE if key in batch]
        inputs = ({k: batch[k] for k in ('keypoint', *beside)} if beside
                  else batch['keypoint'])
        return dict(inputs=inputs, data_samples=samples)
