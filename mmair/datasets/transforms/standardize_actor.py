"""Take off what is particular to an actor, without labels."""
from typing import List, Tuple, Union

import numpy as np
import torch

from mmair.errors import InputError
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform


def save_actor_statistics(recordings: List[dict], dims: int,
                          path: str) -> None:
    """Write the mean posture and the tempo of every actor.

    Args:
        recordings (list[dict]): Prepared ones, ``keypoint`` of a dataset's
            ``recordings``, ``(T, M, V, C)``, and ``actor``; labels are not
            used.
        dims (int): The first so many of C are coordinates.
        path (str): A .npz file: ``actors`` (A), ``mean`` ``(A, V, dims)``
            and ``tempo`` (A), the root mean square step of a joint from frame
            to frame over that of the mean actor.
    """
    actors = sorted({recording['actor'] for recording in recordings})
    means, steps = [], []
    for actor in actors:
        own = [r['keypoint'][..., :dims].double() for r in recordings
               if r['actor'] == actor]
        means.append(torch.cat([x.flatten(0, 1) for x in own]).mean(0))
        moved = torch.cat([x.diff(dim=0).flatten() for x in own])
        steps.append(moved.square().mean().sqrt())
    tempo = torch.stack(steps)
    # Who never moves, or is seen in single frames, keeps the tempo.
    tempo = torch.where(tempo > 1e-6, tempo, torch.nan)
    tempo = (tempo / tempo.nanmean()).nan_to_num(1.)
    np.savez(path, actors=np.array(actors),
             mean=torch.stack(means).float().numpy(),
             tempo=tempo.float().numpy())


@TRANSFORMS.register_module()
class StandardizeActor(SkeletonTransform):
    """Take off an actor's mean posture and bring him to the common tempo.

    How somebody stands and how quick he is are not an emotion. The statistics
    are those of all of the actor's recordings, without labels, so results
    belong to the *adapted* track: a new actor has to be watched for a while.
    One factor for all joints: what moves more than what stays as it was.
    Comes behind :class:`SampleWindows`, before all else: turned or mirrored
    positions have another mean posture.

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
            self._mean, self._tempo = (torch.from_numpy(found[name])
                                       for name in ('mean', 'tempo'))

    def apply(self, results: dict) -> None:
        """Move and scale the coordinates; a score beside them stays."""
        x = results['keypoint']
        mean, tempo = self._of(results.get('actor'), x)
        dims = mean.shape[-1]
        results['keypoint'] = torch.cat(
            ((x[..., :dims] - mean) / tempo, x[..., dims:]), -1)

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
        mean = self._mean[rows].to(x.device)
        tempo = self._tempo[rows, None, None].to(x.device)
        if mean.shape[-2] != x.shape[-2]:
            raise InputError(
                f'{self.statistics}: is of {mean.shape[-2]} joints, the data '
                f'has {x.shape[-2]}; make it from the data that is read')
        shape = ((len(rows), ) + (1, ) * (x.ndim - 3)
                 if actor is actors else (1, ) * (x.ndim - 2))
        return tuple(s.view(*shape, *s.shape[1:]) for s in (mean, tempo))
