"""A GCN beside a codebook of short movements of the limbs."""
from typing import Dict, List, Tuple, Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.layouts import LIMB_PAIRS, LIMBS, RIGHT_LIMBS, get_layout
from mmair.registry import MODELS

#: Segments that a codebook is fitted to, at most.
_SAMPLE = 40000


def whitening(x: Tensor, dims: int) -> Tuple[Tensor, Tensor]:
    """The projection that makes principal components alike in variance.

    Args:
        x (Tensor): ``(N, D)``.
        dims (int): Components that are kept, those of largest variance; no
            more than vary at all.

    Returns:
        tuple[Tensor]: The mean ``(D, )`` and the projection ``(D, dims)``;
        its last columns are 0 where fewer than ``dims`` vary.
    """
    x = x.double()
    mean = x.mean(0)
    values, vectors = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    values, vectors = values.flip(0)[:dims], vectors.flip(1)[:, :dims]
    # The sign of an eigenvector is free: fix it, for all machines alike.
    largest = vectors.abs().argmax(0)
    vectors = vectors * vectors.gather(0, largest[None]).sign()
    vary = values > 1e-9 * values[0].clamp(min=1e-12)
    scale = torch.where(vary, values.clamp(min=1e-30).rsqrt(),
                        torch.zeros_like(values))
    projection = torch.zeros(x.shape[1], dims, dtype=x.dtype,
                             device=x.device)
    projection[:, :len(values)] = vectors * scale
    return mean.float(), projection.float()


def squared_distances(x: Tensor, centres: Tensor) -> Tensor:
    """``(N, D), (K, D) -> (N, K)``."""
    return (x.square().sum(1, keepdim=True) - 2 * x @ centres.T
            + centres.square().sum(1)).clamp(min=0)


def k_means(x: Tensor, k: int, generator: torch.Generator,
            num_iters: int = 20) -> Tensor:
    """Lloyd's algorithm from k of the samples.

    Args:
        x (Tensor): ``(N, D)``, N at least k.
        k (int): Number of centres.
        generator (torch.Generator): Chooses the first centres, on the CPU.
        num_iters (int): Defaults to 20.

    Returns:
        Tensor: Centres, ``(k, D)``; one that nothing is near stays.
    """
    first = torch.randperm(len(x), generator=generator)[:k]
    centres = x[first.to(x.device)]
    for _ in range(num_iters):
        nearest = torch.cat([squared_distances(part, centres).argmin(1)
                             for part in x.split(8192)])
        count = torch.bincount(nearest, minlength=k)
        total = torch.zeros_like(centres).index_add_(0, nearest, x)
        used = count > 0
        centres = torch.where(used[:, None],
                              total / count.clamp(min=1)[:, None], centres)
    return centres


