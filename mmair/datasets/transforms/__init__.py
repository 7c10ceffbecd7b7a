from .appendage import AppendagePartition, KeepUndisturbed
from .augment import (DropJoints, RandomBodySize, RandomMirror, RandomYaw,
                      SensorNoise)
from .base import SkeletonTransform
from .extreme import (BlurMotion, ExtremeView, FlattenAxis, RandomShear,
                      RandomTilt, ReverseTime)
from .formatting import PackSkeletonInputs
from .map_layout import MapLayout
from .motion import AppendMotion
from .normalize import NormalizeSkeleton
from .standardize_actor import StandardizeActor
from .stock import StockTransforms
from .streams import ToBone, ToMotion
from .temporal import FillGaps, ResampleFrames, SampleWindows

__all__ = [
    'AppendMotion', 'AppendagePartition', 'BlurMotion', 'DropJoints',
    'ExtremeView', 'FillGaps', 'FlattenAxis', 'KeepUndisturbed',
    'MapLayout', 'NormalizeSkeleton', 'PackSkeletonInputs',
    'RandomBodySize', 'RandomMirror', 'RandomShear', 'RandomTilt',
    'RandomYaw', 'ResampleFrames', 'ReverseTime', 'SampleWindows',
    'SensorNoise', 'SkeletonTransform', 'StandardizeActor',
    'StockTransforms', 'ToBone', 'ToMotion'
]
