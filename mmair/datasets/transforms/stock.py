"""MMAction2's own transforms in the place of mmair's."""
from contextlib import contextmanager
from typing import Iterator, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.dataset import Compose
from torch import Tensor

from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .counter_rng import split


@contextmanager
def numpy_seed(seed: Optional[int]) -> Iterator[None]:
    """Numpy's global generator begins at a seed, and afterwards is as before.

    Args:
        seed (int, optional): None leaves it where it is.
    """
    state = np.random.get_state()
    if seed is not None:
        np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)


def y_to_z_up(x: Tensor) -> Tensor:
    """``(x, y, z) -> (x, -z, y)``, a turn about the first axis."""
    return torch.stack((x[..., 0], -x[..., 2], x[..., 1]), -1)


def z_to_y_up(x: Tensor) -> Tensor:
    """Undoes :func:`y_to_z_up`."""
    return torch.stack((x[..., 0], x[..., 2], -x[..., 1]), -1)


@TRANSFORMS.register_module()
class StockTransforms(SkeletonTransform):
    """Run transforms of MMAction2 on a sample.

    So that an ablation can tell what MMAction2's usual way of preparing
    skeletons does to emotion: ``PreNormalize3D`` turns the spine of the first
    frame upright, ``UniformSampleFrames`` stretches every recording to one
    length. It does what they lack here: they get arrays, and 3-D data with z
    up; the numbers they draw from numpy's global generator, which
    ``UniformSampleFrames`` reseeds in its test mode, are a function of the
    sample's key and leave no trace. A batch goes sample by sample.

    Required Keys:
        - keypoint ``(M, T, V, C)``, of one sample; 3-D: y up
        - layout
        - what the transforms require
    Modified Keys:
        - keypoint, and what else the transforms modify
        - key (optional), for what is drawn

    Args:
        transforms (Sequence[dict]): Of MMAction2, in their order.
        layout (str | dict, optional): The skeleton layout; by default that
            of the dataset.
    """

    def __init__(self, transforms: Sequence[dict],
                 layout: Union[str, dict, None] = None) -> None:
        self.transforms = list(transforms)
        self.layout = layout
        self._steps = Compose([TRANSFORMS.build(t) for t in transforms])

    def apply(self, results: dict) -> None:
        """Turn, run, turn back."""
        turned = self.layout_of(results).dims == 3
        x, seed = results['keypoint'], None
        if 'key' in results:
            key, results['key'] = split(torch.as_tensor(results['key']))
            seed = int(key) % 2**32
        # A copy: some of them write into what they are given.
        array = (y_to_z_up(x) if turned else x).cpu().numpy().copy()
        results['keypoint'] = array
        with numpy_seed(seed):
            self._steps(results)
        x = torch.as_tensor(results['keypoint'], dtype=torch.float32,
                            device=x.device)
        results['keypoint'] = z_to_y_up(x) if turned else x