@MODELS.register_module()
class AppendageCodebook(BaseModule):
    """Discrete labels of short movements, fine and coarse.

    Our reading of AIR's "appendage-refined multi-scale discrete label": what
    an arm, a leg, both arms, both legs or the midline of the body does within
    half a second is a *segment*. Segments are whitened (so that fast small
    movement counts as much as posture) and clustered; the label of a segment
    is its nearest centre. Right limbs are mirrored: both sides share one
    codebook. :meth:`fit` learns all of it from unlabelled recordings.

    Beside the label a segment has an activation of every code, max(0, mean
    distance - distance): the "triangle" encoding of Coates, Lee & Ng (AISTATS
    2011).

    Args:
        layout (str | dict): The skeleton layout.
        num_labels (int): Codes K of each codebook. Defaults to 256.
        length (int): Frames of a segment. Defaults to 8, at 15 Hz half a
            second.
        stride (int): Frames from one segment to the next. Defaults to 2.
        dims (int): Components that whitening keeps. Defaults to 24.
    """

    #: Codebooks: one arm, one leg, both arms, both legs, the midline.
    kinds = ('arm', 'leg', *LIMB_PAIRS, 'midline')
    #: What is labelled, and by which codebook: fine first, then coarse.
    groups: Dict[str, str] = {
        **{limb: limb.split('_')[1] for limb in LIMBS},
        'midline': 'midline', **{pair: pair for pair in LIMB_PAIRS}}

    def __init__(self,
                 layout: Union[str, dict],
                 num_labels: int = 256,
                 length: int = 8,
                 stride: int = 2,
                 dims: int = 24,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        if not 1 <= stride <= length:
            raise InputError(
                f'AppendageCodebook: stride is {stride}, expected 1 to '
                f'length={length}, so that no frame is left out')
        layout = get_layout(layout)
        self.layout = layout
        self.num_labels = num_labels
        self.length, self.stride, self.dims = length, stride, dims
        of_limb = {limb: list(layout.limbs[limb]) for limb in LIMBS}
        self.joints = {
            **of_limb, 'midline': list(layout.midline),
            **{pair: sum((of_limb[limb] for limb in limbs), [])
               for pair, limbs in LIMB_PAIRS.items()}}
        of_groups = torch.zeros(len(self.groups), len(layout))
        for row, group in zip(of_groups, self.groups):
            row[self.joints[group]] = 1
        self.register_buffer('of_groups', of_groups, persistent=False)
        for kind in self.kinds:
            group = next(g for g, k in self.groups.items() if k == kind)
            width = length * len(self.joints[group]) * layout.dims
            self.register_buffer(f'mean_{kind}', torch.zeros(width))
            self.register_buffer(f'projection_{kind}',
                                 torch.zeros(width, dims))
            self.register_buffer(f'codes_{kind}',
                                 torch.zeros(num_labels, dims))

    def segments(self, x: Tensor, group: str) -> Tensor:
        """Segments of a group of joints, as they are.

        Args:
            x (Tensor): Positions first, ``(N, T, V, C)``.
            group (str): One of ``groups``.

        Returns:
            Tensor: ``(N, T_s, length * joints * dims)``, T_s about T over
            ``stride``; the first and last frame are repeated at the ends.
        """
        x = x[:, :, self.joints[group], :self.layout.dims]
        if group in RIGHT_LIMBS:
            x = torch.cat((-x[..., :1], x[..., 1:]), -1)
        x = x.flatten(2).transpose(1, 2)  # (N, joints * dims, T)
        extra = self.length - self.stride
        short = max(0, self.stride - x.shape[2])
        x = F.pad(x, (extra // 2, extra - extra // 2 + short),
                  mode='replicate')
        return x.unfold(2, self.length, self.stride).permute(
            0, 2, 3, 1).flatten(2)

    def whitened(self, x: Tensor, group: str) -> Tensor:
        """Whitened segments, ``(N, T, V, C) -> (N, T_s, dims)``."""
        kind = self.groups[group]
        return ((self.segments(x, group) - getattr(self, f'mean_{kind}'))
                @ getattr(self, f'projection_{kind}'))

    def distances(self, x: Tensor, group: str) -> Tensor:
        """From each segment to each code, ``(N, T_s, K)``."""
        # Differences of large numbers: not in the precision of a network.
        with torch.autocast(x.device.type, enabled=False):
            segments = self.whitened(x.float(), group)
            codes = getattr(self, f'codes_{self.groups[group]}')
            return squared_distances(segments.flatten(0, 1), codes).sqrt(
                ).unflatten(0, segments.shape[:2])

    @torch.no_grad()
    def labels(self, x: Tensor) -> Tensor:
        """The label of each segment, ``(N, T, V, C) -> (N, T_s, G)``."""
        return torch.stack([self.distances(x, group).argmin(2)
                            for group in self.groups], 2)

    def pool(self, maps: Tensor) -> Tensor:
        """Features of each group, ``(N, D, T, V) -> (N, G, D, T)``."""
        mean = F.normalize(self.of_groups, p=1, dim=1).to(maps)
        return torch.einsum('ndtv,gv->ngdt', maps, mean)

    def forward(self, x: Tensor) -> List[Tensor]:
        """Activations of all codes, ``(N, T, V, C) -> G x (N, T_s, K)``."""
        result = []
        for group in self.groups:
            distance = self.distances(x, group)
            result.append((distance.mean(2, keepdim=True)
                           - distance).clamp(min=0))
        return result

    @torch.no_grad()
    def fit(self, x: Tensor, seed: int = 0) -> None:
        """Learn whitening and codes.

        Args:
            x (Tensor): Windows of unlabelled recordings, ``(N, T, V, C)``.
            seed (int): Of the choice of segments and of first centres.

        Raises:
            InputError: If there are fewer segments than codes.
        """
        generator = torch.Generator().manual_seed(seed)
        for kind in self.kinds:
            found = torch.cat([self.segments(x, group).flatten(0, 1)
                               for group, k in self.groups.items()
                               if k == kind])
            if len(found) < self.num_labels:
                raise InputError(
                    f'AppendageCodebook: the recordings have {len(found)} '
                    f'segments of {kind}, expected {self.num_labels} or '
                    'more; set a smaller num_labels')
            chosen = torch.randperm(len(found), generator=generator)[:_SAMPLE]
            found = found[chosen.to(found.device)].float()
            mean, projection = whitening(found, self.dims)
            codes = k_means((found - mean) @ projection, self.num_labels,
                            generator)
            for name, value in dict(mean=mean, projection=projection,
                                    codes=codes).items():
                getattr(self, f'{name}_{kind}').copy_(value)


@MODELS.register_module()
class AppendageInformedGCN(BaseModule):
    """A GCN whose feature map has the limbs' discrete labels beside it.

    A joint of a limb has, beside the GCN's channels, the activations of the
    limb's codes and those of the pair (both arms, both legs); a joint of the
    midline has those of the midline; the others have 0. So every head and
    tool takes it for a GCN of ``D + 2 * K`` channels. Gradients reach the
    GCN alone.

    Args:
        gcn (dict): Any MMAction2 GCN.
        codebook (dict): :class:`AppendageCodebook`.
    """

    def __init__(self, gcn: dict, codebook: dict, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.gcn = MODELS.build(gcn)
        self.codebook = MODELS.build(codebook)
        # Fine groups fill the first block of channels, pairs the second.
        coarse = torch.tensor([group in LIMB_PAIRS
                               for group in self.codebook.groups])
        blocks = torch.stack((~coarse, coarse)).float()[..., None]
        self.register_buffer('of_joints', blocks * self.codebook.of_groups,
                             persistent=False)

    @property
    def graph(self):
        """The graph of the GCN, by which it is compared with the data."""
        return self.gcn.graph

    def forward(self, x: Tensor) -> Tensor:
        """``(N, M, T, V, C) -> (N, M, D + 2 * K, T', V)``."""
        maps = self.gcn(x)
        with torch.no_grad():
            codes = torch.stack(self.codebook(x.flatten(0, 1)), 1)
            # (N * M, G, T_s, K) -> (N * M, G * K, T')
            codes = F.interpolate(
                codes.transpose(2, 3).flatten(1, 2), size=maps.shape[3])
            codes = codes.unflatten(1, (len(self.codebook.groups), -1))
            codes = torch.einsum('ngkt,bgv->nbktv', codes,
                                 self.of_joints.to(codes))
            codes = codes.flatten(1, 2).unflatten(0, maps.shape[:2])
        return torch.cat((maps, codes.to(maps)), 2)


def encoder_config(model: dict) -> Tuple[dict, str]:
    """What of a pre-training model recognises, and the file that it is in.

    Args:
        model (dict): Config of a pre-training model.

    Returns:
        tuple: The config of its backbone and ``backbone.pth``, or of an
        :class:`AppendageInformedGCN` and ``encoder.pth`` where the model has
        a codebook; both files are written by :class:`PretrainHook`.
    """
    if not model.get('codebook'):
        return model['backbone'], 'backbone.pth'
    return dict(type='mmair.AppendageInformedGCN', gcn=model['backbone'],
                codebook=dict(dict(layout=model['layout']),
                              **model['codebook'])), 'encoder.pth'


def encoder_of(model: dict, state: Dict[str, Tensor]) -> dict:
    """The config of the backbone that weights belong to.

    Args:
        model (dict): Config of a pre-training model.
        state (dict[str, Tensor]): From ``backbone.pth`` or ``encoder.pth``.

    Returns:
        dict: With the codebook where the weights hold one.
    """
    informed = any(name.startswith('codebook.') for name in state)
    return encoder_config(model)[0] if informed else model['backbone']
