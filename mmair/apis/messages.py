"""Frames of a sensor as text: one JSON message a frame."""
import json
from typing import Any, NoReturn, Optional, Tuple, Union

import numpy as np

from mmair.errors import InputError, quoted
from mmair.layouts import SkeletonLayout

#: Bytes of a message, many times those of any skeleton.
MAX_BYTES = 2**16


def parse_frame(message: Union[bytes, str], layout: SkeletonLayout
                ) -> Tuple[np.ndarray, Optional[float]]:
    """Read a frame.

    Args:
        message (bytes | str): In JSON ``{"time": 12.34, "keypoint": [[x, y,
            z], null, ...]}``, or the list alone where frames come evenly.
            ``time`` is in seconds since any origin; ``null`` stands for a
            joint, or a coordinate, that was not seen.
        layout (SkeletonLayout): The joints and their order.

    Returns:
        tuple: The frame, (V, C), with NaN where not seen, and the time, or
        None.

    Raises:
        InputError: If it is anything else.
    """
    if len(message) > MAX_BYTES:
        raise InputError(f'the message has {len(message)} bytes, expected at '
                         f'most {MAX_BYTES}')
    try:
        content = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise InputError('the message is no JSON '
                         f'({quoted(_text(message))})') from error
    time = None
    if isinstance(content, dict):
        time = content.get('time')
        if time is not None and not _is_number(time):
            raise InputError(f'time of the message is {_short(time)}, '
                             'expected seconds')
        if 'keypoint' not in content:
            raise InputError(
                f'the message has the keys {_short(sorted(content))}, '
                'expected "keypoint" and perhaps "time"')
        content = content['keypoint']
    return _frame(content, layout), None if time is None else float(time)


def _frame(joints: Any, layout: SkeletonLayout) -> np.ndarray:
    allowed = (3, ) if layout.dims == 3 else (2, 3)
    if not isinstance(joints, list) or len(joints) != len(layout):
        found = (f'{len(joints)} joints' if isinstance(joints, list) else
                 _short(joints))
        raise InputError(f'keypoint of the message is {found}, expected a '
                         f'list of the {len(layout)} joints of the layout '
                         f'{layout.name!r}')

    def fail(number: int, found: Any) -> NoReturn:
        raise InputError(
            f'joint {layout.joints[number]} of the message is '
            f'{_short(found)}, expected null or {allowed[-1]} numbers')

    width = next((len(j) for j in joints if isinstance(j, list)), allowed[-1])
    frame = np.full((len(layout), width), np.nan, np.float32)
    for number, joint in enumerate(joints):
        if joint is None:
            continue
        if (not isinstance(joint, list) or len(joint) != width
                or width not in allowed or not all(
                    c is None or _is_number(c) for c in joint)):
            fail(number, joint)
        frame[number] = [np.nan if c is None else c for c in joint]
    return frame


def _is_number(value: Any) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and not abs(value) >= 1e30)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _text(message: Union[bytes, str]) -> str:
    return (message if isinstance(message, str) else
            message.decode('utf-8', 'backslashreplace'))
