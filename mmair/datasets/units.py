"""Units, axes and rates of recordings: annotation files hold metres, y up."""
from typing import Any

import numpy as np

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout

#: Metres in one of each.
UNITS = dict(m=1., cm=.01, mm=.001, inch=.0254)
#: What trunk and legs of a body together may measure, in metres: small
#: children, and adults with room for a sensor's errors.
_LOWEST, _TALLEST = .3, 2.5
#: Frames a second, more and fewer than any recording of a body has.
MIN_FPS, MAX_FPS = .1, 1e4
#: The same in a message.
FRAME_RATE = f'{MIN_FPS:g} to {MAX_FPS:g} frames a second'


def is_frame_rate(value: Any) -> bool:
    """Whether it can be the frames a second of a recording."""
    # Not complex numbers, which have no order.
    return (isinstance(value, (int, float, np.integer, np.floating))
            and bool(MIN_FPS <= value <= MAX_FPS))


def require_frame_rate(field: str, value: Any) -> None:
    """Refuse what :func:`is_frame_rate` denies.

    Args:
        field (str): What it is, for the message.
        value (Any): What was given.

    Raises:
        InputError: If it is no frame rate.
    """
    if not is_frame_rate(value):
        raise InputError(f'{field} is {value!r}, expected {FRAME_RATE}')


def to_metres(path, positions: np.ndarray, layout: SkeletonLayout,
              unit: str, up_axis: str = 'y') -> np.ndarray:
    """Positions of one body as an annotation holds them.

    Args:
        path (str | Path): The file, for messages.
        positions (np.ndarray): (T, V, 3) in the unit of the file.
        layout (SkeletonLayout): Its skeleton.
        unit (str): One of ``UNITS``, or 'auto': of m, cm and mm the one in
            which this is a human body; at most one fits.
        up_axis (str): 'y', or 'z', which is turned to y; the frame stays
            right-handed.

    Returns:
        np.ndarray: ``keypoint``, (1, T, V, 3), float32, metres, y up.

    Raises:
        InputError: If trunk and legs are not of human size in that unit.
    """
    length = _trunk_and_legs(positions, layout)
    fitting = [name for name, metres in UNITS.items()
               if _LOWEST <= length * metres <= _TALLEST]
    if unit == 'auto':
        unit = next((name for name in fitting if name != 'inch'), unit)
    if unit not in fitting:
        raise InputError(
            f'{path}: trunk and legs measure {length:.4g} in the unit of the '
            f'file, expected a body of {_LOWEST} to {_TALLEST} m '
            f'{"in m, cm or mm" if unit == "auto" else f"in {unit}"}; '
            + (f'it would be one in {" or ".join(fitting)}' if fitting else
               'in no known unit it would be one'))
    if up_axis == 'z':
        x, y, z = np.moveaxis(positions, -1, 0)
        positions = np.stack((x, z, -y), -1)
    return (positions[None] * UNITS[unit]).astype(np.float32)


def _trunk_and_legs(positions: np.ndarray, layout: SkeletonLayout) -> float:
    """Length of the chain from root to neck and of a leg, (T, V, 3) -> ()."""
    def length(chain):
        return np.linalg.norm(np.diff(chain, axis=1), axis=-1).sum(1)

    trunk = np.stack([positions[:, list(point)].mean(1)
                      for point in layout.trunk], 1)
    legs = [length(positions[:, list(layout.limbs[leg])])
            for leg in ('left_leg', 'right_leg')]
    return float(np.median(length(trunk) + np.mean(legs, 0)))
