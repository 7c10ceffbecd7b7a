from .air import AIR, AppendageEncoder
from .base_pretrainer import BasePretrainer

__all__ = ['AIR', 'AppendageEncoder', 'BasePretrainer']
