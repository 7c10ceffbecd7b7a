"""A GCN beside a codebook of short movements of the limbs."""
import itertools
from typing import Callable, Dict, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from mmengine import dist
from mmengine.model import BaseModule
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from torch import Tensor

from mmair.datasets.transforms.missing import seen_mask
from mmair.errors import InputError
from mmair.layouts import LIMB_PAIRS, LIMBS, RIGHT_LIMBS, get_layout
from mmair.registry import MODELS

#: Segments that a codebook is fitted to, at most.
_SAMPLE = 40000


def whitening(x: np.ndarray, dims: int) -> Tuple[np.ndarray, np.ndarray]:
    """The projection that makes principal components alike in variance.

    Args:
        x (np.ndarray): ``(N, D)``.
        dims (int): Components that are kept, those of largest variance.

    Returns:
        tuple[np.ndarray]: The mean ``(D, )`` and the projection
        ``(D, dims)``; its last columns are 0 where fewer than ``dims`` vary.
    """
    # In double: a covariance is the difference of large numbers.
    pca = PCA(min(dims, *x.shape), svd_solver='covariance_eigh').fit(
        x.astype(np.float64))
    variance = pca.explained_variance_
    vary = variance > 1e-9 * max(variance[0], 1e-12)
    projection = np.zeros((x.shape[1], dims), x.dtype)
    projection[:, :vary.sum()] = (
        pca.components_[vary] / np.sqrt(variance[vary])[:, None]).T
    return pca.mean_.astype(x.dtype), projection


def _joint(x: Tensor, seen: Tensor) -> Tensor:
    return x


def _motion(x: Tensor, seen: Tensor) -> Tensor:
    change = x.diff(dim=1) * (seen[:, 1:] & seen[:, :-1])
    # The first frame moves as the second does: as many frames as before.
    first = change[:, :1] if x.shape[1] > 1 else torch.zeros_like(x)
    return torch.cat((first, change), 1)


def _centred(x: Tensor, seen: Tensor) -> Tensor:
    count = seen.sum(1, keepdim=True).clamp(min=1)
    return (x - (x * seen).sum(1, keepdim=True) / count) * seen


#: What of a window is cut into segments, ``(N, T, V, C)`` in and out:
#: positions, their change from frame to frame (MMAction2's joint and joint
#: motion), and positions less the mean posture of the window. The last two
#: are 0 at joints that were not seen, of which ``(N, T, V, 1)`` tells.
STREAMS: Dict[str, Callable[[Tensor, Tensor], Tensor]] = dict(
    joint=_joint, motion=_motion, centred=_centred)


