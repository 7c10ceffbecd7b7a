"""Emotion while a sensor runs: a frame in, now and then an answer out."""
from typing import Optional, Sequence, Union

import numpy as np

from mmair.datasets.missing_joints import seen_of
from mmair.datasets.readers.bvh import MAX_FRAMES
from mmair.datasets.units import require_frame_rate
from mmair.errors import InputError

from .inferencer import MIN_SEEN, EmotionInferencer, Segment, frames_of

#: Share of a frame by which a time may miss its place on the grid.
_SNAP = 1e-3


class StreamRecognizer:
    """Recognise the emotion of one person while the frames come.

    The last ``window`` seconds are scored ``rate`` times a second, as
    :class:`EmotionInferencer` would score them, and the probabilities are
    smoothed over time. Frames may come at any rate and unevenly: they are
    interpolated to ``fps``. Memory and the work of a frame do not grow.

    - The first answer comes when a window is full.
    - A joint that is NaN was not seen, see
      :func:`mmair.datasets.missing_joints.fill_missing`.
    - If the next frame is late by up to ``max_gap`` seconds the movement is
      interpolated; if by more, the frames between count as not seen; if by a
      window or more, all starts anew, counted in ``restarts``.
    - A frame whose time is not after that of the last one is left out and
      counted in ``late``. If it is a window or more before, the clock was set
      back, or a time ahead was wrong: it is counted, and all starts anew.
    - Where the body was seen in less than half of the window the answer has a
      ``reason`` instead of an emotion.

    Several persons need several recognisers; they can share an inferencer.

    Args:
        inferencer (EmotionInferencer): Scores the windows.
        window (float): Seconds that are scored. Best about as long as the
            recordings of the training.
        fps (float): Frames a second that windows have; that of the sensor, or
            less.
        rate (float): Answers a second, at most ``fps``. Defaults to 2.
        smoothing (float): Time constant of the exponential smoothing in
            seconds; 0 for none. Defaults to 1.
        max_gap (float): See above, in seconds. Defaults to 0.25.

    Raises:
        InputError: If an argument is out of range, or the inferencer has no
            layout of its own.

    Examples:
        >>> stream = StreamRecognizer(inferencer, window=4, fps=30)
        >>> for frame, time in sensor:
        ...     answer = stream.push(frame, time)
        ...     if answer is not None:
        ...         print(answer['time'], answer['emotion'])
    """

    def __init__(self,
                 inferencer: EmotionInferencer,
                 window: float,
                 fps: float,
                 rate: float = 2.,
                 smoothing: float = 1.,
                 max_gap: float = .25) -> None:
        require_frame_rate('fps', fps)
        for name, value in dict(window=window, rate=rate).items():
            if not 0 < value < np.inf:
                raise InputError(f'{name} is {value!r}, expected a positive '
                                 'number')
            frames = fps * (value if name == 'window' else 1 / value)
            if frames > MAX_FRAMES:
                raise InputError(f'{name} is {value!r}, which is {frames:g} '
                                 f'frames, expected at most {MAX_FRAMES}')
        for name, value in dict(smoothing=smoothing,
                                max_gap=max_gap).items():
            if not 0 <= value < np.inf:
                raise InputError(f'{name} is {value!r}, expected seconds')
        if inferencer.layout is None:
            raise InputError('the config maps data of any skeleton layout; '
                             'give the inferencer the layout of the data')
        self.inferencer = inferencer
        self.layout = inferencer.layout
        self.fps, self.smoothing, self.max_gap = fps, smoothing, max_gap
        self.length = frames_of(window, fps)
        self.stride = max(1, round(fps / rate))
        self.late = self.restarts = 0
        self._buffer: Optional[np.ndarray] = None
        self.reset()

    def reset(self) -> None:
        """Forget the frames and the smoothed probabilities."""
        self._last: Optional[np.ndarray] = None  # the last frame, as it came
        self._time: Optional[float] = None  # and when
        self._filled = 0  # frames of the buffer
        self._count = 0  # frames on the grid since its origin
        self._due = self.length  # frames until the next answer
        self._smooth: Optional[np.ndarray] = None
        self._smooth_time = 0.

    @property
    def is_empty(self) -> bool:
        """bool: Whether there was no frame yet."""
        return self._time is None

    @property
    def window(self) -> np.ndarray:
        """np.ndarray: The frames that would be scored now, (T, V, C)."""
        if self._buffer is None:
            return np.empty((0, len(self.layout), self.layout.dims))
        return self._buffer[max(0, self._filled - self.length):self._filled]

    def push(self,
             frame: Union[np.ndarray, Sequence],
             time: Optional[float] = None) -> Optional[dict]:
        """Take a frame.

        Args:
            frame (np.ndarray): (V, C), joints in the order of the layout, in
                metres, y up (2-D: pixels, perhaps with a score); NaN where a
                joint was not seen.
            time (float, optional): When it was, in seconds since any origin.
                By default ``1 / fps`` after the one before.

        Returns:
            dict | None: None, or, when an answer is due, ``time`` of the last
            frame, ``emotion``, ``scores``, the smoothed probability of each
            class, and ``unsmoothed``; or None for all three and a ``reason``.

        Raises:
            InputError: If it is no frame of the layout. The frame is then
            left out, and the stream can go on.
        """
        frame = self._checked(frame)
        if time is None:
            time = 0. if self._time is None else self._time + 1 / self.fps
        time = self._checked_time(time)
        if self._time is not None:
            late = time <= self._time
            self.late += late
            if abs(time - self._time) * self.fps >= self.length - _SNAP:
                self.reset()
                self.restarts += 1
            elif late:
                return None
        if self._time is None:
            self._origin = time
            self._append(frame)
        elif time - self._time > max(self.max_gap,
                                     (1 + _SNAP) / self.fps):
            self._append_gap(time, frame)
        else:
            self._append_between(time, frame)
        self._last, self._time = frame, time
        return self._answer()

    def _checked(self, frame) -> np.ndarray:
        try:
            frame = np.array(frame, np.float32)
        except (TypeError, ValueError) as error:
            raise InputError('the frame is no array of numbers, expected '
                             f'{len(self.layout)} joints') from error
        channels = ((3, ) if self.layout.dims == 3 else (2, 3))
        if self._buffer is not None:
            frame = self._of_one_width(frame, channels)
            channels = (self._buffer.shape[-1], )
        if frame.ndim != 2 or len(frame) != len(self.layout) or (
                frame.shape[1] not in channels):
            raise InputError(
                f'the frame has the shape {frame.shape}, expected '
                f'({len(self.layout)}, {channels[0]}): the joints of the '
                f'layout {self.layout.describe()}')
        if np.isinf(frame).any():
            raise InputError('the frame holds infinity, expected numbers, or '
                             'NaN where a joint was not seen')
        frame[~seen_of(frame[None], self.layout)[0]] = np.nan
        return frame

    def _of_one_width(self, frame: np.ndarray, channels: tuple
                      ) -> np.ndarray:
        """Whether 2-D joints have a score only those that are seen tell."""
        shape = (len(self.layout), self._buffer.shape[-1])
        if frame.shape == shape or frame.shape not in (
                (len(self.layout), width) for width in channels):
            return frame
        if np.isnan(frame).all():
            return np.full(shape, np.nan, np.float32)
        if np.isnan(self._buffer[:self._filled]).all():
            self._buffer = np.full((len(self._buffer), *frame.shape), np.nan,
                                   np.float32)
            self._last = np.full_like(frame, np.nan)
        return frame

    @staticmethod
    def _checked_time(time) -> float:
        try:
            time = float(time)
        except (TypeError, ValueError):
            time = np.nan
        if not np.isfinite(time):
            raise InputError('the time of the frame is no finite number, '
                             'expected seconds')
        return time

    def _append(self, frame: np.ndarray) -> None:
        if self._buffer is None:
            self._buffer = np.empty((2 * self.length, *frame.shape),
                                    np.float32)
        if self._filled == len(self._buffer):
            kept = self.length - 1
            self._buffer[:kept] = self._buffer[self._filled - kept:]
            self._filled = kept
        self._buffer[self._filled] = frame
        self._filled += 1
        self._count += 1
        self._due -= 1

    def _append_gap(self, time: float, frame: np.ndarray) -> None:
        """Frames that were not seen, and this one, which begins a grid."""
        at = self._origin + (self._count - 1) / self.fps
        for _ in range(max(0, round((time - at) * self.fps) - 1)):
            self._append(np.full_like(frame, np.nan))
        self._origin, self._count = time, 0
        self._append(frame)

    def _append_between(self, time: float, frame: np.ndarray) -> None:
        """The places of the grid up to this frame."""
        while True:
            at = self._origin + self._count / self.fps
            late = (time - at) * self.fps  # in frames of the grid
            if late < -_SNAP:
                return
            if abs(late) <= _SNAP:
                self._append(frame)
            else:
                weight = (at - self._time) / (time - self._time)
                self._append(self._between(frame, max(0., weight)))

    def _between(self, frame: np.ndarray, weight: float) -> np.ndarray:
        """Between the last frame and this one; joint by joint."""
        mixed = (1 - weight) * self._last + weight * frame
        lost = np.isnan(mixed).any(-1)
        if self.layout.dims == 2 and frame.shape[-1] == 3:
            lost |= (self._last[:, 2] <= 0) | (frame[:, 2] <= 0)
        nearer = frame if weight >= .5 else self._last
        mixed[lost] = nearer[lost]
        return mixed

    def _answer(self) -> Optional[dict]:
        if self._due > 0:
            return None
        self._due += self.stride * (1 + -self._due // self.stride)
        scored, = self.inferencer.score_segments([Segment(
            self.window.copy(), self.fps, self.layout, MIN_SEEN)])
        if scored['scores'] is None:
            return dict(time=self._time, emotion=None, scores=None,
                        unsmoothed=None, reason=scored['reason'])
        now = np.array(list(scored['scores'].values()))
        if self._smooth is None or not self.smoothing:
            self._smooth = now
        else:
            passed = self._time - self._smooth_time
            keep = np.exp(-passed / self.smoothing)
            self._smooth = keep * self._smooth + (1 - keep) * now
        self._smooth_time = self._time
        return dict(time=self._time, **self.inferencer.named(self._smooth),
                    unsmoothed=scored['scores'])
