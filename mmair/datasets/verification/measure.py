"""What the checks need to know of one recording, in a few numbers."""
import hashlib
import warnings
from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from mmair.layouts import SkeletonLayout

#: Frames of a recording that stand for it when overlaps are looked for.
SKETCH_SIZE = 16
#: The frame rate of speeds where a recording gives none.
DEFAULT_FPS = 30.


@dataclass(slots=True)
class Body:
    """One person of one recording; lengths in the unit of the file.

    Args:
        name (str): ``frame_dir`` of the recording.
        trunk (float): Median length of the chain from root to neck.
        height (float): Ankle to head if the body were stretched, the median.
        up (np.ndarray): Median of the unit vector from root to neck, (D, ).
        facing (float): How clearly toes, knees and elbows point to the front
            (3-D), about -2 to 2; negative if left and right are swapped, near
            0 if they do not tell.
        twist (float): Cosine of the angle between the line of the hips and
            that of the shoulders, seen from above, the median (3-D).
        bone_length (np.ndarray): Mean length of each bone, (B, ) (3-D).
        bone_cv (np.ndarray): Coefficient of variation of each bone, (B, )
            (3-D).
        reach (float): Largest distance of a joint to the root, in trunks.
        reach_joint (int): The joint that has it.
        travel (float): Largest way of a joint over the recording, along one
            axis, in trunks.
        leap (float): Largest sudden speed of a joint, see :func:`_leaps`, in
            trunks a second; hands and toes are left out.
        leap_at (tuple[int]): The frame that it leads to, and the joint.
        root_leap (float): The same of the root.
        root_leap_frame (int): The frame that it leads to.
    """
    name: str
    trunk: float
    height: float
    up: np.ndarray
    facing: float
    twist: float
    bone_length: np.ndarray
    bone_cv: np.ndarray
    reach: float
    reach_joint: int
    travel: float
    leap: float
    leap_at: Tuple[int, int]
    root_leap: float
    root_leap_frame: int


@dataclass(slots=True)
class Measurement:
    """One recording.

    Args:
        name (str): Its ``frame_dir``.
        label (int, optional): Its label.
        actor, recording, action (str, optional): Who, when and what.
        frames (int): Number of frames.
        fps (float, optional): Frames a second.
        nonfinite (int): Values that are NaN or infinite; such a recording
            has no bodies.
        still (int): Frames of the longest stretch that repeats one pose to
            the last bit.
        digest (bytes): Hash of all positions.
        sketch (np.ndarray): The ``SKETCH_SIZE`` smallest hashes of its
            distinct frames, uint64.
        bodies (list[Body]): Persons that are not padding.
    """
    name: str
    label: Optional[int]
    actor: Optional[str]
    recording: Optional[str]
    action: Optional[str]
    frames: int
    fps: Optional[float]
    nonfinite: int
    still: int
    digest: bytes
    sketch: np.ndarray
    bodies: List[Body]


def measure(annotation: dict, layout: SkeletonLayout
            ) -> Tuple[Measurement, np.ndarray, np.ndarray]:
    """Measure a recording.

    Args:
        annotation (dict): One annotation, see ``docs/data.md``.
        layout (SkeletonLayout): Its layout.

    Returns:
        tuple: The :class:`Measurement` and, as arrays (V, D), the smallest
        and the largest position of each joint relative to the root, NaN
        where there is none.
    """
    keypoint = np.asarray(annotation['keypoint'])
    frames = keypoint.shape[1]
    fps = annotation.get('fps')
    raw = np.ascontiguousarray(keypoint.swapaxes(0, 1))
    hashes = _hash_frames(raw.reshape(frames, -1).view(np.uint8))
    seen = raw.any((1, 2, 3))
    empty = np.full((len(layout), layout.dims), np.nan)
    measurement = Measurement(
        name=annotation['frame_dir'], label=annotation.get('label'),
        actor=annotation.get('actor'), recording=annotation.get('recording'),
        action=annotation.get('action'), frames=frames,
        fps=None if fps is None else float(fps),
        nonfinite=int((~np.isfinite(keypoint)).sum()),
        # Frames of padding are no pose that is held.
        still=_longest_run(np.where(seen, hashes, np.arange(frames))),
        digest=hashlib.blake2b(raw, digest_size=16).digest(),
        sketch=np.unique(hashes[seen])[:SKETCH_SIZE].copy(), bodies=[])
    if measurement.nonfinite:
        return measurement, empty, empty
    score = annotation.get('keypoint_score')
    low, high = [empty], [empty]
    with warnings.catch_warnings():
        # Missing joints are NaN here; a slice that has none else stays NaN.
        warnings.simplefilter('ignore', RuntimeWarning)
        for person in range(len(keypoint)):
            x = _visible(keypoint[person],
                         None if score is None else score[person], layout)
            if np.isfinite(x).any():
                body, near, far = _measure_body(
                    measurement.name, x, fps or DEFAULT_FPS, layout)
                measurement.bodies.append(body)
                low.append(near)
                high.append(far)
    return measurement, np.fmin.reduce(low), np.fmax.reduce(high)


