"""From a sample, or a batch of samples, to what a model takes."""
from typing import List, Sequence, Union

import torch
from mmaction.datasets.transforms import PackActionInputs

from mmair.registry import TRANSFORMS


#: What may stand beside ``keypoint`` in the inputs of a model.
BESIDE = ('appendages', 'undisturbed')


@TRANSFORMS.register_module()
class PackSkeletonInputs(PackActionInputs):
    """Pack skeletons for the model, one sample or a batch at once.

    As MMAction2's ``PackActionInputs``, with the meta keys that
    self-supervision needs, and what stands beside the skeleton where
    :class:`AppendagePartition` or :class:`KeepUndisturbed` ran in the
    pipeline.

    Required Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - appendages, undisturbed (optional)
        - label (optional)
    Added Keys:
        - inputs: the skeleton, or a dict with ``keypoint`` and what is
          beside it
        - data_samples

    Args:
        meta_keys (Sequence[str]): What to keep in the sample's metainfo.
    """

    def __init__(self,
                 meta_keys: Sequence[str] = ('frame_dir', 'actor',
                                             'recording', 'sample_idx',
                                             'key', 'layout')) -> None:
        super().__init__(meta_keys=meta_keys)

    def transform(self, results: dict) -> Union[dict, List[dict]]:
        """Pack one sample, or a batch into a list of samples."""
        if isinstance(results.get('sample_idx'), torch.Tensor):
            return [self.transform(sample) for sample in _unbind(results)]
        if 'key' in results:
            results['key'] = int(results['key'])
        beside = [key for key in BESIDE if key in results]
        self.collect_keys = ('keypoint', *beside) if beside else None
        return super().transform(results)


def _unbind(batch: dict) -> List[dict]:
    """The samples of a batch: tensors and lists are cut along axis 0."""
    size = len(batch['sample_idx'])
    per_sample = {k: v for k, v in batch.items()
                  if isinstance(v, (torch.Tensor, list)) and len(v) == size}
    for name, values in per_sample.items():
        if isinstance(values, torch.Tensor) and values.ndim == 1:
            per_sample[name] = values.tolist()
    shared = {k: v for k, v in batch.items() if k not in per_sample}
    return [{**shared, **{k: v[i] for k, v in per_sample.items()
                          if v[i] is not None}} for i in range(size)]
