from .alignment_loss import MultiGranularityAlignmentLoss
from .appendage_loss import AppendageLoss
from .jensen_shannon import jensen_shannon
from .scale_consistency_loss import ScaleConsistencyLoss, coarse_given_fine
from .vicreg_loss import VICRegLoss

__all__ = [
    'AppendageLoss', 'MultiGranularityAlignmentLoss', 'ScaleConsistencyLoss',
    'VICRegLoss', 'coarse_given_fine', 'jensen_shannon'
]