def _hash_frames(frames: np.ndarray) -> np.ndarray:
    """A 64-bit hash of every row of bytes, (T, N) -> (T, )."""
    padding = -frames.shape[1] % 4
    words = np.ascontiguousarray(
        np.pad(frames, ((0, 0), (0, padding)))).view(np.uint32)
    factors = np.random.default_rng(0).integers(
        1, 2**63, words.shape[1], dtype=np.uint64) | np.uint64(1)
    # Products and sums wrap; the last steps (of MurmurHash3) spread the bits.
    mixed = (words.astype(np.uint64) * factors).sum(1, dtype=np.uint64)
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(factor)
    return mixed ^ mixed >> np.uint64(33)


def _longest_run(hashes: np.ndarray) -> int:
    """Length of the longest stretch of equal neighbours."""
    ends = np.flatnonzero(np.diff(hashes) != 0) + 1
    return int(np.diff(ends, prepend=0, append=len(hashes)).max())


def _visible(x: np.ndarray, score: Optional[np.ndarray],
             layout: SkeletonLayout) -> np.ndarray:
    """Positions of one person, (T, V, D), NaN where nothing was seen.

    In 3-D a frame of zeros alone is padding. In 2-D a joint of score 0 is
    missing; where there are no scores, a joint at (0, 0) is.
    """
    positions = x[..., :layout.dims].astype(np.float64)
    if layout.dims == 3:
        positions[~x.any((1, 2))] = np.nan
        return positions
    if score is None:
        score = x[..., 2] if x.shape[-1] == 3 else x.any(-1)
    positions[np.asarray(score) <= 0] = np.nan
    return positions


def _norm(x: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum('...i,...i->...', x, x))


def _median(x: np.ndarray) -> np.ndarray:
    """Over time, of what is not NaN; numpy's own is slow where all is there.
    """
    median = np.nanmedian if np.isnan(x).any() else np.median
    return median(x, axis=0)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(_norm(x), 1e-9)[..., None]


def _measure_body(name: str, x: np.ndarray, fps: float,
                  layout: SkeletonLayout
                  ) -> Tuple[Body, np.ndarray, np.ndarray]:
    chain = np.stack([x[:, list(point)].mean(1) for point in layout.trunk], 1)
    trunk = float(_median(_norm(np.diff(chain, axis=1)).sum(1)))
    scale = trunk if trunk > 0 else 1.
    from_root = x - chain[:, :1]
    low, high = np.nanmin(from_root, 0), np.nanmax(from_root, 0)
    reach = np.nan_to_num(_norm(from_root))
    up = _median(_unit(chain[:, -1] - chain[:, 0]))
    facing = twist = np.nan
    bone_length = bone_cv = np.full(len(layout.bones), np.nan)
    height = np.nan
    if layout.dims == 3:
        joint, parent = np.array(layout.bones).T
        lengths = _norm(x[:, joint] - x[:, parent])
        bone_length = np.nanmean(lengths, 0)
        bone_cv = np.nanstd(lengths, 0) / np.maximum(bone_length, 1e-9)
        height = trunk + _beside_trunk(x, layout)
        facing, twist = _facing(x, up, layout)
    leap, root_leap = (_leaps(p / scale, fps) for p in (x, chain[:, :1]))
    # Hands and toes are fast, and what sensors see worst.
    leap[:, _beyond_limbs(layout)] = 0
    at = np.unravel_index(leap.argmax(), leap.shape)
    body = Body(
        name=name, trunk=trunk, height=height, up=up.astype(np.float32),
        facing=facing, twist=twist,
        bone_length=bone_length.astype(np.float32),
        bone_cv=bone_cv.astype(np.float32),
        reach=float(reach.max() / scale),
        reach_joint=int(reach.max(0).argmax()),
        travel=float(np.nanmax(np.nanmax(x, 0) - np.nanmin(x, 0)) / scale),
        leap=float(leap[at]), leap_at=(int(at[0]), int(at[1])),
        root_leap=float(root_leap.max()),
        root_leap_frame=int(root_leap.argmax()))
    return body, low, high


