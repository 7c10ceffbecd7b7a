"""What the pictures have in common: colours and axes."""
from matplotlib.figure import Figure

#: Okabe and Ito, told apart with every kind of colour vision.
SERIES_COLORS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00',
                 '#56B4E9', '#4A4F57')
TEXT_COLOR = '#4A4F57'
#: Of axes and rules; of grids, floors and what else stays behind.
LINE_COLOR, SHADE_COLOR = '#B5BAC2', '#E3E5E8'


def clean(ax) -> None:
    """Leave of the frame what is left and below, and a grid of values."""
    ax.spines[['top', 'right']].set_visible(False)
    ax.spines[['left', 'bottom']].set_color(LINE_COLOR)
    ax.tick_params(colors=TEXT_COLOR, labelsize=9, length=3)
    ax.xaxis.label.set(color=TEXT_COLOR, size=10)
    ax.yaxis.label.set(color=TEXT_COLOR, size=10)
    ax.grid(axis='y', color=SHADE_COLOR, lw=.8)
    ax.set_axisbelow(True)


def in_inches(fig: Figure, left: float, bottom: float, width: float,
              height: float):
    """Axes whose unit is an inch, with the origin at the lower left."""
    w, h = fig.get_size_inches()
    ax = fig.add_axes((left / w, bottom / h, width / w, height / h))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis('off')
    return ax
