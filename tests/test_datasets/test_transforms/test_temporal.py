"""Resampling and windows keep tempo."""
import math

import numpy as np
import pytest
import torch

from mmair.datasets.transforms import ResampleFrames, SampleWindows
from mmair.datasets.transforms.counter_rng import fold_in
from mmair.datasets.transforms.temporal import reflect
from mmair.errors import InputError

RATES = [(125., 30.), (120., 15.), (30., 15.), (30., 30.), (15., 30.),
         (29.97, 30.), (30., 29.97), (100., 12.5)]


def numbered(*shape, pad_to=None):
    """Recordings whose coordinates are 1 + the number of the frame."""
    frames = 1 + torch.arange(shape[-3]).float()
    x = frames[:, None, None].expand(shape).clone()
    if pad_to:
        padding = x.new_full((*shape[:-3], pad_to - shape[-3], *shape[-2:]),
                             math.nan)
        x = torch.cat((x, padding), -3)
    return x


def frames_of(windows):
    """Frame numbers of windows, (*, T), all joints agreeing."""
    frames = windows[..., 0, :, 0, 0]
    assert torch.equal(windows, frames[..., None, :, None, None].expand_as(
        windows))
    return (frames - 1).long()


def slow_reflection(start, count, length):
    """Walk, and turn round at either end."""
    at, step, frames = start, 1, []
    for _ in range(count):
        frames.append(at)
        if not 0 <= at + step < length:
            step = -step
        if length > 1:
            at += step
    return frames


@pytest.mark.parametrize('fps, to', RATES)
@pytest.mark.parametrize('total', [1, 2, 3, 64, 251])
def test_resampling_against_interpolation(fps, to, total):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, total, 3, 3)).astype(np.float32)
    results = ResampleFrames(to)(dict(keypoint=x, fps=fps,
                                      total_frames=total))
    made = results['keypoint'].numpy()
    # As many frames as lie within the recording: none invented, none lost.
    seconds = (total - 1) / fps
    assert (made.shape[1] - 1) / to <= seconds + 1.01e-3 / to
    assert made.shape[1] / to > seconds
    times = np.arange(made.shape[1]) / to
    for m in range(2):
        for v in range(3):
            for c in range(3):
                expected = np.interp(times, np.arange(total) / fps,
                                     x[m, :, v, c])
                np.testing.assert_allclose(made[m, :, v, c], expected,
                                           atol=2e-4)
    assert results['fps'] == to
    assert results['total_frames'] == made.shape[1]
    np.testing.assert_array_equal(made[:, 0], x[:, 0])


@pytest.mark.parametrize('fps, to', RATES)
def test_a_sine_keeps_its_frequency(fps, to):
    hertz, seconds = 1.7, 20
    times = torch.arange(int(seconds * fps)) / fps
    wave = torch.sin(2 * math.pi * hertz * times)
    x = wave[None, :, None, None].expand(1, -1, 2, 3)
    made = ResampleFrames(to)(dict(keypoint=x, fps=fps))['keypoint'][0, :, 0,
                                                                     0]
    spectrum = torch.fft.rfft(made * torch.hann_window(len(made)), 1 << 14)
    peak = spectrum.abs().argmax() * to / (1 << 14)
    assert abs(float(peak) - hertz) < .02
    # Linear interpolation cuts the crests of a coarse wave, no more.
    assert made.abs().max() > math.cos(math.pi * hertz / fps) - .06
    assert made.abs().max() <= 1


@pytest.mark.parametrize('fps, to, total, frames', [
    (125., 30., 126, 31), (120., 15., 121, 16), (30., 15., 63, 32),
    (30., 15., 64, 32), (29.97, 29.97, 100, 100), (125., 30., 1, 1),
    (30., 15., 2, 1), (30., 60., 2, 3)])
def test_the_last_frame_is_kept(fps, to, total, frames):
    made = ResampleFrames(to)(dict(keypoint=numbered(1, total, 2, 3),
                                   fps=fps))['keypoint']
    assert made.shape == (1, frames, 2, 3)
    left_over = (total - 1) - (frames - 1) * fps / to
    assert float(made[0, -1, 0, 0]) == pytest.approx(total - left_over,
                                                     abs=1e-3)


def test_resampling_needs_a_rate():
    with pytest.raises(InputError, match='wave7: has no fps, expected its '
                       'frame rate'):
        ResampleFrames(30.)(dict(keypoint=numbered(1, 4, 2, 3),
                                 frame_dir='wave7'))


@pytest.mark.parametrize('make, says', [
    (lambda: ResampleFrames(0), 'ResampleFrames: fps is 0, expected 0.1 to'),
    (lambda: ResampleFrames(-5.), 'fps is -5'),
    (lambda: ResampleFrames(1e9), 'fps is 1000000000'),
    (lambda: ResampleFrames('x'), "fps is 'x'"),
    (lambda: SampleWindows(0), 'SampleWindows: clip_len is 0, expected a'),
    (lambda: SampleWindows(-3), 'clip_len is -3'),
    (lambda: SampleWindows(8., 2), 'clip_len is 8.0'),
    (lambda: SampleWindows(8, 0), 'num_clips is 0')])
