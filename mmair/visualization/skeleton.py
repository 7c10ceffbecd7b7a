"""Skeleton sequences as pictures: a strip of poses and an animated GIF."""
from pathlib import Path
from typing import Iterator, List, Optional, Tuple, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout, get_layout

from .files import GIF_FRAME_MS, gif_frame, save_gif
from .style import SHADE_COLOR, TEXT_COLOR

#: Arms blue, legs orange, the left one dark: colours of Okabe and Ito, told
#: apart with every kind of colour vision.
LIMB_COLORS = dict(left_arm='#0072B2', right_arm='#56B4E9',
                   left_leg='#D55E00', right_leg='#E69F00')
TRUNK_COLOR = '#8A8F98'
_AZIMUTH = np.deg2rad(35)  # between where a body faces and who sees it
_SECONDS = 4.  # longest time that a GIF shows


def draw_strip(keypoint: np.ndarray,
               layout: Union[str, dict, SkeletonLayout],
               num_poses: int = 8,
               fps: Optional[float] = None,
               legend: bool = True) -> Figure:
    """Draw evenly spaced poses of a recording side by side.

    A 3-D body is seen half from the front, 35 degrees from the direction
    that it faces in the median, so that its left is at the right of the
    picture.

    Args:
        keypoint (np.ndarray): One person, (T, V, C), y up if the layout is
            3-D. In 2-D layouts y points down, and a third channel is the
            score; joints of score 0 are not drawn.
        layout (str | dict | SkeletonLayout): The layout of the joints.
        num_poses (int): Number of poses. Defaults to 8.
        fps (float, optional): Frames a second; if given, the time is written
            under each pose.
        legend (bool): Whether to name the colours. Defaults to True.

    Returns:
        matplotlib.figure.Figure: The picture; poses share one scale.

    Raises:
        InputError: If ``keypoint`` does not fit the layout.
    """
    layout = get_layout(layout)
    points = project(keypoint, layout)
    index = np.linspace(0, len(points) - 1, num_poses).round().astype(int)
    poses = center(points[index], layout)
    left, right = np.nanmin(poses[..., 0], 1), np.nanmax(poses[..., 0], 1)
    bottom, top = np.nanmin(poses[..., 1]), np.nanmax(poses[..., 1])
    height = max(top - bottom, 1e-6)
    step = max(np.max(right[:-1] - left[1:], initial=0) + .08 * height,
               .45 * height)
    poses[..., 0] += step * np.arange(num_poses)[:, None]

    margin = .08 * height
    low = np.array([left[0] - margin, bottom - margin])
    high = np.array([right[-1] + step * (num_poses - 1) + margin,
                     top + margin])
    # The height is fixed and the width follows, but not past a page's.
    inch = min(2.4 / height, 13 / (high - low)[0])
    below = .26 * bool(fps) + .3 * legend + .05
    size = inch * (high - low) + (.1, .05 + below)
    fig = Figure(figsize=size, dpi=110, facecolor='white')
    ax = fig.add_axes((.05 / size[0], below / size[1],
                       1 - .1 / size[0], 1 - (.05 + below) / size[1]))
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect='equal')
    ax.axis('off')
    if layout.dims == 3:
        ax.axhline(bottom, color=SHADE_COLOR, lw=1.2, zorder=0)
    for pose in poses:
        Body(ax, layout, inch * height / 2.4).show(pose)
    if fps:
        for i, frame in enumerate(index):
            ax.annotate(f'{frame / fps:.1f} s', (step * i, low[1]),
                        (0, -4), textcoords='offset points', ha='center',
                        va='top', size=10, color=TEXT_COLOR)
    if legend:
        legend_of(fig)
    return fig


def draw_gif(keypoint: np.ndarray,
             layout: Union[str, dict, SkeletonLayout],
             path: Union[str, Path],
             fps: float,
             height: int = 220) -> int:
    """Write the first 4 s of a recording as an endless animated GIF.

    The picture follows the body sideways, and plays at its true tempo.

    Args:
        keypoint (np.ndarray): One person, (T, V, C), as for
            :func:`draw_strip`.
        layout (str | dict | SkeletonLayout): The layout of the joints.
        path (str | Path): The file to write.
        fps (float): Frames a second of ``keypoint``.
        height (int): Height in pixels. Defaults to 220.

    Returns:
        int: Number of pictures in the file, 12.5 a second.

    Raises:
        InputError: If ``keypoint`` does not fit the layout.
    """
    layout = get_layout(layout)
    points = project(keypoint, layout)
    length = min((len(points) - 1) / fps, _SECONDS)
    times = np.arange(int(length * 1000 / GIF_FRAME_MS) + 1)
    index = (times * GIF_FRAME_MS / 1000 * fps).round().astype(int)
    poses = center(points[np.minimum(index, len(points) - 1)], layout)
    low = np.nanmin(poses, (0, 1))
    high = np.nanmax(poses, (0, 1))
    margin = .07 * max((high - low)[1], 1e-6)
    low, high = low - margin, high + margin

    inch = height / 100 / (high - low)[1]
    fig = Figure(figsize=inch * (high - low), dpi=100, facecolor='white')
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect='equal')
    ax.axis('off')
    if layout.dims == 3:
        ax.axhline(low[1] + margin, color=SHADE_COLOR, lw=1.2, zorder=0)
    body = Body(ax, layout, height / 240)
    canvas = FigureCanvasAgg(fig)
    pictures = []
    for pose in poses:
        body.show(pose)
        canvas.draw()
        pictures.append(gif_frame(canvas, 64, Image.Quantize.MEDIANCUT))
    save_gif(pictures, path)
    return len(pictures)


