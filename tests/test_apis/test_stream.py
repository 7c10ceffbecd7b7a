import argparse
import io
import json
import tracemalloc

import numpy as np
import pytest
from tiny_runs import run_tool, sentence

from mmair.apis import EmotionInferencer, StreamRecognizer
from mmair.apis.messages import MAX_BYTES, parse_frame
from mmair.cli import not_negative
from mmair.datasets.readers import load_annotations
from mmair.errors import InputError
from mmair.layouts import get_layout

LAYOUT = get_layout('ebedb')


class Fake:
    """Scores a window by its mean x; a place for what it was given."""
    layout, classes = LAYOUT, ('low', 'high')
    named = EmotionInferencer.named

    def __init__(self):
        self.segment = None

    def score_segments(self, segments):
        self.segment, = segments
        high = float(np.clip(np.nanmean(self.segment.keypoint[..., 0]), 0, 1))
        return [self.named([1 - high, high])]


def frame(value=0.):
    x = np.ones((len(LAYOUT), 3), np.float32)
    x[:, 0] = value
    return x


@pytest.fixture(scope='module')
def body(trained):
    first, second = load_annotations(trained.data)['annotations'][:2]
    return np.concatenate((first['keypoint'][0], second['keypoint'][0]))


def test_it_says_what_the_inferencer_says_of_the_window(inferencer, body):
    stream = StreamRecognizer(inferencer, window=2, fps=30, rate=5,
                              smoothing=0)
    x = body.copy()
    x[70:74, 14] = x[80:85] = x[90:, 18] = np.nan
    answers = {}
    for number, pose in enumerate(x):
        # Times as of a clock: of a large origin, rounded to microseconds.
        answer = stream.push(pose, round(1.7e9 + number / 30, 6))
        if answer is not None:
            answers[number] = answer
    assert list(answers) == list(range(59, len(x), 6)) and len(answers) > 8
    for number, answer in answers.items():
        expected, = inferencer(x[number - 59:number + 1], fps=30)['results']
        assert answer['scores'] == expected['scores']
        assert answer['emotion'] == expected['emotion']
        assert answer['unsmoothed'] == answer['scores']
        assert answer['time'] == round(1.7e9 + number / 30, 6)


def test_smoothing():
    stream = StreamRecognizer(Fake(), window=.2, fps=10, rate=5, smoothing=.7)
    smooth, seen = None, 0
    for number in range(40):
        answer = stream.push(frame(number % 7 / 7))
        if number % 2 == 0:
            assert answer is None
            continue
        now = (number % 7 / 7 + (number - 1) % 7 / 7) / 2
        keep = np.exp(-.2 / .7)
        smooth = now if smooth is None else keep * smooth + (1 - keep) * now
        assert answer['unsmoothed']['high'] == pytest.approx(now)
        assert answer['scores']['high'] == pytest.approx(smooth)
        assert sum(answer['scores'].values()) == pytest.approx(1)
        assert answer['emotion'] == ('high' if smooth > .5 else 'low')
        seen += 1
    assert seen == 20


@pytest.mark.parametrize('rate', [7., 10., 24., 60., 'uneven'])
def test_frames_come_at_any_rate(rate):
    """What moves evenly is put where it was."""
    fake = Fake()
    stream = StreamRecognizer(fake, window=2, fps=10, rate=10)
    times = (np.cumsum(np.random.default_rng(0).uniform(.01, .2, 60))
             if rate == 'uneven' else np.arange(60) / rate + 3)
    windows = 0
    for time in times:
        if stream.push(frame(time / 100), time) is not None:
            windows += 1
            x = fake.segment.keypoint[:, 0, 0] * 100
            assert len(x) == 20 and fake.segment.fps == 10
            np.testing.assert_allclose(np.diff(x), .1, atol=1e-4)
            assert time - .1 < x[-1] + 1e-3 and x[-1] <= time + 1e-3
            at = (x[-1] - times[0]) * 10
            assert at == pytest.approx(round(at), abs=1e-2)
    # An answer to every frame that brings a new place of the grid.
    places = np.floor((times - times[0]) * 10 + 1e-3)
    assert windows == (np.diff(places, prepend=-1)[places >= 19] > 0).sum()


