"""Rotations and forward kinematics, vectorised over frames."""
from typing import Optional, Sequence

import numpy as np


def euler_to_matrix(angles: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Rotation matrices of intrinsic Euler angles.

    Args:
        angles (np.ndarray): Angles in radians, (..., N), one for each axis.
        axes (Sequence[int]): The N axes of rotation, 0 for x, 1 for y, 2 for
            z, in the order of the angles. ``(1, 0, 2)`` gives ``Y X Z``: a
            vector is turned about z first. No axis gives the identity.

    Returns:
        np.ndarray: Rotation matrices for column vectors, (..., 3, 3).
    """
    angles = np.asarray(angles)
    dtype = np.result_type(angles.dtype, np.float32)
    shape = angles.shape[:-1] + (3, 3)
    matrix = np.broadcast_to(np.eye(3, dtype=dtype), shape)
    cosines, sines = np.cos(angles), np.sin(angles)
    for n, axis in enumerate(axes):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        c, s = cosines[..., n, None], sines[..., n, None]
        turned = matrix.copy()
        turned[..., i] = matrix[..., i] * c + matrix[..., j] * s
        turned[..., j] = matrix[..., j] * c - matrix[..., i] * s
        matrix = turned
    return matrix


def forward_kinematics(parents: Sequence[int],
                       offsets: np.ndarray,
                       rotations: np.ndarray,
                       root_positions: Optional[np.ndarray] = None
                       ) -> np.ndarray:
    """Joint positions of a skeleton in motion.

    Args:
        parents (Sequence[int]): Parent of every joint, -1 for a root.
        offsets (np.ndarray): Position of every joint in the frame of its
            parent, (V, 3), or (T, V, 3) where it changes over time.
        rotations (np.ndarray): Rotation of every joint relative to its
            parent, (T, V, 3, 3).
        root_positions (np.ndarray, optional): Positions of the roots,
            (T, 3). By default their ``offsets``.

    Returns:
        np.ndarray: Positions, (T, V, 3), of the dtype of ``rotations``.

    Examples:
        >>> bend = euler_to_matrix(np.full((1, 2, 1), np.pi / 2), [2])
        >>> forward_kinematics((-1, 0), [[0, 0, 0], [1, 0, 0]], bend).round(6)
        array([[[0., 0., 0.],
                [0., 1., 0.]]])
    """
    offsets = np.broadcast_to(offsets, rotations.shape[:-1])
    positions = np.empty(rotations.shape[:-1], rotations.dtype)
    turns = np.empty_like(rotations)
    for joint in _parents_first(parents):
        parent = parents[joint]
        if parent < 0:
            turns[:, joint] = rotations[:, joint]
            positions[:, joint] = (offsets[:, joint] if root_positions is None
                                   else root_positions)
        else:
            turns[:, joint] = turns[:, parent] @ rotations[:, joint]
            reach = turns[:, parent] @ offsets[:, joint, :, None]
            positions[:, joint] = positions[:, parent] + reach[..., 0]
    return positions


def _parents_first(parents: Sequence[int]) -> list:
    """The joints in an order in which each follows its parent."""
    children = {}
    for joint, parent in enumerate(parents):
        children.setdefault(max(parent, -1), []).append(joint)
    order = children.get(-1, [])
    for joint in order:
        order.extend(children.get(joint, ()))
    return order


def matrix_to_euler(matrix: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Intrinsic Euler angles of rotation matrices.

    The inverse of :func:`euler_to_matrix`, also where the middle angle is a
    right one and only the sum or difference of the others is determined: the
    angles that are returned make the same matrix.

    Args:
        matrix (np.ndarray): Rotation matrices for column vectors,
            (..., 3, 3).
        axes (Sequence[int]): The three axes of rotation, all different.

    Returns:
        np.ndarray: Angles in radians in the order of ``axes``, (..., 3); the
        middle one is between -pi/2 and pi/2.
    """
    i, j, k = axes
    # Rotations about y, x, z are those about x, y, z seen in a mirror.
    sign = 1 if (j - i) % 3 == 1 else -1
    first = np.arctan2(-sign * matrix[..., j, k], matrix[..., k, k])
    middle = np.arctan2(sign * matrix[..., i, k],
                        np.hypot(matrix[..., i, i], matrix[..., i, j]))
    # The row of the second axis once the first rotation is undone.
    c, s = np.cos(first)[..., None], np.sin(first)[..., None]
    row = c * matrix[..., j, :] + sign * s * matrix[..., k, :]
    last = np.arctan2(sign * row[..., i], row[..., j])
    return np.stack([first, middle, last], -1)
