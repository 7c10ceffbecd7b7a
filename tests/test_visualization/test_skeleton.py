import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from PIL import Image

from mmair.errors import InputError
from mmair.layouts import LAYOUTS, LIMBS, get_layout
from mmair.visualization import LIMB_COLORS, draw_gif, draw_strip
from mmair.visualization.skeleton import bone_limbs

THREE_D = [name for name, layout in LAYOUTS.items() if layout.dims == 3]


def motion(layout, frames=20):
    """Joints at random around a body that turns; no two frames alike."""
    layout = get_layout(layout)
    return np.random.default_rng(0).normal(size=(frames, len(layout), 3)) + 5


def lines_of(fig):
    return [artist for artist in fig.axes[0].collections
            if isinstance(artist, LineCollection)]


@pytest.mark.parametrize('name', LAYOUTS)
def test_every_bone_of_every_pose_is_drawn_in_the_color_of_its_limb(name):
    layout = get_layout(name)
    fig = draw_strip(motion(name), name, num_poses=5)
    count = {}
    for lines in lines_of(fig):
        color = to_hex(lines.get_colors()[0]).upper()
        count[color] = count.get(color, 0) + len(lines.get_segments())
    assert sum(count.values()) == 5 * len(layout.bones)
    for limb in LIMBS:
        # Two bones of the limb itself, and those of its hand or foot.
        ends = bone_limbs(layout).count(limb)
        assert ends >= 2 and count[LIMB_COLORS[limb]] == 5 * ends


def test_hands_belong_to_arms_and_collars_to_the_trunk():
    layout = get_layout('nturgb+d')
    limb = dict(zip([layout.joints[j] for j, _ in layout.bones],
                    bone_limbs(layout)))
    assert limb['left_elbow'] == limb['left_hand_tip'] == 'left_arm'
    assert limb['right_foot'] == 'right_leg'
    assert limb['left_shoulder'] is limb['right_hip'] is None
    assert limb['head'] is None


@pytest.mark.parametrize('name', THREE_D)
@pytest.mark.parametrize('turn', [0, 1, 2, 3, 4, 5, 6])
def test_the_body_is_seen_half_from_its_front(name, turn):
    layout = get_layout(name)
    left, right = (layout.limbs[leg][0] for leg in ('left_leg', 'right_leg'))
    across = np.array([np.cos(turn), 0, -np.sin(turn)])
    ahead = np.array([np.sin(turn), 0, np.cos(turn)])  # y up: across x up
    body = motion(name, 1)
    body[0, left], body[0, right] = across, -across
    body[0, layout.limbs['left_leg'][1]] = across + ahead  # a knee to front
    fig = draw_strip(body, name, num_poses=1)
    hip_of = {}
    for lines in lines_of(fig):
        color = to_hex(lines.get_colors()[0]).upper()
        if color in (LIMB_COLORS['left_leg'], LIMB_COLORS['right_leg']):
            hip_of[color] = lines.get_segments()[0]  # the thigh: knee, hip
    knee, hip = hip_of[LIMB_COLORS['left_leg']][:, 0]
    other = hip_of[LIMB_COLORS['right_leg']][1, 0]
    assert hip - other == pytest.approx(2 * np.cos(np.deg2rad(35)))
    assert knee - hip == pytest.approx(np.sin(np.deg2rad(35)))


def test_image_coordinates_are_turned_up_and_missing_joints_left_out():
    layout = get_layout('coco')
    body = np.zeros((1, 17, 3))
    body[..., 0] = np.arange(17)
    body[..., 1] = np.arange(17)  # y points down: the nose is on top
    body[..., 2] = 1
    body[0, layout.joints.index('left_wrist'), 2] = 0
    segments = np.concatenate(
        [np.asarray(lines.get_segments()) for lines in
         lines_of(draw_strip(body, 'coco', num_poses=1))
         if lines.get_segments()])
    assert len(segments) == len(layout.bones) - 1
    assert segments[..., 1].max() == 0 and segments[..., 1].min() == -16


def test_poses_do_not_overlap():
    fig = draw_strip(motion('ebedb'), 'ebedb', num_poses=4, legend=False)
    spans = []
    for pose in np.array_split(np.array(lines_of(fig), dtype=object), 4):
        points = np.concatenate([s for c in pose for s in c.get_segments()])
        spans.append((points[:, 0].min(), points[:, 0].max()))
    assert all(a[1] < b[0] for a, b in zip(spans, spans[1:]))


def test_times_and_legend_are_written():
    fig = draw_strip(motion('ebedb', 31), 'ebedb', num_poses=3, fps=30.)
    assert [t.get_text() for t in fig.axes[0].texts] == \
        ['0.0 s', '0.5 s', '1.0 s']
    assert [t.get_text() for t in fig.legends[0].get_texts()] == \
        ['trunk', 'left arm', 'right arm', 'left leg', 'right leg']


@pytest.mark.parametrize('fps', [10., 30., 120.])
def test_gif_plays_at_the_true_tempo(tmp_path, fps):
    path = tmp_path / 'body.gif'
    # 0.8 s of motion: pictures at 0, 0.08, ..., 0.8 s.
    body = motion('ebedb', int(.8 * fps) + 1)
    assert draw_gif(body, 'ebedb', path, fps, height=80) == 11
    with Image.open(path) as gif:
        assert gif.n_frames == (11 if fps > 12.5 else 9)
        total = 0
        for frame in range(gif.n_frames):
            gif.seek(frame)
            total += gif.info['duration']
        assert total == 11 * 80 and gif.height == 80
        assert gif.info['loop'] == 0


def test_wrong_number_of_joints_is_told():
    with pytest.raises(InputError, match=r"\(20, 23, 3\).*'coco' \(17 jo"):
        draw_strip(motion('ebedb'), 'coco')
