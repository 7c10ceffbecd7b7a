import numpy as np
import pytest
from PIL import Image

from mmair.datasets.synthetic import generate_recording
from mmair.errors import InputError
from mmair.visualization.emotion import draw_emotion_gif, draw_emotion_strip


@pytest.fixture(scope='module')
def body():
    return generate_recording('joy', 1, 'walk', 1)['keypoint'][0]


def windows(length, number, width=1., names=('joy', 'sadness')):
    rng = np.random.default_rng(0)
    found = []
    for start in np.linspace(0, length - width, number):
        scores = rng.dirichlet(np.ones(len(names)))
        found.append(dict(start=start, end=start + width,
                          scores=dict(zip(names, scores.tolist()))))
    return found


def test_curves_are_at_the_middle_of_their_windows(body):
    parts = windows(len(body) / 30, 9)
    parts[4].update(scores=None, emotion=None, reason='gone')
    fig = draw_emotion_strip(body, 'ebedb', 30, parts, title='a title')
    ax = fig.axes[1]
    assert len(ax.lines) == 2
    for name, line in zip(('joy', 'sadness'), ax.lines):
        x, y = line.get_data()
        np.testing.assert_allclose(
            x, [(w['start'] + w['end']) / 2 for w in parts])
        np.testing.assert_array_equal(
            y, [w['scores'][name] if w['scores'] else np.nan for w in parts])
    assert ax.get_xlim() == (0, len(body) / 30)
    assert [t.get_text() for t in ax.texts] == ['joy', 'sadness']
    assert fig.texts[0].get_text() == 'a title'
    fig.canvas.draw()


def test_a_pose_is_above_its_time_and_left_out_where_there_is_none(body):
    x = np.concatenate((body, body))[:160].copy()
    x[41:119] = np.nan  # the third to sixth of eight poses
    fig = draw_emotion_strip(x, 'ebedb', 30, windows(160 / 30, 9))
    heads = [line.get_xdata()[0] for line in fig.axes[0].lines
             if line.get_marker() == 'o']
    width = fig.axes[0].get_xlim()[1]
    places = np.array(heads) / width * 8 - .5
    np.testing.assert_allclose(places, [0, 1, 2, 5, 6, 7], atol=.3)


def test_one_window_has_bars(body):
    parts = windows(len(body) / 30, 1)
    ax = draw_emotion_strip(body, 'ebedb', 30, parts).axes[1]
    assert [bar.get_height() for bar in ax.patches] == list(
        parts[0]['scores'].values())


def test_of_many_classes_the_most_probable_are_drawn(body):
    names = [f'A{i:02d}' for i in range(60)]
    parts = windows(len(body) / 30, 5, names=names)
    ax = draw_emotion_strip(body, 'ebedb', 30, parts).axes[1]
    peaks = {n: max(w['scores'][n] for w in parts) for n in names}
    drawn = [t.get_text() for t in ax.texts]
    assert sorted(drawn) == sorted(sorted(names, key=peaks.get)[-12:])
    assert ax.get_ylabel() == 'probability (12 of 60)'
    heights = sorted(t.xyann[1] for t in ax.texts)
    assert min(np.diff(heights)) > .99 * ax.get_ylim()[1] / 12


@pytest.mark.parametrize('number', [1, 6])
def test_gif(body, tmp_path, number):
    x = body.copy()
    x[20:50] = np.nan
    x[:, 14] = np.nan
    path = tmp_path / 'x.gif'
    parts = windows(len(body) / 30, number)
    assert draw_emotion_gif(x, 'ebedb', path, 30, parts, seconds=2) == 25
    with Image.open(path) as picture:
        # What stays the same for longer is one picture of the file.
        shown = []
        for frame in range(picture.n_frames):
            picture.seek(frame)
            shown += picture.info['duration'] // 80 * [
                np.asarray(picture.convert('RGB'), int)]
        assert len(shown) == 25
        pictures = [shown[i] for i in (2, 4, 14)]
    poses = [p[:200, 150:550] for p in pictures]
    curves = [p[260:-50] for p in pictures]
    assert (poses[0] != poses[1]).any()
    assert (poses[2] > 250).all()  # nobody is there at 1.1 s
    # A line runs through curves, and not through bars.
    assert (np.abs(curves[0] - curves[1]) > 60).any() == (number > 1)


def test_2d(tmp_path):
    x = np.random.default_rng(0).uniform(1, 300, (30, 17, 3))
    x[..., 2] = 1
    x[5:9, :, 2] = 0
    x[12, 4, 2] = 0
    parts = windows(1, 3, width=.5)
    draw_emotion_strip(x, 'coco', 30, parts).canvas.draw()
    assert draw_emotion_gif(x[..., :2], 'coco', tmp_path / 'x.gif', 30,
                            parts) == 13


def test_nothing_to_draw(body):
    parts = windows(2, 2)
    for part in parts:
        part.update(scores=None, reason='gone')
    with pytest.raises(InputError, match='no window has scores'):
        draw_emotion_strip(body, 'ebedb', 30, parts)
    with pytest.raises(InputError, match='no joint in any frame'):
        draw_emotion_strip(np.full_like(body, np.nan), 'ebedb', 30,
                           windows(2, 2))
    with pytest.raises(InputError, match='17'):
        draw_emotion_strip(body[:, :17], 'ebedb', 30, windows(2, 2))
