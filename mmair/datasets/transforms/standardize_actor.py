"""Take off what is particular to an actor, without labels."""
from collections import defaultdict
from typing import List, Tuple, Union

import numpy as np
import torch

from mmair.array_file import load_arrays
from mmair.errors import InputError
from mmair.layouts import SkeletonLayout
from mmair.registry import TRANSFORMS

from .base import SkeletonTransform
from .missing import seen_mask, with_positions

_SOURCE = f'{__name__}.save_actor_statistics'


def save_actor_statistics(recordings: List[dict], layout: SkeletonLayout,
                          path: str) -> None:
    """Write the mean posture and the tempo of every actor.

    Joints count where they were seen, steps where both their frames were.

    Args:
        recordings (list[dict]): Prepared ones, ``keypoint`` of a dataset's
            ``recordings``, ``(T, M, V, C)``, and ``actor``; labels are not
            used.
        layout (SkeletonLayout): Their layout.
        path (str): A .npz file: ``actors`` (A), ``mean`` ``(A, V, dims)``
            and ``tempo`` (A), the root mean square step of a joint from frame
            to frame over that of the mean actor.
    """
    # Counts stay whole numbers: in floating point large ones stand still.
    sums = defaultdict(lambda: [0] * 4)
    for recording in recordings:
        seen = seen_mask(recording['keypoint'], layout)[..., None]
        x = recording['keypoint'][..., :layout.dims].double()
        steps, both = x.diff(dim=0), seen[1:] & seen[:-1]
        own = [(x * seen).sum((0, 1)), seen.sum((0, 1)),
               (steps.square() * both).sum(), both.sum()]
        sums[recording['actor']] = [
            known + new for known, new in zip(sums[recording['actor']], own)]
    actors = sorted(sums)
    position, count, square, moves = (
        torch.stack(v) for v in zip(*(sums[actor] for actor in actors)))
    tempo = (square / (moves * layout.dims)).sqrt()
    # Who never moves, or is seen in single frames, keeps the tempo.
    tempo = torch.where(tempo > 1e-6, tempo, torch.nan)
    tempo = (tempo / tempo.nanmean()).nan_to_num(1.)
    np.savez(path, actors=np.array(actors),
             mean=(position / count.clamp(min=1)).float().cpu().numpy(),
             tempo=tempo.float().cpu().numpy())


@TRANSFORMS.register_module()
class StandardizeActor(SkeletonTransform):
    """Take off an actor's mean posture and go to the common tempo.

    How somebody stands and how quick they are is no emotion. The statistics
    are those of all of the actor's recordings, without labels, so results
    belong to the *adapted* track: a new actor has to be watched for a while.
    One factor for all joints: what moves more than what stays as it was.
    Comes behind :class:`SampleWindows`, before all else: turned or mirrored
    positions have another mean posture. What is missing stays at the root.

    Required Keys:
        - keypoint ``(*batch, num_clips, M, T, V, C)``
        - actor: str, or a list of B
    Modified Keys:
        - keypoint

    Args:
        statistics (str): File of :func:`save_actor_statistics`.

    Raises:
        InputError: If it is no such file.
    """

    layout = None  #: that of the dataset

    def __init__(self, statistics: str) -> None:
        self.statistics = statistics
        actors, mean, tempo = load_arrays(
            statistics, ('actors', 'mean', 'tempo'), _SOURCE).values()
        if not (actors.dtype.kind == 'U' and actors.ndim == tempo.ndim == 1
                and mean.ndim == 3 and mean.shape[-1] in (2, 3)
                and mean.dtype.kind == tempo.dtype.kind == 'f'
                and np.isfinite(mean).all() and np.isfinite(tempo).all()
                and (tempo > 0).all()):
            raise InputError(
                f'{statistics}: has {actors.size} actors, means of shape '
                f'{mean.shape} and tempos of shape {tempo.shape}, expected '
                'names, finite numbers (actors, joints, 2 or 3) and one '
                f'above 0 an actor; write it with {_SOURCE}')
        self._rows = {actor: i for i, actor in enumerate(actors.tolist())}
        self._mean, self._tempo = (torch.from_numpy(x.astype(np.float32))
                                   for x in (mean, tempo))

    def apply(self, results: dict) -> None:
        """Move and scale the coordinates; a score beside them stays."""
        x = results['keypoint']
        mean, tempo = self._of(results.get('actor'), x)
        dims = mean.shape[-1]
        results['keypoint'] = with_positions(
            x, (x[..., :dims] - mean) / tempo * self.seen_of(results))

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
