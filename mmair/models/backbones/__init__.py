from .project_backbones import CTRGCN, MSG3D
from .weights import backbone_weights, load_backbone

__all__ = ['CTRGCN', 'MSG3D', 'backbone_weights', 'load_backbone']
