import mmaction.engine.model  # noqa: F401  (registers AAGCN's initialiser)

from .backbones import (CTRGCN, MSG3D, AppendageCodebook,
                        AppendageInformedGCN)
from .data_preprocessor import SkeletonDataPreprocessor
from .heads import (CenteringAssigner, ContrastiveHead, DiscreteLabelHead,
                    KMeansAssigner, MaskedMotionHead, RecordingHead,
                    SegmentLabelHead, SinkhornAssigner, TemporalLabelHead)
from .losses import (AppendageLoss, MultiGranularityAlignmentLoss,
                     ScaleConsistencyLoss, VICRegLoss)
from .necks import ProjectionNeck
from .pretrainers import (AIR, MAMP, AimCLR, AppendageEncoder, BasePretrainer,
                          MaskedAppendages, PooledAppendages, SkeletonCLR,
                          SwAV, VICReg)
from .refiners import AppendageLabelRefiner, BatchAgreementRefiner

__all__ = [
    'AIR', 'AimCLR', 'AppendageCodebook', 'AppendageEncoder',
    'AppendageInformedGCN', 'AppendageLabelRefiner', 'AppendageLoss',
    'BasePretrainer', 'BatchAgreementRefiner', 'CTRGCN', 'CenteringAssigner',
    'ContrastiveHead', 'DiscreteLabelHead', 'KMeansAssigner', 'MAMP', 'MSG3D',
    'MaskedAppendages', 'MaskedMotionHead', 'MultiGranularityAlignmentLoss',
    'PooledAppendages', 'ProjectionNeck', 'RecordingHead',
    'ScaleConsistencyLoss', 'SegmentLabelHead', 'SinkhornAssigner',
    'SkeletonCLR', 'SkeletonDataPreprocessor', 'SwAV', 'TemporalLabelHead',
    'VICReg', 'VICRegLoss'
]
