from .annotation_file import load_annotations, require_place, save_annotations
from .annotation_format import AnnotationChecker, of_split
from .bvh import Motion, read_bvh
from .positions import read_positions
from .source_file import find_sources
from .table import read_rows, read_table

__all__ = ['AnnotationChecker', 'Motion', 'find_sources', 'load_annotations',
           'of_split', 'read_bvh', 'read_positions', 'read_rows',
           'read_table', 'require_place', 'save_annotations']
