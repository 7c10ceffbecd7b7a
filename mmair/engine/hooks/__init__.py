from .freeze_hook import FreezeHook
from .pretrain_hook import LabelMeterHook, PretrainHook
from .skeleton_check_hook import SkeletonCheckHook
from .view_seed_hook import ViewSeedHook

__all__ = ['FreezeHook', 'LabelMeterHook', 'PretrainHook',
           'SkeletonCheckHook', 'ViewSeedHook']
