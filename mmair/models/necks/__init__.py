from .attention_drop import EnergyAttentionDrop
from .projection_neck import ProjectionNeck

__all__ = ['EnergyAttentionDrop', 'ProjectionNeck']
