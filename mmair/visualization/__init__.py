from .confusion import draw_confusion
from .curves import (curve_of, draw_code_histogram, draw_curves,
                     load_scalars)
from .embedding import draw_embedding
from .files import save_figure
from .panel import Panel, draw_panels, draw_panels_gif
from .runs import draw_runs
from .skeleton import LIMB_COLORS, TRUNK_COLOR, draw_gif, draw_strip

__all__ = [
    'LIMB_COLORS', 'Panel', 'TRUNK_COLOR', 'curve_of', 'draw_code_histogram',
    'draw_confusion', 'draw_curves', 'draw_embedding', 'draw_gif',
    'draw_panels', 'draw_panels_gif', 'draw_runs', 'draw_strip',
    'load_scalars', 'save_figure'
]
