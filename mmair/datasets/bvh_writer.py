"""Writer of Biovision Hierarchy (BVH) motion capture files."""
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

import numpy as np

from mmair.datasets.kinematics import matrix_to_euler

_POSITIONS = 'Xposition Yposition Zposition'
#: Length of an end site in bones before it.
_END = .3


def write_bvh(path: Union[str, Path],
              joints: Sequence[str],
              parents: Sequence[int],
              offsets: np.ndarray,
              rotations: np.ndarray,
              root_positions: np.ndarray,
              fps: float,
              order: str = 'YXZ',
              local_positions: Optional[np.ndarray] = None) -> None:
    """Write the motion of one body.

    The joints come depth first, as the format demands, siblings in the order
    of ``joints``. Every joint without children has an ``End Site`` that goes
    on in the direction of its own bone. Numbers have six decimals.

    Args:
        path (str | Path): The file to write.
        joints (Sequence[str]): Joint names.
        parents (Sequence[int]): Parent of every joint, -1 for the one root.
        offsets (np.ndarray): The ``OFFSET`` of every joint in the frame of
            its parent, (V, 3), in the unit of the file.
        rotations (np.ndarray): Rotation of every joint relative to its
            parent, (T, V, 3, 3).
        root_positions (np.ndarray): Positions of the root, (T, 3).
        fps (float): Frames a second.
        order (str): The rotation channels of every joint, outermost first.
            Defaults to 'YXZ'.
        local_positions (np.ndarray, optional): Positions of all joints in the
            frame of their parents, (V, 3) or (T, V, 3); that of the root is
            not used. If given, every joint has six channels and these
            replace its ``OFFSET``. By default only the root has six.
    """
    children: Dict[int, List[int]] = {}
    for joint, parent in enumerate(parents):
        children.setdefault(parent, []).append(joint)
    turn = ' '.join(f'{axis}rotation' for axis in order)
    lines, sequence = ['HIERARCHY'], []

    def describe(joint: int, depth: int) -> None:
        pad = '\t' * depth
        moves = depth == 0 or local_positions is not None
        sequence.append(joint)
        lines.extend([
            f'{pad}{"JOINT" if depth else "ROOT"} {joints[joint]}',
            f'{pad}{{', f'{pad}\t{_offset(offsets[joint])}',
            f'{pad}\tCHANNELS 6 {_POSITIONS} {turn}' if moves else
            f'{pad}\tCHANNELS 3 {turn}'])
        for child in children.get(joint, ()):
            describe(child, depth + 1)
        if joint not in children:
            lines.extend([f'{pad}\tEnd Site', f'{pad}\t{{',
                          f'{pad}\t\t{_offset(_END * offsets[joint])}',
                          f'{pad}\t}}'])
        lines.append(f'{pad}}}')

    root, = children[-1]
    describe(root, 0)
    num_frames = len(rotations)
    channels = np.degrees(
        matrix_to_euler(rotations, ['XYZ'.index(axis) for axis in order]))
    if local_positions is None:
        rest = channels[:, sequence[1:]]
    else:
        moved = np.broadcast_to(local_positions, channels.shape)
        rest = np.concatenate([moved, channels], -1)[:, sequence[1:]]
    values = np.concatenate(
        [root_positions, channels[:, root], rest.reshape(num_frames, -1)], 1)
    lines += ['MOTION', f'Frames: {num_frames}',
              f'Frame Time: {1 / fps:.6f}']
    with open(path, 'w', encoding='ascii') as file:
        file.write('\n'.join(lines) + '\n')
        np.savetxt(file, values, '%.6f')


def _offset(xyz: np.ndarray) -> str:
    return 'OFFSET {:.6f} {:.6f} {:.6f}'.format(*xyz)