def test_gaps():
    fake = Fake()
    stream = StreamRecognizer(fake, window=2, fps=10, rate=10, max_gap=.25)

    def push(*times):
        for time in times:
            stream.push(frame(time / 100), time)
        return stream.window[:, 0, 0] * 100

    push(*np.arange(0, 2, .1))
    np.testing.assert_allclose(push(2.15)[-3:], [1.9, 2., 2.1], atol=1e-4)
    # A gap: not seen, and the grid begins anew at the frame after it.
    found = push(2.65)
    np.testing.assert_allclose(found[-5:], [np.nan, np.nan, np.nan, np.nan,
                                            2.65], atol=1e-4)
    assert len(found) == 20
    np.testing.assert_allclose(push(2.75, 2.85)[-3:], [2.65, 2.75, 2.85],
                               atol=1e-4)
    # Of a window or more: all starts anew.
    assert len(push(4.85)) == 1
    assert stream.push(frame(.5), 4.95) is None


def test_a_joint_that_is_lost_is_not_mixed_with_one_that_is_there():
    fake = Fake()
    stream = StreamRecognizer(fake, window=1, fps=10)
    a, b = frame(1), frame(2)
    b[3] = np.nan
    stream.push(a, 0.)
    stream.push(b, .14)
    stream.push(frame(3), .21)
    x = stream.window[:, :, 0]
    np.testing.assert_allclose(x[:, 0], [1, 1 + 1 / 1.4, 2 + .6 / .7],
                               rtol=1e-5)
    # That of the nearer frame, in which it is lost, and is there.
    np.testing.assert_allclose(x[:, 3], [1, np.nan, 3], rtol=1e-5)


def test_who_is_absent_is_not_mixed_with_who_is_there():
    """Absent is a 3-D person all 0, or in 2-D a joint at (0, 0)."""
    stream = StreamRecognizer(Fake(), window=1, fps=10)
    for time, pose in ((0., frame(1)), (.14, 0 * frame()), (.21, frame(3))):
        stream.push(pose, time)
    assert np.isnan(stream.window[1]).all()
    assert set(stream.window[[0, 2], 0, 0]) == {1, 3}

    class Flat(Fake):
        layout = get_layout('coco')

    stream = StreamRecognizer(Flat(), window=1, fps=10)
    a, b = np.full((17, 2), 8.), np.full((17, 2), 4.)
    b[3] = 0
    stream.push(a, 0.)
    stream.push(b, .14)
    assert stream.window[1, 0, 0] == pytest.approx(8 - 4 / 1.4)
    assert np.isnan(stream.window[1, 3]).all()


def test_after_a_frame_of_absurd_numbers_the_stream_goes_on(inferencer, body):
    stream = StreamRecognizer(inferencer, window=1, fps=30, rate=1)
    x = np.concatenate([body] * 3)[:150].copy()
    x[40, 3] = 1e25
    answers = [a for a in map(stream.push, x) if a]
    assert len(answers) == 5
    assert [a['scores'] is None for a in answers] == [
        False, True, False, False, False]
    assert answers[1]['reason'] == 'the positions are too large to be scored'
    json.dumps(answers, allow_nan=False)


def test_time_that_does_not_pass_is_counted():
    stream = StreamRecognizer(Fake(), window=1, fps=10)
    for time in (0., .1, .1, .05, .2):
        stream.push(frame(time), time)
    assert stream.late == 2
    np.testing.assert_allclose(stream.window[:, 0, 0], [0, .1, .2])


@pytest.mark.parametrize('wrong', [
    [], [1e15], [-1e15], [1e15, -1e15]])
def test_a_clock_that_is_set_back(wrong):
    """Answers come again after a window; so they do after a wrong time."""
    stream = StreamRecognizer(Fake(), window=1, fps=10, rate=10)
    times = np.arange(20) / 10
    for time in (*(times + 1000), *wrong):
        stream.push(frame(1), time)
    answers = [stream.push(frame(), time) for time in times]
    assert [a is not None for a in answers] == 9 * [False] + 11 * [True]
    assert all(a['emotion'] == 'low' for a in answers[9:])
    assert stream.late == 1


def test_who_is_hardly_seen_has_a_reason(inferencer, body):
    stream = StreamRecognizer(inferencer, window=1, fps=30, rate=30)
    answers = [stream.push(x if i < 40 or i > 80 else np.full_like(x, np.nan))
               for i, x in enumerate(body)]
    # In frame 54 there are 15 of 30.
    assert answers[54]['scores'] and answers[55]['scores'] is None
    assert 'seen in 47% of the frames' in answers[55]['reason']
    assert answers[55]['emotion'] is None
    assert all(a['scores'] for a in answers[95:])
    lost = body.copy()
    lost[:, LAYOUT.limbs['left_arm'][0]] = np.nan
    stream.reset()
    answer = [stream.push(x) for x in lost[:30]][-1]
    assert 'LeftShoulder: never seen' in answer['reason']


