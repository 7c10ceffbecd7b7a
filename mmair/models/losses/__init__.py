from .alignment_loss import MultiGranularityAlignmentLoss
from .appendage_loss import AppendageLoss

__all__ = ['AppendageLoss', 'MultiGranularityAlignmentLoss']
