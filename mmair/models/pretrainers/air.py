"""AIR: appendage-informed redundancy-ignoring discrete labels."""
from typing import Dict, List, NamedTuple, Optional

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmair.errors import InputError
from mmair.evaluation.representation import effective_rank, linear_cka
from mmair.layouts import LIMB_PAIRS, LIMBS, get_layout
from mmair.registry import MODELS

from .base_pretrainer import isotropy, other_view
from .label_codes import LabelCodes, mean_view
from .teacher import TeacherPretrainer


class Features(NamedTuple):
    """What the network says of N windows."""
    body: Tensor  #: pooled body feature h, (N, D)
    body_z: Tensor  #: body projections, (N, 1 + G, d): whole body, groups
    limbs: Optional[Tensor] = None  #: limb features, (N, P, D_l)
    limb_z: Optional[Tensor] = None  #: limb projections, (N, G, d); P first


@MODELS.register_module()
class AppendageEncoder(BaseModule):
    """An own small encoder for the limbs.

    All limbs go through one backbone, folded into the batch, so that it
    transfers between layouts and its opinion is independent of the body's.

    Args:
        backbone (dict): Any MMAction2 GCN on the graph of a limb
            (``mmair.layouts.LIMB_GRAPH``) with ``num_person=1``.
        neck (dict): Projector of limb features.
    """

    def __init__(self, backbone: dict, neck: dict, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)

    def forward(self, appendages: Tensor) -> Tensor:
        """Limb features, ``(N, M, P, T, 3, C_a) -> (N, P, D_l)``."""
        x = self.backbone(appendages.flatten(0, 2).unsqueeze(1))
        return x.mean((1, 3, 4)).view(*appendages.shape[:3], -1).mean(1)


