"""AIR: appendage-informed redundancy-ignoring discrete labels."""
from typing import Dict, List, NamedTuple, Optional, Sequence

import torch
import torch.nn.functional as F
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.layouts import LIMB_PAIRS, LIMBS, get_layout
from mmair.registry import MODELS

from .appendages import AppendageEncoder, Windows
from .base_pretrainer import isotropy, other_view
from .label_codes import LabelCodes, mean_view
from .teacher import TeacherPretrainer


class Features(NamedTuple):
    """What the network says of N windows."""
    maps: Tensor  #: the GCN's, (N, M, D, T', V)
    body: Tensor  #: pooled body feature h, (N, D)
    body_z: Tensor  #: body projections, (N, 1 + G, d): whole body, groups
    span_z: Tensor  #: body projections of spans of time, (N, S, d)
    limbs: Optional[Tensor] = None  #: limb features, (N, P, D_l)
    limb_z: Optional[Tensor] = None  #: limb projections, (N, G, d); P first

    @property
    def labelled(self) -> Tensor:
        """Projections that get labels: of windows, ``(N, d)``, or of windows
        and the spans in them, ``(N, 1 + S, d)``."""
        if not self.span_z.shape[1]:
            return self.body_z[:, 0]
        return torch.cat((self.body_z[:, :1], self.span_z), 1)


def mean_of_spans(x: Tensor, n: int) -> Tensor:
    """Means over n equal spans of time, as of ``adaptive_avg_pool1d``, whose
    gradients on a GPU are not those of the run before.

    Args:
        x (Tensor): ``(N, D, T)``.
        n (int): Spans; where T is no multiple of n they overlap by a frame.

    Returns:
        Tensor: ``(N, n, D)``.
    """
    time = x.shape[2]
    return torch.stack([
        x[..., i * time // n:-(-(i + 1) * time // n)].mean(2)
        for i in range(n)], 1)


class AIRNetwork(BaseModule):
    """Backbone and projector of the body, features of the limbs.

    Student and teacher of AIR are one each.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector of body features.
        appendage (dict, optional): Some :class:`LimbFeatures`.
        layout (SkeletonLayout): The skeleton layout.
        with_groups (bool): Whether to project the groups of limbs, too.
    """

    def __init__(self, backbone: dict, neck: dict, appendage: Optional[dict],
                 layout, with_groups: bool) -> None:
        super().__init__()
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)
        self.appendage = MODELS.build(appendage) if appendage else None
        # Groups, fine to coarse: each limb, arms and legs, all limbs.
        groups = [(limb, ) for limb in LIMBS]
        if with_groups:
            groups += [*LIMB_PAIRS.values(), LIMBS]
        of_limbs = torch.tensor([[float(limb in group) for limb in LIMBS]
                                 for group in groups])
        of_joints = torch.zeros(len(groups) if with_groups else 0,
                                len(layout))
        for row, group in zip(of_joints, groups):
            for limb in group:
                row[list(layout.limbs[limb])] = 1
        limb_joints = F.one_hot(torch.tensor(layout.limb_joints),
                                len(layout)).sum(1).float()
        self.register_buffer('limb_joints', limb_joints, persistent=False)
        for name, mean in dict(group_limbs=of_limbs,
                               group_joints=of_joints).items():
            self.register_buffer(name, F.normalize(mean, p=1, dim=1),
                                 persistent=False)

    def forward(self, skeleton: Tensor, appendages: Optional[Tensor] = None,
                spans: Sequence[int] = ()) -> Features:
        """Features and projections of N windows.

        Args:
            skeleton (Tensor): ``(N, M, T, V, C)``.
            appendages (Tensor, optional): ``(N, M, P, T, 3, C_a)``.
            spans (Sequence[int]): Numbers of equal spans of time to project,
                too. Defaults to none.
        """
        maps = self.backbone(skeleton)
        joints = maps.mean((1, 3))
        body = joints.mean(2)
        of_groups = (joints @ self.group_joints.to(joints).T).transpose(1, 2)
        frames = maps.mean((1, 4))
        of_spans = [mean_of_spans(frames, n) for n in spans]
        body_z, span_z = self.neck(torch.cat(
            (body[:, None], of_groups, *of_spans), 1)).tensor_split(
                [1 + of_groups.shape[1]], 1)
        if self.appendage is None:
            return Features(maps, body, body_z, span_z)
        limbs = self.appendage.limbs(Windows(
            self.backbone, skeleton, joints, self.limb_joints, appendages))
        limb_z = self.appendage.neck(self.group_limbs.to(limbs) @ limbs)
        return Features(maps, body, body_z, span_z, limbs, limb_z)