def bone_limbs(layout: SkeletonLayout) -> List[Optional[str]]:
    """The limb that each bone of the layout belongs to.

    Hands and feet belong to their limb, the bones that lead to shoulder and
    hip to the trunk.

    Returns:
        list[str | None]: A limb for each of ``layout.bones``, or None.
    """
    limb_of = {joint: limb for limb, chain in layout.limbs.items()
               for joint in chain}

    ends = [chain[-1] for chain in layout.limbs.values()]

    def find(joint: int) -> Optional[str]:
        while (parent := layout.parents[joint]) >= 0:
            if joint in limb_of:
                same = limb_of.get(parent) == limb_of[joint]
                return limb_of[joint] if same else None
            if parent in ends:
                return limb_of[parent]
            joint = parent
        return None

    return [find(joint) for joint, _ in layout.bones]


class Body:
    """The artists of one body: a line collection a colour, and a head.

    Where joints are absent, a dotted line leads from what hangs on them to
    the next joint towards the root that is there.
    """

    def __init__(self, ax, layout: SkeletonLayout, scale: float) -> None:
        limbs = bone_limbs(layout)
        bones = np.array(layout.bones)
        self.head = next((i for i, joint in enumerate(layout.joints)
                          if joint.lower() == 'head'), None)
        self.parts = []
        for limb, color in ((None, TRUNK_COLOR), *LIMB_COLORS.items()):
            part = bones[[found == limb for found in limbs]]
            lines = LineCollection([], colors=color, linewidths=3.2 * scale,
                                   capstyle='round', joinstyle='round',
                                   zorder=2 if limb else 1)
            self.parts.append((part, ax.add_collection(lines, autolim=False)))
        self.parents = layout.parents
        self.gaps = ax.add_collection(LineCollection(
            [], colors=TRUNK_COLOR, linewidths=1.4 * scale,
            linestyles=[(0, (1, 1.6))], zorder=1), autolim=False)
        self.dot, = ax.plot([], [], 'o', color=TRUNK_COLOR, ms=9 * scale,
                            mec='white', mew=1.2 * scale, zorder=3)

    def show(self, pose: np.ndarray) -> None:
        """Move to a pose, (V, 2); bones with an absent end are left out."""
        for bones, lines in self.parts:
            segments = pose[bones]
            lines.set_segments(
                segments[np.isfinite(segments).all(axis=(1, 2))])
        present = np.isfinite(pose).all(-1)
        self.gaps.set_segments([] if present.all() else [
            pose[[joint, end]] for joint, end in self._bridges(present)])
        if self.head is not None:
            self.dot.set_data(pose[[self.head]].T)


    def _bridges(self, present: np.ndarray) -> Iterator[Tuple[int, int]]:
        for joint, parent in enumerate(self.parents):
            if present[joint] and parent >= 0 and not present[parent]:
                while parent >= 0 and not present[parent]:
                    parent = self.parents[parent]
                if parent >= 0:
                    yield joint, parent


def project(keypoint: np.ndarray, layout: SkeletonLayout,
            turn: bool = True) -> np.ndarray:
    """Points on the picture, (T, V, 2), y up, NaN where absent.

    A 3-D body is seen half from its own front, or from a fixed direction,
    half from +z, if it is not to be turned.
    """
    keypoint = np.asarray(keypoint, dtype=np.float64)
    if (keypoint.ndim != 3 or keypoint.shape[1] != len(layout)
            or keypoint.shape[2] not in (layout.dims, 3)
            or not len(keypoint)):
        raise InputError(
            f'keypoint has the shape {keypoint.shape}, expected (frames, '
            f'{len(layout)}, {layout.dims}) for one person in the layout '
            f'{layout.describe()}')
    if layout.dims == 2:
        points = keypoint[..., :2] * (1, -1)
        # Without a score what lies at (0, 0) was not seen.
        points[keypoint[..., 2] <= 0 if keypoint.shape[2] == 3 else
               ~keypoint.any(-1)] = np.nan
    else:
        points = keypoint @ (_camera(keypoint, layout) if turn else
                             _camera_of(1., 0.))
    if not np.isfinite(points).all(-1).any(-1).all():
        raise InputError('keypoint has a frame without any joint; leave such '
                         'frames out of what is drawn')
    return points


def _camera(keypoint: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """The matrix, (3, 2), that looks half at the front of a 3-D body."""
    across = np.nanmedian(
        keypoint[:, layout.limbs['left_leg'][0]]
        - keypoint[:, layout.limbs['right_leg'][0]], axis=0)[[0, 2]]
    norm = np.linalg.norm(across)
    return _camera_of(*(across / norm if norm > 1e-6 else (1., 0.)))


def _camera_of(x: float, z: float) -> np.ndarray:
    """The matrix that looks half at the front of a body with left at x, z."""
    ahead = np.array([-z, 0, x])  # across x up
    sideways = np.cos(_AZIMUTH) * np.array([x, 0, z]) \
        + np.sin(_AZIMUTH) * ahead
    return np.stack([sideways, (0, 1, 0)], axis=1)


def center(points: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """Points with the root, or what there is of the body, at x = 0."""
    points = points.copy()
    root = points[:, list(layout.root), 0].mean(1)
    root = np.where(np.isfinite(root), root,
                    np.nanmean(points[..., 0], axis=1))
    points[..., 0] -= root[:, None]
    return points


def legend_of(fig: Figure) -> None:
    """Name the colours below a figure."""
    colors = dict(trunk=TRUNK_COLOR, **LIMB_COLORS)
    fig.legend([Line2D([], [], color=c, lw=3.2) for c in colors.values()],
               [name.replace('_', ' ') for name in colors], ncols=5,
               loc='lower center', frameon=False, fontsize=10,
               labelcolor=TEXT_COLOR, handlelength=1.4, columnspacing=1.6,
               borderaxespad=.15)
