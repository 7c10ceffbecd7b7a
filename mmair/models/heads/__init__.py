from .contrastive_head import ContrastiveHead, info_nce
from .discrete_label_head import DiscreteLabelHead, sinkhorn
from .masked_motion_head import MaskedMotionHead
from .recording_head import RecordingHead, pool_windows

__all__ = [
    'ContrastiveHead', 'DiscreteLabelHead', 'MaskedMotionHead',
    'RecordingHead', 'info_nce', 'pool_windows', 'sinkhorn'
]