def test_arguments(make, says):
    with pytest.raises(InputError, match=says):
        make()


@pytest.mark.parametrize('length', [1, 2, 3, 4, 7])
def test_reflection(length):
    for start in range(length):
        found = reflect(start + torch.arange(30), torch.tensor(length))
        assert found.tolist() == slow_reflection(start, 30, length)


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize('total', [1, 2, 5, 8, 9, 30])
def test_windows_against_the_slow_reflection(total, test_mode):
    sample = SampleWindows(8, num_clips=5, test_mode=test_mode)
    for key in range(20):
        results = sample(dict(keypoint=numbered(2, total, 3, 3), key=key,
                              total_frames=total))
        windows = results['keypoint']
        assert windows.shape == (5, 2, 8, 3, 3)
        assert (results['num_clips'], results['clip_len'],
                results['total_frames']) == (5, 8, 8)
        for window in frames_of(windows).tolist():
            assert window == slow_reflection(window[0], 8, total)
            if total >= 8:  # nothing to reflect
                assert window[-1] == window[0] + 7


def test_windows_of_a_test_are_evenly_spaced():
    sample = SampleWindows(8, num_clips=4, test_mode=True)
    windows = frames_of(sample(dict(keypoint=numbered(1, 29, 2, 3)))
                        ['keypoint'])
    assert windows[:, 0].tolist() == [0, 7, 14, 21]
    assert windows[-1, -1] == 28
    one = SampleWindows(8, test_mode=True)(
        dict(keypoint=numbered(1, 29, 2, 3)))['keypoint']
    assert frames_of(one)[0, 0] == 10  # the middle: (29 - 8) / 2
    # Without a random number.
    results = dict(keypoint=numbered(1, 29, 2, 3), key=5)
    assert sample(results)['key'] == 5


@pytest.mark.parametrize('total, starts', [(12, 5), (8, 1), (6, 6), (1, 1)])
def test_random_windows_start_everywhere_alike(total, starts):
    count = 6000
    key = fold_in(torch.tensor(0), torch.arange(count))
    x = numbered(1, total, 1, 3).expand(count, -1, -1, -1, -1)
    windows = frames_of(SampleWindows(8, 2)(dict(keypoint=x, key=key))
                        ['keypoint'])
    for clip in range(2):
        found = torch.bincount(windows[:, clip, 0], minlength=starts)
        assert len(found) == starts
        expected = count / starts
        assert ((found - expected).abs() < 5 * expected**.5).all()
    if starts > 1:  # the two views are independent
        same = (windows[:, 0, 0] == windows[:, 1, 0]).float().mean()
        assert abs(float(same) - 1 / starts) < .03


@pytest.mark.parametrize('test_mode', [False, True])
def test_padding_never_shows(test_mode):
    totals = [1, 2, 5, 8, 9, 20, 40]
    sample = SampleWindows(8, 3, test_mode)
    for epoch in range(30):
        key = fold_in(torch.tensor(epoch), torch.arange(len(totals)))
        batch = sample(dict(
            keypoint=torch.stack([numbered(2, t, 3, 3, pad_to=41)
                                  for t in totals]),
            total_frames=torch.tensor(totals), key=key))
        assert torch.isfinite(batch['keypoint']).all()
        assert (batch['keypoint'] >= 1).all()
        for i, total in enumerate(totals):
            alone = sample(dict(keypoint=numbered(2, total, 3, 3),
                                total_frames=total, key=key[i]))
            assert torch.equal(batch['keypoint'][i], alone['keypoint'])


@pytest.mark.parametrize('test_mode', [True, False])
def test_recordings_in_a_list(test_mode):
    lengths = torch.tensor([20, 3, 1, 9])
    key = torch.arange(4)
    x = torch.randn(4, 2, 20, 5, 3)
    sample = SampleWindows(8, 3, test_mode)
    padded = sample(dict(keypoint=x, total_frames=lengths, key=key))
    listed = sample(dict(keypoint=[r[:, :t] for r, t in zip(x, lengths)],
                         total_frames=lengths, key=key))
    assert listed.keys() == padded.keys()
    for name in ('keypoint', 'key'):
        assert torch.equal(listed[name], padded[name])
    # Numbers in lists are a sample, as before.
    assert sample(dict(keypoint=x[0].tolist(), key=key[0]))[
        'keypoint'].shape == (3, 2, 8, 5, 3)


def test_windows_of_windows():
    """Half-length windows out of windows, as a second transform."""
    results = dict(keypoint=numbered(4, 1, 30, 2, 3),
                   key=torch.arange(4), total_frames=torch.tensor([30] * 4))
    results = SampleWindows(4, 3)(SampleWindows(8, 2)(results))
    windows = results['keypoint']
    assert windows.shape == (4, 2, 3, 1, 4, 2, 3)
    assert torch.equal(frames_of(windows).diff(dim=-1),
                       torch.ones(4, 2, 3, 3, dtype=torch.long))


def test_a_recording_without_frames():
    with pytest.raises(InputError, match='wave7: total_frames is 0, '
                       'expected at least 1'):
        SampleWindows(8)(dict(keypoint=numbered(1, 4, 2, 3), total_frames=0,
                              frame_dir='wave7'))
