from .appendage_informed import (AppendageCodebook, AppendageInformedGCN,
                                 encoder_config, encoder_of)
from .project_backbones import CTRGCN, MSG3D
from .weights import backbone_weights, load_backbone, read_checkpoint

__all__ = [
    'AppendageCodebook', 'AppendageInformedGCN', 'CTRGCN', 'MSG3D',
    'backbone_weights', 'encoder_config', 'encoder_of', 'load_backbone',
    'read_checkpoint'
]
