"""Files as MMAction2 distributes them of NTU RGB+D, but small."""
import pickle

import numpy as np

from mmair.datasets.synthetic import EMOTIONS, generate_recording
from mmair.layouts import get_layout

PERFORMERS, ACTIONS, CAMERAS = (1, 2, 3), (1, 4, 50), (1, 2)
#: Action 50 is of two people, the second of whom comes this late (frames).
TOGETHER, LATE = 50, 20
#: In 2-D this joint, the left wrist, is lost for the frames of this slice.
LOST, GAP = 9, slice(5, 9)


def write_ntu60(path, layout='nturgb+d'):
    """Write ``ntu60_3d.pkl``, or with ``layout='coco'`` ``ntu60_2d.pkl``.

    Keys, types and shapes are those of MMAction2's files; the movements are
    the generator's.

    Returns:
        Path: The file.
    """
    annotations = []
    for performer in PERFORMERS:
        for action in ACTIONS:
            for camera in CAMERAS:
                annotations.append(_annotation(performer, action, camera,
                                               layout == 'coco'))
    names = [annotation['frame_dir'] for annotation in annotations]
    split = dict(
        xsub_train=[n for n in names if 'P003' not in n],
        xsub_val=[n for n in names if 'P003' in n],
        xview_train=[n for n in names if 'C001' not in n],
        xview_val=[n for n in names if 'C001' in n])
    with open(path, 'wb') as file:
        pickle.dump(dict(split=split, annotations=annotations), file)
    return path


def _annotation(performer, action, camera, in_2d):
    one, two = (generate_recording(
        EMOTIONS[number % 7], number, 'talk', action,
        layout='nturgb+d')['keypoint'][0] for number in (performer, 11))
    frames = min(len(one), len(two), 60)
    x = np.stack((one[:frames], two[:frames] + (1, 0, 0)))
    x += (.1 * camera, -.3, 2.5)  # the camera is at the origin
    absent = slice(None) if action != TOGETHER else slice(LATE)
    annotation = dict(
        frame_dir=f'S001C{camera:03d}P{performer:03d}R001A{action:03d}',
        label=action - 1, total_frames=frames)
    if not in_2d:
        x[1, absent] = 0
        return dict(annotation, keypoint=x.astype(np.float16))
    x = _coco(x)
    pixels = 500 * x[..., :2] / x[..., 2:] * (1, -1) + (960, 540)
    score = np.random.default_rng(0).uniform(.5, 1, x.shape[:3])
    score[0, GAP, LOST] = 0
    score[1, absent] = 0
    pixels[score == 0] = 0
    return dict(
        annotation, img_shape=(1080, 1920), original_shape=(1080, 1920),
        keypoint=pixels.astype(np.float16),
        keypoint_score=score.astype(np.float16))


def _coco(x):
    """The joints of COCO, from those of Kinect."""
    kinect, coco = get_layout('nturgb+d'), get_layout('coco')
    made = np.repeat(x[..., [kinect.joints.index('head')], :], 17, -2)
    for limb, chain in coco.limbs.items():
        made[..., list(chain), :] = x[..., list(kinect.limbs[limb]), :]
    return made
