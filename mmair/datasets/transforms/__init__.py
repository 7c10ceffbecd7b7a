from .appendage import AppendagePartition
from .augment import (DropJoints, RandomBodySize, RandomMirror, RandomYaw,
                      SensorNoise)
from .base import SkeletonTransform
from .formatting import PackSkeletonInputs
from .normalize import NormalizeSkeleton
from .temporal import ResampleFrames, SampleWindows

__all__ = [
    'AppendagePartition', 'DropJoints', 'NormalizeSkeleton',
    'PackSkeletonInputs', 'RandomBodySize', 'RandomMirror', 'RandomYaw',
    'ResampleFrames', 'SampleWindows', 'SensorNoise', 'SkeletonTransform'
]
