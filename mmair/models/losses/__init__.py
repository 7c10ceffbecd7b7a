from .alignment_loss import MultiGranularityAlignmentLoss
from .appendage_loss import AppendageLoss
from .divergence_loss import distribution_divergence, mine_positives
from .vicreg_loss import VICRegLoss

__all__ = [
    'AppendageLoss', 'MultiGranularityAlignmentLoss', 'VICRegLoss',
    'distribution_divergence', 'mine_positives'
]
