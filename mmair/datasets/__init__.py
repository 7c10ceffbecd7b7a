from .emotion_datasets import EBEDBDataset, SyntheticEmotionDataset
from .skeleton_dataset import SkeletonDataset
from .transforms import *  # noqa: F401,F403

__all__ = ['EBEDBDataset', 'SkeletonDataset', 'SyntheticEmotionDataset']
