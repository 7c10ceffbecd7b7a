from .annotation_file import load_annotations, save_annotations
from .bvh import Motion, read_bvh

__all__ = ['Motion', 'load_annotations', 'read_bvh', 'save_annotations']