@MODELS.register_module()
class AIR(LabelCodes, TeacherPretrainer):
    """AIR pre-training of a skeleton backbone.

    Our reading of "Skeleton-Based Pre-Training With Discrete Labels for
    Emotion Recognition in IoT Environments" (Zhang et al., IEEE IoT-J 2025),
    of which only the abstract is public. The appendage partition (ASP) is a
    transform; a teacher, the moving average of the student, gives discrete
    labels (AMDL), limbs refine them (ALR), limbs and body are aligned (MGAA).
    The labels of AMDL are those of windows (``head``) and, where
    ``codebook`` is given, of half seconds of limbs and pairs of limbs.
    Without ``appendage`` there is AMDL alone; without ``refiner`` labels
    stay as they are; without ``alignment`` there is no MGAA.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector of body features.
        head (dict): :class:`DiscreteLabelHead` or
            :class:`TemporalLabelHead`.
        layout (str | dict): The skeleton layout of the data.
        appendage (dict, optional): :class:`AppendageEncoder`, which needs
            :class:`AppendagePartition` in the data preprocessor or pipeline,
            :class:`MaskedAppendages` or :class:`PooledAppendages`.
        appendage_loss (dict, optional): By default :class:`AppendageLoss`.
        refiner (dict, optional): :class:`AppendageLabelRefiner` or
            :class:`BatchAgreementRefiner`.
        alignment (dict, optional): :class:`MultiGranularityAlignmentLoss`.
        consistency (dict, optional): :class:`ScaleConsistencyLoss`, MGAA on
            labels. Defaults to none.
        codebook (dict, optional): :class:`AppendageCodebook`, fitted before
            the first step; needs ``segment_head``, and
            :class:`KeepUndisturbed` in the pipeline.
        segment_head (dict, optional): :class:`SegmentLabelHead`.
        momentum (float): Of the teacher at the start; it rises to 1 on a
            half cosine. Defaults to 0.99.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 head: dict,
                 layout,
                 appendage: Optional[dict] = None,
                 appendage_loss: Optional[dict] = None,
                 refiner: Optional[dict] = None,
                 alignment: Optional[dict] = None,
                 consistency: Optional[dict] = None,
                 codebook: Optional[dict] = None,
                 segment_head: Optional[dict] = None,
                 momentum: float = 0.99,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        if appendage is None and (appendage_loss or refiner or alignment):
            raise InputError('AIR: appendage_loss, refiner and alignment need '
                             'appendage; found appendage=None')
        if bool(codebook) != bool(segment_head):
            raise InputError(
                'AIR: a codebook gives the labels that segment_head learns; '
                'found one without the other, expected both or neither')
        layout = get_layout(layout)
        super().__init__(
            AIRNetwork(backbone, neck, appendage, layout, bool(alignment)),
            momentum, data_preprocessor, init_cfg)
        self.layout = layout
        if appendage:
            limbs = self.student.appendage
            self.takes += limbs.takes
            self.backbone_passes = tuple(
                n * (1 + limbs.backbone_passes) for n in self.backbone_passes)
        if segment_head:
            self.takes += ('undisturbed', )
        self.codebook = codebook and MODELS.build(
            dict(dict(layout=layout), **codebook))
        # It classifies the backbone's channels into the codebook's labels.
        self.segment_head = segment_head and MODELS.build(
            dict(dict(in_channels=self.student.neck.in_channels,
                      num_groups=len(self.codebook.groups),
                      num_streams=len(self.codebook.streams),
                      num_labels=self.codebook.num_labels),
                 **segment_head))
        self.head = MODELS.build(head)
        self.appendage_loss = appendage and MODELS.build(
            appendage_loss or dict(type='mmair.AppendageLoss'))
        self.refiner = refiner and MODELS.build(refiner)
        self.alignment = alignment and MODELS.build(alignment)
        self.consistency = consistency and MODELS.build(consistency)

    @property
    def appendage(self) -> Optional[AppendageEncoder]:
        """The student's limb encoder, which fits other layouts as well; None
        if limbs have none of their own."""
        limbs = self.student.appendage
        return limbs if isinstance(limbs, AppendageEncoder) else None

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch.

        Args:
            inputs (Tensor | dict): Two views, ``(B, 2, M, T, V, C)``; with
                ASP a dict with ``keypoint``, ``appendages`` ``(B, 2, M, P,
                T, 3, C_a)`` and, for a ``segment_head``, ``undisturbed``.
            data_samples (list[ActionDataSample]): With ``sample_idx``.

        Returns:
            dict[str, Tensor]: The losses, and meters beside them.
        """
        views = self.views(inputs)
        undisturbed = views.pop() if self.segment_head else None
        with torch.no_grad():  # first, while there is memory to reuse
            teacher = self.teacher(*views, spans=self.head.spans)
        student = self.student(*views, spans=self.head.spans)

        # AMDL: the teacher labels each view, the student the other one.
        labels = self.head.assign(teacher.labelled)
        targets = labels
        self.note(data_samples, teacher)

        losses = dict()
        if self.appendage_loss:
            agreement = torch.ones_like(teacher.limbs[..., 0])
            if self.refiner:  # ALR: limbs that agree with the body vote.
                targets, agreement = self.refiner(
                    labels, self.head.probs(teacher.body_z[:, 0]),
                    self.head.probs(self.limbs_of(teacher)),
                    self.index(data_samples).repeat(2))
                losses['refined'] = self.share_moved(labels, targets)
            losses.update(self.appendage_loss(
                self.head.log_probs(self.limbs_of(student)),
                [other_view(y) for y in labels], other_view(agreement)))
        losses.update(self.head.loss(student.labelled,
                                     [other_view(y) for y in targets]))
        if self.segment_head:  # AMDL, finest: what each limb does just now.
            losses.update(self.segment_head.loss(
                self.codebook.pool(student.maps.flatten(0, 1)),
                self.codebook.labels(undisturbed.flatten(0, 1))))
        if self.alignment:  # MGAA: limbs and body, fine and coarse.
            losses.update(self.alignment(
                student.limb_z, student.body_z[:, 1:],
                other_view(teacher.limb_z),
                other_view(teacher.body_z[:, 1:]),
                torch.cat((student.body_z[:, :1], self.limbs_of(student)),
                          1)))
        if self.consistency:  # MGAA of labels: the coarse follow the fine.
            losses.update(self.consistency(
                self.head.log_probs(student.body_z[:, 0])))
        losses['z_std'] = isotropy(student.body_z[:, 0])
        return losses

    def check(self, inputs) -> None:
        """Say in one sentence what a batch lacks."""
        if 'appendages' in self.takes and not (isinstance(inputs, dict)
                                               and 'appendages' in inputs):
            raise InputError(
                'AIR: the batch has no appendages; put '
                "dict(type='mmair.AppendagePartition') last among the "
                'transforms of the data preprocessor or before packing')
        if self.segment_head and not (isinstance(inputs, dict)
                                      and 'undisturbed' in inputs):
            raise InputError(
                'AIR: the batch has no undisturbed positions, whose segments '
                "are labelled; put dict(type='mmair.KeepUndisturbed') behind "
                'the mirror, before other disturbances')

    def views(self, inputs) -> List[Tensor]:
        """Both views as one batch: ``(2 * B, ...)``, first views first."""
        self.check(inputs)
        return super().views(inputs)

    @staticmethod
    def limbs_of(features: Features) -> Tensor:
        """Projections of the single limbs, ``(N, P, d)``."""
        return features.limb_z[:, :len(LIMBS)]

    @staticmethod
    def share_moved(before: List[Tensor], after: List[Tensor]) -> Tensor:
        """Share of the labels' mass that the refinement moved.

        Not the share of labels whose arg max it changed: a label that keeps
        half of its mass or more keeps its arg max.
        """
        return torch.stack([(a - b).abs().sum(1).mean() / 2
                            for a, b in zip(before, after)]).mean()

    # State for each recording, and what follows the training.

    def attach(self, recordings: List[dict]) -> None:
        """Allocate codes and what head, refiner and consistency keep."""
        self.allocate_codes(len(recordings))
        if self.consistency:
            self.consistency.allocate(self.head.num_labels)
            self.consistency.to(self.codes.device)
        if self.refiner:
            groups: Dict[str, int] = {}
            ids = [groups.setdefault(r['recording'], len(groups))
                   for r in recordings]
            self.refiner.allocate(
                torch.tensor(ids), self.student.neck.in_channels,
                (len(LIMBS), self.student.appendage.neck.in_channels))
            self.refiner.to(self.codes.device)

    @torch.no_grad()
    def fit(self, dataset, seed: int = 0) -> None:
        """Fit the codebook to views of the data, undisturbed."""
        if self.codebook is None:
            return
        count = min(len(dataset), 2000)
        chosen = [int(i) for i in torch.linspace(0, len(dataset) - 1, count)]
        views = []
        # The same on every process: views of one seed, sums of the CPU.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for start in range(0, count, 64):
                inputs = self.data_preprocessor(pseudo_collate(
                    dataset.__getitems__(chosen[start:start + 64])),
                    training=True)['inputs']
                self.check(inputs)
                views.append(inputs['undisturbed'].flatten(0, 2).cpu())
        self.codebook.fit(torch.cat(views), seed)

    @torch.no_grad()
    def note(self, data_samples: list, teacher: Features) -> None:
        """Keep the raw codes and the teacher's features of a batch."""
        self.note_codes(data_samples, teacher.body_z[:, 0])
        if self.refiner:
            self.refiner.observe(self.index(data_samples),
                                 mean_view(teacher.body),
                                 mean_view(teacher.limbs))

    def end_epoch(self, epoch: int) -> None:
        """Refresh what head, refiner and consistency know."""
        super().end_epoch(epoch)
        if self.consistency:
            self.consistency.refresh(self.codes)
        if self.refiner:
            self.refiner.refresh(epoch, self.progress)

    def meters(self) -> Dict[str, float]:
        """Use and churn of the codes, and what the refiner tells."""
        meters = super().meters()
        if self.refiner:
            meters.update(self.refiner.meters())
        return meters
