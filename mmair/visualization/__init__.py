from .curves import draw_code_histogram, draw_curves, load_scalars
from .panel import Panel, draw_panels, draw_panels_gif
from .skeleton import LIMB_COLORS, TRUNK_COLOR, draw_gif, draw_strip

__all__ = [
    'LIMB_COLORS', 'Panel', 'TRUNK_COLOR', 'draw_code_histogram',
    'draw_curves', 'draw_gif', 'draw_panels', 'draw_panels_gif', 'draw_strip',
    'load_scalars'
]
