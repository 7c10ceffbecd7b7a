import numpy as np
import pytest
from matplotlib.collections import LineCollection
from PIL import Image

from mmair.layouts import get_layout
from mmair.visualization import Panel, draw_panels, draw_panels_gif


def body(layout='ebedb', frames=20, seed=0):
    layout = get_layout(layout)
    return np.random.default_rng(seed).normal(
        size=(frames, len(layout), layout.dims))


def panel(x, layout='ebedb', fps=10., **kwargs):
    return Panel('title', x, get_layout(layout), np.arange(len(x)) / fps,
                 **kwargs)


def points_of(fig):
    """What is drawn in each panel, in inches of the whole figure."""
    points = []
    for ax in fig.axes:
        box, size = ax.get_position(), fig.get_size_inches()
        drawn = [np.concatenate(lines.get_segments())
                 for lines in ax.collections
                 if isinstance(lines, LineCollection) and lines.get_segments()]
        points.append(np.concatenate(drawn) + (box.x0, box.y0) * size)
    return points


ROWS = dict(one=[[0]], three=[[0], [1], [2, 3]], many=[[0], [1, 2], [3]])


@pytest.mark.parametrize('rows', ROWS.values(), ids=ROWS)
def test_nothing_is_clipped_and_panels_do_not_overlap(rows):
    fig = draw_panels([[panel(body(seed=i)) for i in row] for row in rows],
                      'a title')
    size = fig.get_size_inches()
    drawn = points_of(fig)
    assert len(drawn) == sum(map(len, rows))
    boxes = []
    for ax, points in zip(fig.axes, drawn):
        box = ax.get_position()
        low, high = box.p0 * size, box.p1 * size
        assert (points >= low).all() and (points <= high).all()
        assert (low >= 0).all() and (high <= size).all()
        boxes.append((low, high))
    for i, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:i]:
            assert ((high <= other_low + 1e-9)
                    | (low >= other_high - 1e-9)).any()


def test_all_bodies_have_one_scale():
    x = body()
    fig = draw_panels([[panel(x)], [panel(3 * x, size=3.)],
                       [panel(1.1 * x), panel(x)]], num_poses=8)
    first, second, larger, same = (np.ptp(p, axis=0)[1]
                                   for p in points_of(fig))
    assert first == pytest.approx(second)
    # Four poses of eight: compared with the same four.
    assert larger == pytest.approx(1.1 * same)


def test_a_turn_shows_only_from_a_fixed_direction():
    x = body(frames=1)
    cos, sin = np.cos(.5), np.sin(.5)
    turned = x @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    for turn, alike in ((True, True), (False, False)):
        a, b = (panel(k, turn=turn).points() for k in (x, turned))
        assert np.allclose(a, b) == alike


def test_times_are_those_of_the_frames():
    x = body(frames=30)
    shown = panel(x)._replace(keypoint=x[10:], times=np.arange(10, 30) / 10)
    fig = draw_panels([[shown]], num_poses=3)
    assert [t.get_text() for t in fig.axes[0].texts][2:] == [
        '1.0 s', '2.0 s', '2.9 s']


def test_a_lost_joint_is_bridged():
    layout = get_layout('ebedb')
    x = body(frames=2)
    elbow, wrist, shoulder = (layout.joints.index(f'Left{n}') for n in
                              ('Elbow', 'Wrist', 'Shoulder'))
    x[:, elbow] = np.nan
    lost = panel(x)
    lines = draw_panels([[lost]], num_poses=2).axes[0].collections
    found = [line.get_segments() for line in lines
             if line.get_linestyle()[0][1] is not None]  # dotted
    assert [len(segments) for segments in found] == [1, 1]
    for segments, pose in zip(found, lost.points()):
        drawn = np.diff(segments[0], axis=0)[0]
        expected = pose[shoulder] - pose[wrist]
        assert drawn[0] / drawn[1] == pytest.approx(
            expected[0] / expected[1])


def test_gif_shows_panels_side_by_side_at_their_tempo(tmp_path):
    path = tmp_path / 'panels.gif'
    slow, fast = panel(body(frames=9), fps=10.), panel(body(frames=9), fps=90.)
    assert draw_panels_gif([slow, fast], path, height=80) == 11
    with Image.open(path) as gif:
        width = gif.width
        frames = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            frames.append(np.asarray(gif.convert('L'), int))
    assert gif.info['duration'] == 80 and width >= 2 * 190

    def moves(part, start):
        return any((abs(a[:, part] - b[:, part]) > 40).any()
                   for a, b in zip(frames[start:], frames[start + 1:]))

    left, right = slice(0, width // 2 - 1), slice(width // 2 + 1, None)
    assert moves(left, 3) and moves(right, 0)
    assert not moves(right, 2)  # over, and held