class AIRNetwork(BaseModule):
    """Backbone and projector of the body, encoder of the limbs.

    Student and teacher of AIR are one each.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector of body features.
        appendage (dict, optional): :class:`AppendageEncoder`.
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
        for name, mean in dict(group_limbs=of_limbs,
                               group_joints=of_joints).items():
            self.register_buffer(name, F.normalize(mean, p=1, dim=1),
                                 persistent=False)

    def forward(self, skeleton: Tensor,
                appendages: Optional[Tensor] = None) -> Features:
        """Features and projections of N windows.

        Args:
            skeleton (Tensor): ``(N, M, T, V, C)``.
            appendages (Tensor, optional): ``(N, M, P, T, 3, C_a)``.
        """
        joints = self.backbone(skeleton).mean((1, 3))
        body = joints.mean(2)
        of_groups = (joints @ self.group_joints.to(joints).T).transpose(1, 2)
        body_z = self.neck(torch.cat((body[:, None], of_groups), 1))
        if self.appendage is None:
            return Features(body, body_z)
        limbs = self.appendage(appendages)
        limb_z = self.appendage.neck(self.group_limbs.to(limbs) @ limbs)
        return Features(body, body_z, limbs, limb_z)


@MODELS.register_module()
class AIR(LabelCodes, TeacherPretrainer):
    """AIR pre-training of a skeleton backbone.

    Our reading of "Skeleton-Based Pre-Training With Discrete Labels for
    Emotion Recognition in IoT Environments" (Zhang et al., IEEE IoT-J 2025),
    of which only the abstract is public. The appendage partition (ASP) is a
    transform; a teacher, the moving average of the student, gives discrete
    labels (AMDL), limbs refine them (ALR), limbs and body are aligned (MGAA).
    Without ``appendage`` there is AMDL alone; without ``refiner`` labels
    stay as they are; without ``alignment`` there is no MGAA.

    Args:
        backbone (dict): Any MMAction2 GCN.
        neck (dict): Projector of body features.
        head (dict): :class:`DiscreteLabelHead`.
        layout (str | dict): The skeleton layout of the data.
        appendage (dict, optional): :class:`AppendageEncoder`; needs
            :class:`AppendagePartition` in the data preprocessor or pipeline.
        appendage_loss (dict, optional): By default :class:`AppendageLoss`.
        refiner (dict, optional): :class:`AppendageLabelRefiner`.
        alignment (dict, optional): :class:`MultiGranularityAlignmentLoss`.
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
                 momentum: float = 0.99,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg=None) -> None:
        if appendage is None and (appendage_loss or refiner or alignment):
            raise InputError('AIR: appendage_loss, refiner and alignment need '
                             'appendage; found appendage=None')
        super().__init__(
            AIRNetwork(backbone, neck, appendage, get_layout(layout),
                       bool(alignment)),
            momentum, data_preprocessor, init_cfg)
        if appendage:
            self.takes = ('keypoint', 'appendages')
        self.head = MODELS.build(head)
        self.appendage_loss = appendage and MODELS.build(
            appendage_loss or dict(type='mmair.AppendageLoss'))
        self.refiner = refiner and MODELS.build(refiner)
        self.alignment = alignment and MODELS.build(alignment)

    @property
    def appendage(self) -> Optional[AppendageEncoder]:
        """The student's limb encoder, which fits other layouts as well."""
        return self.student.appendage

    def loss(self, inputs, data_samples: list) -> Dict[str, Tensor]:
        """Losses of a batch.

        Args:
            inputs (Tensor | dict): Two views, ``(B, 2, M, T, V, C)``; with
                ASP a dict with ``keypoint`` and ``appendages``
                ``(B, 2, M, P, T, 3, C_a)``.
            data_samples (list[ActionDataSample]): With ``sample_idx``.

        Returns:
            dict[str, Tensor]: The losses, and meters beside them.
        """
        views = self.views(inputs)
        with torch.no_grad():  # first, while there is memory to reuse
            teacher = self.teacher(*views)
        student = self.student(*views)

        # AMDL: the teacher labels each view, the student the other one.
        labels = self.head.assign(teacher.body_z[:, 0])
        targets = labels
        self.note(data_samples, teacher)

        losses = dict()
        if self.appendage_loss:
            agreement = torch.ones_like(teacher.limbs[..., 0])
            if self.refiner:  # ALR: limbs that agree with the body vote.
                with torch.no_grad():
                    votes = [log_p.exp() for log_p in self.head.log_probs(
                        self.limbs_of(teacher))]
                targets, agreement = self.refiner(
                    labels, votes, self.index(data_samples).repeat(2))
                losses['refined'] = self.share_moved(labels, targets)
            losses.update(self.appendage_loss(
                self.head.log_probs(self.limbs_of(student)),
                [other_view(y) for y in labels], other_view(agreement)))
        losses.update(self.head.loss(student.body_z[:, 0],
                                     [other_view(y) for y in targets]))
        if self.alignment:  # MGAA: limbs and body, fine and coarse.
            losses.update(self.alignment(
                student.limb_z, student.body_z[:, 1:],
                other_view(teacher.limb_z),
                other_view(teacher.body_z[:, 1:]),
                torch.cat((student.body_z[:, :1], self.limbs_of(student)),
                          1)))
        losses['z_std'] = isotropy(student.body_z[:, 0])
        return losses

    def views(self, inputs) -> List[Tensor]:
        """Both views as one batch: ``(2 * B, ...)``, first views first."""
        if self.appendage_loss and not (isinstance(inputs, dict)
                                        and 'appendages' in inputs):
            raise InputError(
                'AIR: the batch has no appendages; put '
                "dict(type='mmair.AppendagePartition') last among the "
                'transforms of the data preprocessor or before packing')
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
        """Allocate codes and, for the refiner, features."""
        self.allocate_codes(len(recordings))
        if self.refiner:
            groups: Dict[str, int] = {}
            ids = [groups.setdefault(r['recording'], len(groups))
                   for r in recordings]
            self.refiner.allocate(
                torch.tensor(ids), self.student.neck.in_channels,
                (len(LIMBS), self.student.appendage.neck.in_channels))
            self.refiner.to(self.codes.device)

    @torch.no_grad()
    def note(self, data_samples: list, teacher: Features) -> None:
        """Keep the raw codes and the teacher's features of a batch."""
        self.note_codes(data_samples, teacher.body_z[:, 0])
        if self.refiner:
            self.refiner.observe(self.index(data_samples),
                                 mean_view(teacher.body),
                                 mean_view(teacher.limbs))

    def set_progress(self, progress: float) -> None:
        """Schedules: frozen prototypes and the teacher's momentum."""
        super().set_progress(progress)
        self.head.set_progress(progress)

    def end_epoch(self, epoch: int) -> None:
        """Refresh what the refiner knows."""
        if self.refiner:
            self.refiner.refresh(epoch, self.progress)

    def meters(self) -> Dict[str, float]:
        """Use and churn of the codes, agreement of the limbs.

        Returns:
            dict[str, float]: Beside those of the codes, for the refiner the
            agreement of limbs with the body over chance and beyond it, the
            effective rank of the body features, and their CKA with the
            limbs'.
        """
        meters = super().meters()
        if self.refiner:
            meters['agreement'] = float(self.refiner.agreement.mean())
            meters['agreement_over_chance'] = float(
                self.refiner.chance_ratio)
            meters['rank_body'] = effective_rank(self.refiner.body_bank)
            meters['cka_body_limbs'] = linear_cka(
                self.refiner.body_bank, self.refiner.limb_bank.flatten(1))
        return meters
