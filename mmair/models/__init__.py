import mmaction.engine.model  # noqa: F401  (registers AAGCN's initialiser)

from .backbones import CTRGCN, MSG3D
from .data_preprocessor import SkeletonDataPreprocessor
from .heads import (ContrastiveHead, DiscreteLabelHead, MaskedMotionHead,
                    RecordingHead)
from .losses import (AppendageLoss, MultiGranularityAlignmentLoss,
                     VICRegLoss)
from .necks import EnergyAttentionDrop, ProjectionNeck
from .pretrainers import (AIR, MAMP, AimCLR, AppendageEncoder, BasePretrainer,
                          SkeletonCLR, SwAV, VICReg)
from .refiners import AppendageLabelRefiner

__all__ = [
    'AIR', 'AimCLR', 'AppendageEncoder', 'AppendageLabelRefiner',
    'AppendageLoss', 'BasePretrainer', 'CTRGCN', 'ContrastiveHead',
    'DiscreteLabelHead', 'EnergyAttentionDrop', 'MAMP', 'MSG3D',
    'MaskedMotionHead', 'MultiGranularityAlignmentLoss', 'ProjectionNeck',
    'RecordingHead', 'SkeletonCLR', 'SkeletonDataPreprocessor', 'SwAV',
    'VICReg', 'VICRegLoss'
]