def test_memory_and_work_do_not_grow():
    stream = StreamRecognizer(Fake(), window=4, fps=30, rate=1)
    rng = np.random.default_rng(0)
    poses = rng.uniform(size=(97, len(LAYOUT), 3)).astype(np.float32)
    poses[5, 3] = np.nan
    time, answers, used = 0., 0, []

    def run(frames):
        nonlocal time, answers
        for i in range(frames):
            # Now and then late, or gone for up to a minute.
            time += (1 / 30 if i % 1000 else 60 * rng.uniform())
            answers += stream.push(poses[i % 97], time) is not None

    run(2000)
    tracemalloc.start()
    for _ in range(10):
        run(10_000)
        used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert answers > 2000
    assert max(used) - used[0] < 20_000
    assert len(stream.window) <= 120 and len(stream._buffer) == 240


def test_bad_frames_do_not_stop_the_stream():
    stream = StreamRecognizer(Fake(), window=.3, fps=10, rate=10)
    for bad, word in (
            (frame()[:17], r'\(17, 3\), expected \(23, 3\)'),
            (frame()[..., :2], r'\(23, 2\)'), ([[1, 2], [3]], 'no array'),
            ('garbage', 'no array'), (None, r'the frame'),
            (frame(np.inf), 'infinity')):
        with pytest.raises(InputError, match=word):
            stream.push(bad)
    for time in (np.nan, np.inf, 'noon'):
        with pytest.raises(InputError, match='no finite number'):
            stream.push(frame(), time)
    answers = []
    for i in range(3):
        answers.append(stream.push(frame(i / 4)))
        with pytest.raises(InputError):
            stream.push(frame()[:5])
    assert answers[:2] == [None, None]
    assert answers[2]['unsmoothed']['high'] == pytest.approx(.25)


@pytest.mark.parametrize('name, value', [
    ('window', 0), ('fps', -1), ('rate', np.nan), ('smoothing', -1),
    ('max_gap', np.inf), ('window', 1e9), ('window', 1e308), ('fps', 1e-3),
    ('fps', 1e9), ('rate', 1e-9), ('rate', 1e-310)])
def test_arguments(name, value):
    with pytest.raises(InputError, match=name):
        StreamRecognizer(Fake(), **{**dict(window=1, fps=10), name: value})


@pytest.mark.parametrize('text, value', [
    ('0', 0), ('0.0', 0), ('-0', 0), ('0e5', 0), ('.25', .25), ('0.0.0', None),
    ('.', None), ('', None), ('-1', None), ('nan', None), ('inf', None)])
def test_a_number_that_is_not_negative(text, value):
    if value is None:
        with pytest.raises(argparse.ArgumentTypeError, match='no number'):
            not_negative(text)
    else:
        assert not_negative(text) == value


# Messages.

def message(**changes):
    content = dict(dict(time=1.5, keypoint=frame(2).tolist()), **changes)
    return json.dumps({k: v for k, v in content.items() if v is not ...})


def test_messages():
    found, time = parse_frame(message(), LAYOUT)
    assert time == 1.5 and np.array_equal(found, frame(2))
    found, time = parse_frame(message(time=...).encode(), LAYOUT)
    assert time is None
    found, time = parse_frame(json.dumps(frame(3).tolist()), LAYOUT)
    assert time is None and np.array_equal(found, frame(3))
    lost = frame(2).tolist()
    lost[3], lost[4][1] = None, None
    found, _ = parse_frame(message(keypoint=lost), LAYOUT)
    assert np.isnan(found).sum() == 4 and np.isnan(found[3]).all()
    nobody, _ = parse_frame(message(keypoint=[None] * 23), LAYOUT)
    assert nobody.shape == (23, 3) and np.isnan(nobody).all()
    found, _ = parse_frame(json.dumps([[1, 2, .5]] * 17), get_layout('coco'))
    assert found.shape == (17, 3)


def with_joint(joint):
    joints = frame().tolist()
    joints[7] = joint
    return message(keypoint=joints)


