"""The codes that an appendage codebook gives to the segments of recordings."""
from typing import List, NamedTuple, Tuple

import numpy as np
import torch
import torch.nn.functional as F

from mmair.models.backbones import AppendageCodebook

from .readout import batches


class SegmentCodes(NamedTuple):
    """What one codebook, of a kind of limb and a stream, says of N recordings.

    A recording has S segments: of each of its windows, persons, limbs of that
    kind (left and right share a codebook) and steps of time.
    """
    kind: str
    stream: str
    counts: np.ndarray  #: Segments with each code, (N, K)
    distance: np.ndarray  #: Of the nearest with that code, else inf, (N, K)
    place: np.ndarray  #: Which of the S segments that is, (N, K)
    shape: Tuple[int, ...]  #: Windows, persons, limbs, steps: S in all


@torch.no_grad()
def segment_codes(codebook: AppendageCodebook, dataset, batch_size: int = 32,
                  progress: bool = True) -> List[SegmentCodes]:
    """Label the segments of all recordings of a dataset.

    Args:
        codebook (AppendageCodebook): Fitted.
        dataset (SkeletonDataset): With a test pipeline.
        batch_size (int): Recordings at a time.
        progress (bool): Whether to show a bar. Defaults to True.

    Returns:
        list[SegmentCodes]: One for each kind of limb and stream. Persons that
        are absent, all 0, have no segments.
    """
    found = {}
    for windows in batches(dataset, batch_size,
                           'segments' if progress else None):
        x = windows.to(codebook.of_groups.device)
        present = x.flatten(3).any(3)[..., None, None]
        for kind in codebook.kinds:
            groups = [g for g, k in codebook.groups.items() if k == kind]
            for stream in codebook.streams:
                distance, label = torch.stack([
                    codebook.distances(x.flatten(0, 2), stream, group)
                    for group in groups], 1).min(3)
                shape = (*x.shape[1:3], *distance.shape[1:])
                label = F.one_hot(label, codebook.num_labels).bool()
                label = label.unflatten(0, x.shape[:3]) & present[..., None]
                label = label.flatten(1, 4)  # (B, S, K)
                nearest, place = torch.where(
                    label, distance.view(len(x), -1, 1), torch.inf).min(1)
                found.setdefault((kind, stream, shape), []).append([
                    part.cpu().numpy() for part in (label.sum(1), nearest,
                                                    place)])
    return [SegmentCodes(kind, stream, *map(np.concatenate, zip(*parts)),
                         shape)
            for (kind, stream, shape), parts in found.items()]
