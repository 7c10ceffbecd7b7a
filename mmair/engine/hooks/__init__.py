from .divergence_hook import DivergenceHook
from .freeze_hook import FreezeHook
from .label_meter_hook import LabelMeterHook
from .linear_probe_hook import LinearProbeHook
from .pretrain_hook import PretrainHook
from .provenance_hook import ProvenanceHook
from .skeleton_check_hook import SkeletonCheckHook
from .view_seed_hook import ViewSeedHook

__all__ = ['DivergenceHook', 'FreezeHook', 'LabelMeterHook',
           'LinearProbeHook', 'PretrainHook', 'ProvenanceHook',
           'SkeletonCheckHook', 'ViewSeedHook']
