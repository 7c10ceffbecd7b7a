from .emotion_datasets import (EBEDBDataset, EBMDataset, EGBMDataset,
                               EmilyaDataset, KDAEDataset,
                               SyntheticEmotionDataset)
from .ntu_dataset import NTU60Dataset
from .skeleton_dataset import SkeletonDataset
from .transforms import *  # noqa: F401,F403

__all__ = ['EBEDBDataset', 'EBMDataset', 'EGBMDataset', 'EmilyaDataset',
           'KDAEDataset', 'NTU60Dataset', 'SkeletonDataset',
           'SyntheticEmotionDataset']