@MODELS.register_module()
class AppendageCodebook(BaseModule):
    """Discrete labels of short movements, fine and coarse.

    Our reading of AIR's "appendage-refined multi-scale discrete label": what
    an arm, a leg, both arms, both legs or the midline of the body does within
    half a second is a *segment*. Segments are whitened (so that fast small
    movement counts as much as posture) and clustered; the label of a segment
    is its nearest centre. Right limbs are mirrored: both sides share one
    codebook. Posture tells who somebody is, so there are codebooks of
    movement alone beside those of positions. :meth:`fit` learns all of it
    from unlabelled recordings.

    Beside the label a segment has an activation of every code, max(0, mean
    distance - distance): the "triangle" encoding of Coates, Lee & Ng (AISTATS
    2011).

    Args:
        layout (str | dict): The skeleton layout.
        num_labels (int): Codes K of each codebook. Defaults to 128.
        length (int): Frames of a segment. Defaults to 8, at 15 Hz half a
            second.
        stride (int): Frames from one segment to the next. Defaults to 2.
        dims (int): Components that whitening keeps. Defaults to 24.
        streams (Sequence[str]): Names in ``STREAMS``, each with codebooks of
            its own. Defaults to all.
    """

    #: Parts that have codebooks: one arm, one leg, both arms, both legs, the
    #: midline.
    kinds = ('arm', 'leg', *LIMB_PAIRS, 'midline')
    #: What is labelled, and by which codebook: fine first, then coarse.
    groups: Dict[str, str] = {
        **{limb: limb.split('_')[1] for limb in LIMBS},
        'midline': 'midline', **{pair: pair for pair in LIMB_PAIRS}}

    def __init__(self,
                 layout: Union[str, dict],
                 num_labels: int = 128,
                 length: int = 8,
                 stride: int = 2,
                 dims: int = 24,
                 streams: Sequence[str] = tuple(STREAMS),
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        if not 1 <= stride <= length:
            raise InputError(
                f'AppendageCodebook: stride is {stride}, expected 1 to '
                f'length={length}, so that no frame is left out')
        unknown = [s for s in streams if s not in STREAMS]
        if unknown or not streams or len(set(streams)) < len(streams):
            raise InputError(
                f'AppendageCodebook: streams is {list(streams)}, expected '
                f'some of {", ".join(STREAMS)}, each once')
        layout = get_layout(layout)
        self.layout = layout
        self.num_labels = num_labels
        self.length, self.stride, self.dims = length, stride, dims
        self.streams = tuple(streams)
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
            for name in self.streams:
                self.register_buffer(f'mean_{name}_{kind}',
                                     torch.zeros(width))
                self.register_buffer(f'projection_{name}_{kind}',
                                     torch.zeros(width, dims))
                self.register_buffer(f'codes_{name}_{kind}',
                                     torch.zeros(num_labels, dims))

    def segments(self, x: Tensor, stream: str, group: str) -> Tensor:
        """Segments of a group of joints, as they are.

        Args:
            x (Tensor): Positions first, ``(N, T, V, C)``.
            stream (str): One of ``streams``.
            group (str): One of ``groups``.

        Returns:
            Tensor: ``(N, T_s, length * joints * dims)``, T_s about T over
            ``stride``; the first and last frame are repeated at the ends.
        """
        joints = self.joints[group]
        seen = seen_mask(x, self.layout)[:, :, joints, None]
        x = STREAMS[stream](x[:, :, joints, :self.layout.dims], seen)
        if group in RIGHT_LIMBS:
            x = torch.cat((-x[..., :1], x[..., 1:]), -1)
        x = x.flatten(2).transpose(1, 2)  # (N, joints * dims, T)
        extra = self.length - self.stride
        short = max(0, self.stride - x.shape[2])
        x = F.pad(x, (extra // 2, extra - extra // 2 + short),
                  mode='replicate')
        return x.unfold(2, self.length, self.stride).permute(
            0, 2, 3, 1).flatten(2)

    def whitened(self, x: Tensor, stream: str, group: str) -> Tensor:
        """Whitened segments, ``(N, T, V, C) -> (N, T_s, dims)``."""
        name = f'{stream}_{self.groups[group]}'
        return ((self.segments(x, stream, group)
                 - getattr(self, f'mean_{name}'))
                @ getattr(self, f'projection_{name}'))

    def distances(self, x: Tensor, stream: str, group: str) -> Tensor:
        """From each segment to each code, ``(N, T_s, K)``."""
        # Differences of large numbers: not in the precision of a network.
        with torch.autocast(x.device.type, enabled=False):
            z = self.whitened(x.float(), stream, group)
            codes = getattr(self, f'codes_{stream}_{self.groups[group]}')
            return (z.square().sum(2, keepdim=True) - 2 * z @ codes.T
                    + codes.square().sum(1)).clamp(min=0).sqrt()

    @torch.no_grad()
    def labels(self, x: Tensor) -> Tensor:
        """The label of each segment in each stream.

        Args:
            x (Tensor): Positions first, ``(N, T, V, C)``.

        Returns:
            Tensor: ``(N, T_s, G, S)`` for G groups and S streams.
        """
        return torch.stack([
            torch.stack([self.distances(x, stream, group).argmin(2)
                         for stream in self.streams], 2)
            for group in self.groups], 2)

    def pool(self, maps: Tensor) -> Tensor:
        """Features of each group, ``(N, D, T, V) -> (N, G, D, T)``."""
        mean = F.normalize(self.of_groups, p=1, dim=1).to(maps)
        return torch.einsum('ndtv,gv->ngdt', maps, mean)

    def forward(self, x: Tensor) -> Tensor:
        """Activations of the codes of all streams.

        Args:
            x (Tensor): Positions first, ``(N, T, V, C)``.

        Returns:
            Tensor: ``(N, G, T_s, S * K)`` for G groups and S streams.
        """
        result = []
        for group in self.groups:
            distance = torch.stack([self.distances(x, stream, group)
                                    for stream in self.streams], 2)
            result.append((distance.mean(3, keepdim=True)
                           - distance).clamp(min=0).flatten(2))
        return torch.stack(result, 1)

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
        for stream, kind in itertools.product(self.streams, self.kinds):
            found = torch.cat([self.segments(x, stream, group).flatten(0, 1)
                               for group, k in self.groups.items()
                               if k == kind])
            if len(found) < self.num_labels:
                raise InputError(
                    f'AppendageCodebook: the recordings have {len(found)} '
                    f'segments of {kind}, expected {self.num_labels} or '
                    'more; set a smaller num_labels')
            chosen = torch.randperm(len(found), generator=generator)[:_SAMPLE]
            found = found.cpu()[chosen].float().numpy()
            mean, projection = whitening(found, self.dims)
            codes = KMeans(self.num_labels, init='random', n_init=1,
                           max_iter=20, random_state=seed).fit(
                               (found - mean) @ projection).cluster_centers_
            for name, value in dict(mean=mean, projection=projection,
                                    codes=codes).items():
                getattr(self, f'{name}_{stream}_{kind}').copy_(
                    torch.from_numpy(value))
        # Sums of threads differ in their last digits; processes must not.
        for buffer in self.buffers():
            dist.broadcast(buffer)


@MODELS.register_module()
class AppendageInformedGCN(BaseModule):
    """A GCN whose feature map has the limbs' discrete labels beside it.

    A joint of a limb has, beside the GCN's channels, the activations of the
    limb's codes and those of its pair (both arms, both legs); a joint of the
    midline has those of the midline. Everywhere else there is 0. So every head
    and tool takes it for a GCN of ``D + 2 * S * K`` channels, for S streams of
    K codes. Gradients reach the GCN alone.

    Args:
        gcn (dict): Any MMAction2 GCN.
        codebook (dict): :class:`AppendageCodebook`.
    """

    def __init__(self, gcn: dict, codebook: dict, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.gcn = MODELS.build(gcn)
        self.codebook = MODELS.build(codebook)
        # Fine groups fill the first block of channels, pairs the second.
        layout = self.codebook.layout
        blocks = torch.zeros(2, len(self.codebook.groups), len(layout))
        for row, group in enumerate(self.codebook.groups):
            joints = self.codebook.joints[group]
            blocks[int(group in LIMB_PAIRS), row, joints] = 1
        self.register_buffer('of_joints', blocks, persistent=False)

    @property
    def graph(self):
        """The graph of the GCN, by which it is compared with the data."""
        return self.gcn.graph

    def forward(self, x: Tensor) -> Tensor:
        """``(N, M, T, V, C) -> (N, M, D + 2 * S * K, T', V)``."""
        maps = self.gcn(x)
        with torch.no_grad():
            codes = self.codebook(x.flatten(0, 1))
            # (N * M, G, T_s, S * K) -> (N * M, G * S * K, T')
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
