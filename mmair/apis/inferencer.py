"""Emotion of recordings, as a whole or in sliding windows."""
from itertools import islice
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Union

import numpy as np
from mmengine.config import Config
from rich.console import Console
from rich.progress import Progress

from mmair.datasets.missing_joints import fill_missing, seen_of
from mmair.errors import InputError
from mmair.layouts import SkeletonLayout

from .recogniser import Recogniser
from .recordings import Reader, Recording, Source

#: A window in which the body was seen in fewer of the frames is not scored.
MIN_SEEN = .5


class Segment(NamedTuple):
    """What is scored at once: a person in a stretch of time.

    Args:
        keypoint (np.ndarray): (T, V, C), perhaps with NaN.
        fps (float): Frames a second.
        layout (SkeletonLayout): Layout of the joints.
        min_seen (float): Share of frames in which the body must be seen.
            Defaults to 0: in any.
        actor (str, optional): Who it is.
    """
    keypoint: np.ndarray
    fps: float
    layout: SkeletonLayout
    min_seen: float = 0.
    actor: Optional[str] = None


class EmotionInferencer:
    """Recognise emotion in recordings of body skeletons.

    A recording is scored as a whole, exactly as ``tools/test.py`` scores it,
    or in sliding windows, each as a recording of its own.

    Args:
        config (str | Path | Config): Config of a recogniser. A config file is
            a Python program that is run: give one that you trust.
        checkpoint (str | Path): Its checkpoint, loaded without running code.
        device (str, optional): By default 'cuda' where there is one, else
            'cpu'.
        classes (Sequence[str], optional): Names of the classes. By default
            those that the checkpoint was trained with, or of the config.
        layout (str | dict, optional): Skeleton layout of the data. By
            default that of the config.
        cfg_options (dict, optional): Overrides of the config.

    Raises:
        InputError: If they do not fit together, or something is missing.

    Examples:
        >>> inferencer = EmotionInferencer('config.py', 'epoch_20.pth')
        >>> found = inferencer('walk.bvh', window=4, step=1)
        >>> found['results'][0]['emotion']
        'joy'
    """

    def __init__(self,
                 config: Union[str, Path, Config],
                 checkpoint: Union[str, Path],
                 device: Optional[str] = None,
                 classes: Optional[Sequence[str]] = None,
                 layout: Union[str, dict, None] = None,
                 cfg_options: Optional[dict] = None) -> None:
        self.recogniser = Recogniser(config, checkpoint, device, classes,
                                     layout, cfg_options)

    @property
    def classes(self) -> tuple:
        """tuple[str]: Names of the classes, in the order of the labels."""
        return self.recogniser.classes

    @property
    def layout(self) -> Optional[SkeletonLayout]:
        """SkeletonLayout | None: That of the data; None if any is mapped."""
        return self.recogniser.layout

    def __call__(self,
                 source: Source,
                 window: Optional[float] = None,
                 step: Optional[float] = None,
                 progress: bool = False,
                 **reading) -> dict:
        """Recognise the emotion of every person of every recording.

        Args:
            source (str | Path | np.ndarray): A BVH file, a table (.csv, .txt,
                .npy), an annotation file (.pkl) or store, a folder of BVH
                files and tables, or an array (T, V, C) or (M, T, V, C) in
                metres, y up (2-D: pixels); NaN is a joint that was not seen.
            window (float, optional): Length of the sliding windows in
                seconds. By default a recording is scored as a whole.
            step (float, optional): Seconds from one window to the next. By
                default half a window.
            progress (bool): Whether to show a progress bar. Defaults to
                False.
            **reading: ``fps``, ``unit``, ``up_axis``, ``ignore`` and
                ``split`` of :class:`mmair.apis.recordings.Reader`.

        Returns:
            dict: In plain Python types, ``classes``, ``results``, a list of
            dicts, one a person, see :meth:`score`, and ``skipped``, a list of
            dicts with the ``recording`` and ``reason`` of each recording of a
            set that could not be used.

        Raises:
            InputError: If the input, or a single recording, cannot be used.
        """
        results, skipped = [], []
        for recording, found in self.iterate(source, window, step, progress,
                                             **reading):
            if isinstance(found, str):
                skipped.append(dict(recording=recording, reason=found))
            else:
                results += found
        return dict(classes=list(self.classes), results=results,
                    skipped=skipped)

    def iterate(self,
                source: Source,
                window: Optional[float] = None,
                step: Optional[float] = None,
                progress: bool = False,
                **reading) -> Iterator[tuple]:
        """As a call, but one recording after another, in little memory.

        Yields:
            tuple: A :class:`mmair.apis.recordings.Recording` and the list of
            the results of its persons, or the name of a recording and why it
            cannot be used.
        """
        if reading.get('fps') is None:
            reading['fps'] = self.recogniser.fps
        number, many, recordings = Reader(self.layout, **reading).open(source)
        with Progress(console=Console(stderr=True),
                      disable=not progress) as bar:
            task = bar.add_task('Recognising', total=number)
            while chunk := list(islice(recordings,
                                       self.recogniser.batch_size)):
                scored = iter(self.score(
                    [r for r in chunk if isinstance(r, Recording)], window,
                    step))
                for recording in chunk:
                    if not isinstance(recording, Recording):
                        yield recording
                    else:
                        found = next(scored)
                        if not isinstance(found, str):
                            yield recording, found
                        elif many:
                            yield recording.name, found
                        else:
                            raise InputError(f'{recording.source}: {found}')
                    bar.advance(task)

    def score(self,
              recordings: Sequence[Recording],
              window: Optional[float] = None,
              step: Optional[float] = None) -> List[Union[List[dict], str]]:
        """Score recordings that were read.

        Args:
            recordings (Sequence[Recording]): The recordings.
            window (float, optional): As of a call.
            step (float, optional): As of a call.

        Returns:
            list: For every recording why it cannot be scored, or a list of
            one dict a person that was seen in it:

            - ``recording``, ``source``, ``person`` (number), ``persons``
              (how many the recording has room for), ``fps``, ``seconds``;
            - ``emotion``, the most probable class, and ``scores``, the
              probability of each; with windows the mean over those scored;
            - ``missing``: ``joints``, the share of joints over all frames
              that were not seen, and ``frames``, that of the frames without
              any joint;
            - ``windows``: a list of dicts with ``start`` and ``end`` in
              seconds, ``emotion`` and ``scores``, or, where the body was
              hardly seen, None for both and a ``reason``.
        """
        plan, segments = [], []
        for recording in recordings:
            persons = self._persons(recording)
            spans = windows_of(recording, window, step)
            plan.append((persons, spans))
            for number in persons:
                x = recording.person(number)
                segments += [
                    Segment(x[start:end], recording.fps, recording.layout,
                            MIN_SEEN if window else 0., recording.actor)
                    for start, end in spans]
        scored = iter(self.score_segments(segments))
        return [self._results(recording, persons, spans, scored)
                for recording, (persons, spans) in zip(recordings, plan)]

    @staticmethod
    def _persons(recording: Recording) -> List[int]:
        """Those who are there: all 0 is MMAction2's padding."""
        return [m for m in range(len(recording.keypoint))
                if seen_of(recording.person(m), recording.layout).any()]

    def _results(self, recording: Recording, persons: List[int],
                 spans: List[tuple], scored: Iterator[dict]
                 ) -> Union[List[dict], str]:
        results, reasons = [], ['no joint of any person is seen']
        for number in persons:
            seen = seen_of(recording.person(number), recording.layout)
            parts = [dict(start=start / recording.fps,
                          end=end / recording.fps, **next(scored))
                     for start, end in spans]
            usable = [list(part['scores'].values()) for part in parts
                      if part['scores'] is not None]
            if not usable:
                reasons = [parts[0]['reason']]
                continue
            mean = usable[0] if len(usable) == 1 else np.mean(
                usable, 0).tolist()
            results.append(dict(
                recording=recording.name, source=recording.source,
                person=number, persons=len(recording.keypoint),
                fps=recording.fps,
                seconds=seen.shape[0] / recording.fps,
                **self.named(mean),
                missing=dict(joints=float(1 - seen.mean()),
                             frames=float(1 - seen.any(-1).mean())),
                windows=parts))
        return results or reasons[-1]

    def named(self, scores: Sequence[float]) -> Dict[str, object]:
        """``emotion`` and ``scores`` of probabilities in class order."""
        scores = [float(score) for score in scores]
        return dict(emotion=self.classes[int(np.argmax(scores))],
                    scores=dict(zip(self.classes, scores)))

    def score_segments(self, segments: Sequence[Segment]) -> List[dict]:
        """Score stretches of time, each as a recording of its own.

        Args:
            segments (Sequence[Segment]): The stretches, of one layout.

        Returns:
            list[dict]: For each ``emotion`` and ``scores``, or None for both
            and a ``reason``.
        """
        found: List[Optional[dict]] = []
        annotations = []
        for segment in segments:
            try:
                annotations.append(self._annotation(segment))
                found.append(None)
            except InputError as error:
                found.append(dict(emotion=None, scores=None,
                                  reason=str(error)))
        scores = iter(self.recogniser(annotations, segments[0].layout)
                      if annotations else [])
        return [self._scored(next(scores)) if one is None else one
                for one in found]

    def _scored(self, scores: np.ndarray) -> dict:
        if np.isfinite(scores).all():
            return self.named(scores)
        return dict(emotion=None, scores=None,
                    reason='the positions are too large to be scored')

    def _annotation(self, segment: Segment) -> dict:
        x, layout = segment.keypoint, segment.layout
        seen = seen_of(x, layout).any(-1).mean()
        if seen == 0 or seen < segment.min_seen:
            raise InputError(
                f'the body is seen in {seen:.0%} of the frames, expected '
                f'{segment.min_seen or "some":.0%}' if segment.min_seen else
                'the body is not seen in any frame')
        annotation = dict(frame_dir='segment', fps=segment.fps,
                          total_frames=len(x),
                          keypoint=fill_missing(x, layout, segment.fps)[None])
        if segment.actor is not None:
            annotation['actor'] = segment.actor
        elif self.recogniser.needs_actor:
            raise InputError(
                'the config standardises recordings by actor '
                '(StandardizeActor) and this one has none; give an '
                'annotation file with actors')
        return annotation


def windows_of(recording: Recording, window: Optional[float],
               step: Optional[float]) -> List[tuple]:
    """Where the windows of a recording begin and end, in frames.

    The last one ends with the recording, so that nothing is left out.

    Args:
        recording (Recording): The recording.
        window (float, optional): Seconds; by default the whole.
        step (float, optional): Seconds; by default half a window.

    Returns:
        list[tuple[int]]: First frame and frame after the last. A recording
        shorter than a window is one window.
    """
    for name, value in (('window', window), ('step', step)):
        if value is not None and not 0 < value < np.inf:
            raise InputError(f'{name} is {value!r}, expected seconds')
    if window is None and step is not None:
        raise InputError(f'step is {step!r} without a window; give both')
    total, fps = recording.keypoint.shape[1], recording.fps
    length = total if window is None else frames_of(
        min(window, total / fps), fps)
    if length >= total:
        return [(0, total)]
    stride = max(1, round(min((step or window / 2) * fps, total)))
    starts = [*range(0, total - length, stride), total - length]
    return [(start, start + length) for start in starts]


def frames_of(window: float, fps: float) -> int:
    """Frames of a window, at least 2."""
    return max(2, round(window * fps))
