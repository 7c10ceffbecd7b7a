import mmaction.engine.model  # noqa: F401  (registers AAGCN's initialiser)

from .data_preprocessor import SkeletonDataPreprocessor
from .heads import DiscreteLabelHead, RecordingHead
from .losses import AppendageLoss, MultiGranularityAlignmentLoss
from .necks import ProjectionNeck
from .pretrainers import AIR, AppendageEncoder, BasePretrainer
from .refiners import AppendageLabelRefiner

__all__ = [
    'AIR', 'AppendageEncoder', 'AppendageLabelRefiner', 'AppendageLoss',
    'BasePretrainer', 'DiscreteLabelHead', 'MultiGranularityAlignmentLoss',
    'ProjectionNeck', 'RecordingHead', 'SkeletonDataPreprocessor'
]
