"""ALR by nearest neighbours."""
import logging
from typing import Dict, Optional, Sequence, Tuple

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from scipy.stats import hypergeom
from torch import Tensor

from mmair.evaluation.representation import (effective_rank, linear_cka,
                                             some_of)
from mmair.registry import MODELS

from ..distributed import gather
from .label_refiner import LabelRefiner


def nearest(features: Tensor, groups: Tensor, k: int,
            among: Optional[Tensor] = None, chunk: int = 1024) -> Tensor:
    """Exact nearest neighbours by cosine, none of the sample's own group.

    Args:
        features (Tensor): ``(N, D)``.
        groups (Tensor): Group of every sample, ``(N, )``.
        k (int): Number of neighbours.
        among (Tensor, optional): Samples that may be neighbours, ``(M, )``.
            By default all.
        chunk (int): Rows at a time, bounds the memory.

    Returns:
        Tensor: Indices, ``(N, k)``.
    """
    features = F.normalize(features, dim=1)
    if among is None:
        among = torch.arange(len(features), device=features.device)
    candidates, their = features[among], groups[among]
    lists = []
    for rows, own in zip(features.split(chunk), groups.split(chunk)):
        similarity = rows @ candidates.T
        similarity[own[:, None] == their] = -torch.inf
        lists.append(among[similarity.topk(k, dim=1).indices])
    return torch.cat(lists)


def jaccard(a: Tensor, b: Tensor) -> Tensor:
    """Agreement of neighbour lists, ``(N, k), (N, k) -> (N, )``."""
    shared = (a[:, :, None] == b[:, None, :]).any(2).sum(1)
    return shared / (a.shape[1] + b.shape[1] - shared)


def chance_jaccard(num_candidates: int, k: int) -> Tuple[float, float]:
    """Mean and deviation of the agreement of independent lists.

    Two lists of k out of n candidates share a hypergeometric number.

    Args:
        num_candidates (int): n.
        k (int): Length of the lists.

    Returns:
        tuple[float]: Mean c0 and standard deviation s0 of the Jaccard index.
    """
    shared = torch.arange(k + 1, dtype=torch.float64)
    prob = torch.as_tensor(hypergeom(num_candidates, k, k).pmf(shared))
    value = shared / (2 * k - shared)
    mean = (prob * value).sum()
    return float(mean), float((prob * (value - mean)**2).sum().sqrt())


