from .aim_clr import AimCLR
from .air import AIR
from .appendages import (AppendageEncoder, LimbFeatures, MaskedAppendages,
                         PooledAppendages)
from .base_pretrainer import BasePretrainer
from .mamp import MAMP
from .skeleton_clr import SkeletonCLR
from .swav import SwAV
from .vicreg import VICReg

__all__ = [
    'AIR', 'AimCLR', 'AppendageEncoder', 'BasePretrainer', 'LimbFeatures',
    'MAMP', 'MaskedAppendages', 'PooledAppendages', 'SkeletonCLR', 'SwAV',
    'VICReg'
]