def _beyond_limbs(layout: SkeletonLayout) -> List[int]:
    """The joints that hang on wrists and ankles."""
    ends = {chain[2] for chain in layout.limbs.values()}
    parents = layout.parents

    def hangs(joint: int) -> bool:
        while (joint := parents[joint]) >= 0:
            if joint in ends:
                return True
        return False

    return [joint for joint in range(len(layout)) if hangs(joint)]


def _beside_trunk(x: np.ndarray, layout: SkeletonLayout) -> float:
    """What stretched legs and the head add to the trunk, the median."""
    paths = [layout.limbs['left_leg'], layout.limbs['right_leg']]
    length = sum(_median(_norm(np.diff(x[:, list(path)], axis=1)).sum(1))
                 for path in paths) / 2
    head = [j for j, n in enumerate(layout.joints) if n.lower() == 'head']
    neck = layout.trunk[-1]
    if head and head != list(neck):
        length += _median(_norm(x[:, head[0]]
                                     - x[:, list(neck)].mean(1)))
    return float(length)


def _leaps(x: np.ndarray, fps: float) -> np.ndarray:
    """Speeds out of nothing, (T, V), each at the frame that it leads to.

    A step from frame to frame counts if it is eight times as long as the
    median of the three steps before or of the three after it: a body gains
    and loses speed over several frames, a tracker does not. All other speeds
    are 0.
    """
    steps = np.full((len(x) + 6, x.shape[1]), np.nan)
    steps[4:len(x) + 3] = _norm(np.diff(x, axis=0))
    near = np.stack([steps[i:len(x) + i] for i in range(7)])
    calm = np.fmin(_middle(near[:3]), _middle(near[4:]))
    sudden = near[3] >= 8 * np.fmax(calm, 1e-3)
    return np.where(sudden, near[3], 0) * fps


def _middle(three: np.ndarray) -> np.ndarray:
    """The lower median over axis 0 of what is not NaN."""
    low, middle, _ = np.sort(three, axis=0)  # NaN comes last
    return np.where(np.isnan(middle), low, middle)


def _facing(x: np.ndarray, up: np.ndarray,
            layout: SkeletonLayout) -> Tuple[float, float]:
    """See :class:`Body`: ``facing`` and ``twist``.

    Left minus right, seen from above, gives the front by the right-hand
    rule. Toes point there, knees bend towards it, elbows away from it.
    """
    axis = np.zeros(3)
    largest = np.abs(up).argmax()
    axis[largest] = np.sign(up[largest]) or 1.

    def across(part: str) -> np.ndarray:
        left, right = (layout.limbs[f'{side}_{part}'][0]
                       for side in ('left', 'right'))
        return _unit((x[:, left] - x[:, right]) * (axis == 0))

    hips, shoulders = across('leg'), across('arm')
    twist = _median((hips * shoulders).sum(-1))
    front = np.cross(_unit(hips + shoulders), axis)
    cues = np.zeros(len(x))
    for name, (near, middle, far) in layout.limbs.items():
        # How far knee or elbow stands off the line between its neighbours.
        line = _unit(x[:, far] - x[:, near])
        bent = x[:, middle] - x[:, near]
        off = bent - (bent * line).sum(-1, keepdims=True) * line
        bend = (off * front).sum(-1) / np.maximum(_norm(bent), 1e-9)
        cues += bend / 2 if name.endswith('leg') else -bend / 4
        if name.endswith('leg'):
            toes = [j for j, p in enumerate(layout.parents) if p == far]
            for toe in toes:
                foot = _unit(x[:, toe] - x[:, far])
                cues += (foot * front).sum(-1) / (2 * len(toes))
    return float(_median(cues)), float(twist)
