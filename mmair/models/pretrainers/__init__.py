from .aim_clr import AimCLR
from .air import AIR, AppendageEncoder
from .base_pretrainer import BasePretrainer
from .mamp import MAMP
from .skeleton_clr import SkeletonCLR
from .swav import SwAV
from .vicreg import VICReg

__all__ = [
    'AIR', 'AimCLR', 'AppendageEncoder', 'BasePretrainer', 'MAMP',
    'SkeletonCLR', 'SwAV', 'VICReg'
]
