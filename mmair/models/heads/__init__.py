from .discrete_label_head import DiscreteLabelHead, sinkhorn
from .recording_head import RecordingHead, pool_windows

__all__ = ['DiscreteLabelHead', 'RecordingHead', 'pool_windows', 'sinkhorn']
