"""Joints that a sensor did not see (NaN), as the networks learned them."""
import numpy as np
import torch

from mmair.datasets.transforms.missing import interpolate, neighbors
from mmair.datasets.transforms.normalize import trunk_points
from mmair.errors import InputError
from mmair.layouts import SkeletonLayout

#: The longest gap of a joint that is filled, as of ``FillGaps``.
GAP_SECONDS = .2


def seen_of(keypoint: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """Which joints of a person were seen.

    Args:
        keypoint (np.ndarray): (T, V, C). Missing is a joint with NaN; in 2-D
            data also one of score 0, or at (0, 0) without a score; in 3-D
            data also a person all of whose coordinates are 0.
        layout (SkeletonLayout): Layout of the joints.

    Returns:
        np.ndarray: bool, (T, V).
    """
    seen = np.isfinite(keypoint).all(-1)
    if layout.dims == 3:
        return seen & (keypoint != 0).any((-2, -1), keepdims=True)[..., 0]
    known = (keypoint[..., 2] > 0 if keypoint.shape[-1] == 3 else
             keypoint.any(-1))
    return seen & known


def fill_missing(keypoint: np.ndarray, layout: SkeletonLayout,
                 fps: float) -> np.ndarray:
    """Put what is NaN where training puts what is missing.

    In 2-D data it is a joint of score 0, at (0, 0), and the pipeline of the
    config does the rest. 3-D data has no scores, and there

    - a joint that is missing for up to 0.2 s lies on the line between;
    - a frame without any joint is all 0, by MMAction2's habit;
    - any other joint lies at the root, where ``DropJoints`` puts it; but
      trunk, shoulders and hips, by which a body is centred, turned and
      scaled, are interpolated however long they are missing, and stay where
      they were at the ends.

    Args:
        keypoint (np.ndarray): One person, (T, V, C).
        layout (SkeletonLayout): Layout of the joints.
        fps (float): Frames a second.

    Returns:
        np.ndarray: The same without NaN; the very array if it has none.

    Raises:
        InputError: If one of those joints of a 3-D body is never there.
    """
    seen = np.isfinite(keypoint).all(-1)
    if seen.all():
        return keypoint
    seen = seen_of(keypoint, layout)
    if layout.dims == 2:
        return np.where(seen[..., None], keypoint, 0).astype(keypoint.dtype)
    needed = sorted({joint for chain in (*layout.trunk, *(
        limb[:1] for limb in layout.limbs.values())) for joint in chain})
    lost = [layout.joints[j] for j in needed if not seen[:, j].any()]
    if lost:
        raise InputError(
            f'{", ".join(lost[:4])}{" ..." if len(lost) > 4 else ""}: never '
            'seen, and without trunk, shoulders and hips a body cannot be '
            'centred, turned and scaled')
    x = torch.from_numpy(np.where(seen[..., None], keypoint, 0))
    seen = torch.from_numpy(seen)
    before, after = neighbors(seen)
    between = interpolate(x, before, after)
    filled = seen | ((before >= 0) & (after < len(x))
                     & (after - before - 1 <= GAP_SECONDS * fps + 1e-3))
    body = filled.any(-1, keepdim=True)
    filled[:, needed] = body
    x = torch.where(filled[..., None], between, x)
    root = trunk_points(x, layout)[..., :1, :]
    x = torch.where((body & ~filled)[..., None], root, x)
    return x.numpy().astype(keypoint.dtype)
