from .appendage import AppendagePartition
from .augment import (DropJoints, RandomBodySize, RandomMirror, RandomYaw,
                      SensorNoise)
from .base import SkeletonTransform
from .formatting import PackSkeletonInputs
from .motion import AppendMotion
from .normalize import NormalizeSkeleton
from .temporal import ResampleFrames, SampleWindows

__all__ = [
    'AppendMotion', 'AppendagePartition', 'DropJoints', 'NormalizeSkeleton',
    'PackSkeletonInputs', 'RandomBodySize', 'RandomMirror', 'RandomYaw',
    'ResampleFrames', 'SampleWindows', 'SensorNoise', 'SkeletonTransform'
]
