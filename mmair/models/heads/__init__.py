from .contrastive_head import ContrastiveHead, info_nce
from .discrete_label_head import DiscreteLabelHead
from .label_assigners import (CenteringAssigner, KMeansAssigner, LabelAssigner,
                              SinkhornAssigner, sinkhorn, spherical_k_means)
from .masked_motion_head import MaskedMotionHead
from .recording_head import RecordingHead, pool_windows
from .segment_label_head import SegmentLabelHead
from .temporal_label_head import TemporalLabelHead

__all__ = [
    'CenteringAssigner', 'ContrastiveHead', 'DiscreteLabelHead',
    'KMeansAssigner', 'LabelAssigner', 'MaskedMotionHead', 'RecordingHead',
    'SegmentLabelHead', 'SinkhornAssigner', 'TemporalLabelHead', 'info_nce',
    'pool_windows', 'sinkhorn', 'spherical_k_means'
]
