import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.visualization import LIMB_COLORS, Panel
from mmair.visualization.label_dictionary import Entry, draw_dictionary

FPS = 10


def panel(name='ebedb', seconds=4., speed=0.):
    """A body that stands, and moves its left hand down at a speed."""
    layout = get_layout(name)
    times = np.arange(int(seconds * FPS) + 1) / FPS
    body = np.random.default_rng(0).normal(size=(len(layout),
                                                 layout.dims))
    moves = np.repeat(body[None], len(times), 0)
    moves[:, layout.limbs['left_arm'][-1], 1] -= speed * times
    return Panel(f'{seconds} s', moves, layout, times, turn=False)


def drawn(fig):
    """Bones, and ways of the left hand, as points on the picture."""
    ax, = fig.axes
    lines = [c for c in ax.collections if isinstance(c, LineCollection)]
    ways = [c for c in lines if c.get_alpha() is None
            and len(c.get_colors()) and c.get_colors()[0][3] < 1]
    bones = [c for c in lines if c not in ways]
    left = [np.array(c.get_segments()) for c in ways
            if to_hex(c.get_colors()[0]).upper() == LIMB_COLORS['left_arm']]
    return sum(len(c.get_segments()) for c in bones), left


@pytest.mark.parametrize('name', ['ebedb', 'nturgb+d', 'coco'])
def test_every_pose_has_all_its_bones(name):
    fig = draw_dictionary([Entry('Code 0', {}, [panel(name)]),
                           Entry('Code 1', {}, [panel(name)] * 3)])
    bones, ways = drawn(fig)
    assert bones == 4 * 8 * len(get_layout(name).bones)
    assert len(ways) == 4 * 8


@pytest.mark.parametrize('seconds, poses', [(9, 8), (4, 8), (2, 4), (1.2, 2),
                                            (.2, 1)])
def test_a_pose_is_a_step_of_time_however_long_the_recording(seconds, poses):
    _, ways = drawn(draw_dictionary([Entry('', {}, [panel(
        seconds=seconds)])]))
    assert len(ways) == poses
    assert {len(way) for way in ways} == {min(5, round(10 * seconds))}


def test_ways_are_as_long_as_the_movement_is_fast():
    fig = draw_dictionary([Entry('', {}, [panel(speed=.1), panel(speed=.2)])])
    lengths = [np.linalg.norm(np.diff(way, axis=1), axis=-1).sum()
               for way in drawn(fig)[1]]
    slow, fast = np.array(lengths).reshape(2, 8)
    assert slow.std() < 1e-6 and slow.min() > 0
    assert fast == pytest.approx(2 * slow)


def test_the_middle_of_a_long_recording_is_drawn():
    """The hand moves in the middle second alone."""
    long = panel(seconds=20)
    hand = long.layout.limbs['left_arm'][-1]
    long.keypoint[:, hand, 1] -= np.clip(long.times - 9.5, 0, 1)
    _, ways = drawn(draw_dictionary([Entry('', {}, [long])]))
    moved = [np.ptp(way[..., 1]) > 1e-6 for way in ways]
    assert moved == [False] * 3 + [True] * 2 + [False] * 3


def test_bars_are_as_long_as_shares_and_marks_stand_at_the_others():
    fig = draw_dictionary([Entry('Code 7', dict(actor=[
        ('A', .8, .2), ('B', .1, .4)]), [])], title='Of 8')
    ax, = fig.axes
    lines = [line for line in ax.lines if isinstance(line, Line2D)
             and len(line.get_xdata()) == 2]
    full = lines[1].get_xdata()
    bars, marks = lines[2::3], lines[3::3]
    width = full[1] - full[0]
    assert [np.ptp(b.get_xdata()) / width for b in bars] == pytest.approx(
        [.8, .1])
    assert [(m.get_xdata()[0] - full[0]) / width
            for m in marks] == pytest.approx([.2, .4])
    texts = [t.get_text() for t in ax.texts]
    assert {'Of 8', 'Code 7', 'actor', 'A', '80 %', 'B', '10 %'} <= set(texts)


def test_absent_joints_are_left_out():
    whole = panel()
    hidden = whole._replace(keypoint=whole.keypoint.copy())
    hidden.keypoint[:, hidden.layout.limbs['left_arm'][-1]] = np.nan
    ways = drawn(draw_dictionary([Entry('', {}, [hidden])]))[1]
    assert not any(len(way) for way in ways)
    hidden.keypoint[3] = np.nan
    with pytest.raises(InputError, match='a frame without any joint'):
        draw_dictionary([Entry('', {}, [hidden])])