@pytest.mark.parametrize('garbage, word', [
    (b'', 'no JSON'), (b'\xff\xfe{', 'no JSON'), ('{"time": 1', 'no JSON'),
    ('[' * 60000, 'no JSON'), ('1' * 5000, ''), ('null', 'null'),
    (message(keypoint=...), 'expected "keypoint"'),
    (message(time='noon'), 'time of the message is "noon"'),
    (message(time=True), 'time'), (message(time=float('inf')), 'time'),
    (message(time=10**400), 'time'),
    (message(keypoint=frame()[:17].tolist()), '17 joints, expected a list of '
     'the 23'),
    (message(keypoint={}), 'keypoint of the message is {}'),
    (with_joint([1, 2]), 'joint RightCollar of the message is [1, 2]'),
    (with_joint([1, 2, '3']), 'RightCollar'),
    (with_joint([1, 2, 10**400]), 'RightCollar'),
    (with_joint([1, 2, float('-inf')]), 'RightCollar'),
    (with_joint('x' * 500), 'RightCollar'), (with_joint([[1]] * 3), ''),
    (b' ' * (MAX_BYTES + 1), 'bytes')])
def test_garbage(garbage, word):
    with pytest.raises(InputError) as error:
        parse_frame(garbage, LAYOUT)
    text = str(error.value)
    assert word in text and '\n' not in text and len(text) < 300


def test_tool(trained, inferencer, body, tmp_path, capsys, monkeypatch):
    lines = [json.dumps(dict(time=i / 30, keypoint=x.tolist()))
             for i, x in enumerate(body[:61].round(5))]
    lines[40:40] = ['garbage', 'x' * 3 * MAX_BYTES, lines[3]]
    (tmp_path / 'frames').write_text('\n'.join(lines))
    args = trained.config, trained.checkpoint, tmp_path / 'frames'
    given = '--fps', 30, '--window', 2, '--smoothing', 0
    capsys.readouterr()
    assert run_tool('stream.py', *args, *given) == 0
    said = capsys.readouterr()
    answer, = map(json.loads, said.out.splitlines())  # and nothing else
    expected, = inferencer(body[:60].round(5), fps=30)['results']
    assert answer['scores'] == pytest.approx(expected['scores'], abs=1e-5)
    assert 'line 41 left out: the message is no JSON' in said.err
    assert 'line 42 left out: the message has' in said.err
    assert '64 lines, 2 that were no frames, 1 out of order, 1 answers' in (
        said.err)
    assert 'anew' not in said.err
    (tmp_path / 'frames').write_text('\n'.join(json.dumps(dict(
        time=1000 * i, keypoint=x.tolist())) for i, x in enumerate(body[:9])))
    assert run_tool('stream.py', *args, *given) == 0
    assert '8 frames were a window or more away' in capsys.readouterr().err
    (tmp_path / 'frames').write_text('garbage\n')
    assert run_tool('stream.py', *args, *given) == 2
    assert 'holds no frame' in sentence(capsys)
    monkeypatch.setattr('sys.stdin', io.TextIOWrapper(io.BytesIO()))
    assert run_tool('stream.py', *args[:2], *given) == 2
    assert 'error: standard input: holds no frame' in sentence(capsys)
    assert run_tool('stream.py', *args[:2], tmp_path / 'none', *given) == 2
    assert 'none: cannot be read' in sentence(capsys)
    assert run_tool('stream.py', *args, '--fps', 0, '--window', 1) == 2


@pytest.mark.parametrize('width', [2, 3])
def test_a_frame_without_anybody_has_no_width(width):
    """Where nobody was seen nothing tells whether joints have a score."""
    class Flat(Fake):
        layout = get_layout('coco')

    fake = Flat()
    stream = StreamRecognizer(fake, window=.4, fps=10, rate=2.5, smoothing=0)
    nobody, _ = parse_frame(json.dumps([None] * 17), fake.layout)
    somebody = np.full((17, width), .25, np.float32)
    for _ in range(2):
        for pose in (nobody, nobody, somebody):
            assert stream.push(pose) is None
        assert stream.push(nobody)['scores']['high'] == .25
        found = fake.segment.keypoint.reshape(4, 17, -1)
        assert found.shape[2] == width
        assert np.isnan(found).all((1, 2)).tolist() == [True, True, False,
                                                        True]
        stream.reset()
    stream.push(somebody)
    with pytest.raises(InputError, match='the frame has the shape'):
        stream.push(np.ones((17, 5 - width)))
