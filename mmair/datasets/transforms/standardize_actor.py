"""Take off what is particular to an actor, without labels."""
from typing import Dict, List, Tuple, Union

import numpy as np
import torch

from mmair.errors import InputError
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform


def save_actor_statistics(recordings: List[dict], dims: int,
                          path: str) -> None:
    """Write mean and deviation of every joint of every actor.

    Args:
        recordings (list[dict]): Prepared ones, ``keypoint`` of a dataset's
            ``recordings``, ``(T, M, V, C)``, and ``actor``; labels are not
            used.
        dims (int): The first so many of C are coordinates.
        path (str): A .npz file.
    """
    sums: Dict[str, List[torch.Tensor]] = {}
    for recording in recordings:
        x = recording['keypoint'][..., :dims].double().flatten(0, 1)
        part = [torch.tensor(float(len(x))), x.sum(0), x.square().sum(0)]
        actor = recording['actor']
        sums[actor] = [a + b for a, b in zip(sums[actor], part)] \
            if actor in sums else part
    actors = sorted(sums)
    mean = torch.stack([sums[a][1] / sums[a][0] for a in actors])
    square = torch.stack([sums[a][2] / sums[a][0] for a in actors])
    std = (square - mean**2).clamp(min=0).sqrt()
    # What never moves, as the root, stays where it is.
    std[std < 1e-4] = 1
    np.savez(path, actors=np.array(actors), mean=mean.float().numpy(),
             std=std.float().numpy())


@TRANSFORMS.register_module()
class StandardizeActor(SkeletonTransform):
    """Standardise every joint by its actor's mean and deviation.

    An actor's posture and size of movement are not an emotion. The statistics
    are those of all of the actor's recordings, without labels, so results
    belong to the *adapted* track: a new actor has to be watched for a while.
    Comes after the augmentations and before :class:`AppendMotion`.

    Required Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - actor: str, or a list of B
    Modified Keys:
        - keypoint

    Args:
        statistics (str): File of :func:`save_actor_statistics`.
    """

    def __init__(self, statistics: str) -> None:
        self.statistics = statistics
        with np.load(statistics, allow_pickle=False) as found:
            self._rows = {a: i for i, a in enumerate(
                found['actors'].tolist())}
            self._mean, self._std = (torch.from_numpy(found[name])
                                     for name in ('mean', 'std'))

    def apply(self, results: dict) -> None:
        """Standardise the coordinates; a score beside them stays."""
        x = results['keypoint']
        mean, std = self._of(results.get('actor'), x)
        dims = mean.shape[-1]
        results['keypoint'] = torch.cat(
            ((x[..., :dims] - mean) / std, x[..., dims:]), -1)

    def _of(self, actor: Union[str, List[str], None],
            x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        actors = actor if isinstance(actor, (list, tuple)) else [actor]
        unknown = [a for a in actors if a not in self._rows]
        if unknown:
            raise InputError(
                f'{self.statistics}: has no statistics of the actor '
                f'{unknown[0]!r}, only of {", ".join(self._rows)}; make them '
                'from the data that is read')
        rows = [self._rows[a] for a in actors]
        mean, std = (s[rows].to(x.device) for s in (self._mean, self._std))
        if mean.shape[-2] != x.shape[-2]:
            raise InputError(
                f'{self.statistics}: is of {mean.shape[-2]} joints, the data '
                f'has {x.shape[-2]}; make it from the data that is read')
        shape = ((len(rows), ) + (1, ) * (x.ndim - 3)
                 if actor is actors else (1, ) * (x.ndim - 2))
        return tuple(s.view(*shape, *s.shape[1:]) for s in (mean, std))