@MODELS.register_module()
class AppendageLabelRefiner(LabelRefiner):
    """Refine discrete labels by limbs that agree with the body (ALR).

    Our reading of AIR's appendage label refinement ("refines the generated
    categories by using the relationships between the skeleton and the various
    appendages"), structurally that of PPLR (Cho et al., CVPR 2022): a limb
    has a say in the label of a recording as far as its nearest neighbours
    are the body's. What chance alone explains is taken off first, because
    uncorrected agreement is mostly noise; limbs at chance are redundant and
    do not vote.

    Neighbours are found among the teacher features of the epoch, collected
    as they pass by. All state is in buffers.

    Args:
        num_neighbors (int): k, 10 up to 10^3 recordings, 20 above. Defaults
            to 10.
        interval (int): Epochs from one refresh to the next. Defaults to 2.
        max_candidates (int): Recordings that may be neighbours. Of a larger
            set so many are drawn, so that a refresh takes time in
            proportion to the set, not to its square. Defaults to 20000.
        chance_correction (bool): Whether to take off what chance explains.
            Without it the agreement is the Jaccard index of the lists as it
            is, as in PPLR. Defaults to True.
        **kwargs: As in :class:`LabelRefiner`.
    """

    def __init__(self,
                 num_neighbors: int = 10,
                 interval: int = 2,
                 max_candidates: int = 20000,
                 chance_correction: bool = True,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        self.num_neighbors = num_neighbors
        self.interval = interval
        self.max_candidates = max_candidates
        self.chance_correction = chance_correction

    def allocate(self, groups: Tensor, body_channels: int,
                 limb_shape: Tuple[int, int]) -> None:
        """Make banks of features, and the agreement of each recording."""
        total = len(groups)
        self.register_buffer('groups', groups, persistent=False)
        self.register_buffer('body_bank', torch.zeros(total, body_channels))
        self.register_buffer('limb_bank', torch.zeros(total, *limb_shape))
        self.register_buffer('agreement', torch.zeros(total, limb_shape[0]))
        self.register_buffer('chance_ratio', torch.zeros(()))
        super().allocate(groups, body_channels, limb_shape)

    @torch.no_grad()
    def observe(self, index: Tensor, body: Tensor, limbs: Tensor) -> None:
        """Keep the teacher features of a batch."""
        index = gather(index)
        self.body_bank[index] = gather(body).to(self.body_bank)
        self.limb_bank[index] = gather(limbs).to(self.limb_bank)

    @torch.no_grad()
    def refresh(self, epoch: int, progress: float) -> None:
        """Measure anew how far the limbs agree with the body."""
        if epoch % self.interval == 0 and progress >= self.warmup:
            measured = self.measured_agreement()
            if measured is None:
                print_log(
                    'AppendageLabelRefiner: all recordings are of one '
                    'session, so there are no neighbours of other sessions '
                    'and limbs do not vote', 'current', logging.WARNING)
                return
            self.agreement.copy_(measured)
            self.voting.fill_(True)

    def measured_agreement(self) -> Optional[Tensor]:
        """Agreement of each limb, beyond chance, ``(N_d, P)`` in [0, 1].

        c~ = clip((c - c0 - 2 s0) / max(q90(c) - c0 - 2 s0, 3 s0), 0, 1), or
        c itself without ``chance_correction``. None where a recording has no
        neighbour of another session.
        """
        pool = some_of(len(self.groups), self.max_candidates).to(
            self.groups.device)
        own = torch.bincount(self.groups[pool],
                             minlength=int(self.groups.max()) + 1)
        candidates = len(pool) - own[self.groups]
        k = min(self.num_neighbors, int(candidates.min()))
        if k < 1:
            return None
        body = nearest(self.body_bank, self.groups, k, pool)
        c = torch.stack([
            jaccard(body, nearest(limb, self.groups, k, pool))
            for limb in self.limb_bank.unbind(1)], 1)
        by_count = {n: chance_jaccard(n, k)
                    for n in candidates.unique().tolist()}
        mean, deviation = c.new_tensor(
            [by_count[n] for n in candidates.tolist()]).T[..., None]
        self.chance_ratio.fill_(float(c.mean() / mean.mean().clamp(1e-12)))
        # Recordings that no batch has had (the last one is dropped) look
        # alike to body and limbs.
        seen = self.body_bank.any(1, keepdim=True)
        if not self.chance_correction:
            return c * seen
        floor = mean + 2 * deviation
        # sorted by hand: torch.quantile refuses more than 2^24 numbers
        q90 = c.flatten().sort().values[int(0.9 * (c.numel() - 1))]
        scale = torch.maximum(q90 - floor, 3 * deviation).clamp(min=1e-12)
        return ((c - floor) / scale).clamp(0, 1) * seen

    def agreement_of(self, body: Tensor, limbs: Sequence[Tensor],
                     index: Tensor) -> Tensor:
        """What was measured at the last refresh."""
        return self.agreement[index]

    def meters(self) -> Dict[str, float]:
        """Agreement, rank and likeness of the features.

        Returns:
            dict[str, float]: The agreement of limbs with the body, beyond
            chance and over it, the effective rank of the body features, and
            their CKA with the limbs'.
        """
        some = some_of(len(self.groups)).to(self.groups.device)
        body, limbs = self.body_bank[some], self.limb_bank[some].flatten(1)
        return dict(
            agreement=float(self.agreement.mean()),
            agreement_over_chance=float(self.chance_ratio),
            rank_body=effective_rank(body),
            cka_body_limbs=linear_cka(body, limbs))
