"""Write a recogniser as an ONNX file, and hold it against PyTorch."""
import contextlib
import io
import json
import logging
import os
import re
import warnings
from pathlib import Path
from typing import Iterator

import numpy as np
import torch

from mmair.errors import InputError, writing
from mmair.layouts import SkeletonLayout
from mmair.version import __version__

from .extras import require_extra
from .graph import RecordingGraph
from .onnx_recognizer import METADATA, OnnxRecognizer
from .trained_recognizer import TrainedRecognizer

#: The largest difference of a probability from PyTorch that passes.
TOLERANCE = 1e-4


def export_onnx(recogniser: TrainedRecognizer, path: Path) -> float:
    """Write an ONNX file that takes raw positions and gives probabilities.

    Its input ``keypoint`` is ``(N, T, V, C)`` of any N and T, its output
    ``probabilities`` ``(N, num_classes)``. What it was made for is in its
    metadata, see :data:`METADATA`. It is written only if it agrees with
    PyTorch.

    Args:
        recogniser (TrainedRecognizer): Model and test pipeline.
        path (Path): Where the file goes.

    Returns:
        float: The largest difference of a probability from PyTorch, on
        generated recordings of several lengths.

    Raises:
        InputError: If the model cannot be exported, an extra package is
            missing, or the file cannot be written.
    """
    require_extra('onnx', 'onnxscript', 'onnxruntime')
    import onnx
    model = _trace(recogniser)
    _strip(model)
    onnx.helper.set_model_props(model, _metadata(recogniser))
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    with writing(path):
        try:
            onnx.save_model(model, part)
            made = OnnxRecognizer(part)
            try:
                difference = largest_difference(recogniser, made)
            except Exception as error:  # of onnxruntime, which has its own
                raise InputError(
                    _not_exportable(recogniser, error)) from error
            if not difference <= TOLERANCE:
                raise InputError(
                    f'{path}: not written, probabilities differ from those '
                    f'of PyTorch by {difference:.1e}, expected at most '
                    f'{TOLERANCE:.0e}; either its scores are so large that '
                    'rounding shows, or the exporter cannot express what the '
                    'backbone does')
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    return difference


def _trace(recogniser: TrainedRecognizer):
    graph = RecordingGraph(recogniser.model, recogniser.transforms,
                           recogniser.layout, recogniser.fps)
    # Two recordings of some frames, since torch takes sizes 0 and 1, and the
    # length of a window, for constants.
    frames = recogniser.windows.clip_len + 3
    example = torch.as_tensor(next(_recordings(
        recogniser.layout, [(2, frames)])))
    try:
        with torch.no_grad():
            graph(example)
    except RuntimeError as error:
        raise InputError(
            f'the model does not take one person of {recogniser.layout.name!r}'
            f' ({str(error).splitlines()[0]}); set num_person=1 and '
            'graph_cfg.layout of the backbone, and train it so') from error
    try:
        with _quiet():
            program = torch.onnx.export(
                graph, (example, ), dynamo=True, verbose=False,
                input_names=['keypoint'], output_names=['probabilities'],
                dynamic_shapes=dict(keypoint={
                    0: torch.export.Dim('recordings'),
                    1: torch.export.Dim('frames')}))
    except Exception as error:  # whatever the exporter stumbles over
        raise InputError(_not_exportable(recogniser, error)) from error
    return program.model_proto


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what torch says: of torchvision, which is not needed,
    and of a failure all that it traced until then."""
    logger = logging.getLogger('torch')
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with (warnings.catch_warnings(),
              contextlib.redirect_stdout(io.StringIO()),
              contextlib.redirect_stderr(io.StringIO())):
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)


def _not_exportable(recogniser: TrainedRecognizer, error: Exception) -> str:
    # torch puts advice of its own first, onnxruntime the reason.
    said = str(error)
    cause = re.search(r"^<class '(?:\w+\.)*(\w+)'>: (.*)", said, re.M)
    reason = (': '.join(cause.groups()) if cause else
              f'{type(error).__name__}: {said}'.split('\n')[0])
    backbone = type(recogniser.model.backbone).__name__
    return (f'the backbone {backbone} cannot be exported to ONNX ({reason}); '
            'its forward may not branch on numbers, fix the number of '
            'windows or use what ONNX lacks: change it, or run it in PyTorch')


def _strip(model) -> None:
    """Take out what the exporter notes for its debugging, paths of this
    machine among it."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.input, *graph.output,
                 *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ''


def _metadata(recogniser: TrainedRecognizer) -> dict:
    layout = recogniser.layout
    values = dict(
        labels=list(recogniser.labels), layout=layout.name,
        joints=list(layout.joints),
        channels=['x', 'y', 'z' if layout.dims == 3 else 'score'],
        unit='metre, y up' if layout.dims == 3 else 'pixel, y down',
        fps=recogniser.fps, clip_len=recogniser.windows.clip_len,
        num_clips=recogniser.windows.num_clips, mmair=__version__)
    assert set(METADATA) <= set(values)
    return {key: json.dumps(value) for key, value in values.items()}


def _recordings(layout: SkeletonLayout, sizes) -> Iterator[np.ndarray]:
    """Bodies of random bones that move smoothly; something is missing."""
    rng = np.random.default_rng(0)
    bone = dict(layout.bones)
    for recordings, frames in sizes:
        shape = (recordings, frames, len(layout))
        # Of each joint from its parent: a quarter of a metre, and a swing.
        x = (rng.normal(0, .15, (recordings, 1, len(layout), 3))
             + rng.normal(0, .005, (*shape, 3)).cumsum(1))
        for joint in sorted(bone, key=lambda j: _depth(bone, j)):
            x[..., joint, :] += x[..., bone[joint], :]
        seen = rng.random((*shape[:2], 1) if layout.dims == 3 else shape) > .1
        if layout.dims == 2:
            x[..., 2] = rng.uniform(.3, 1, shape)
        yield (x * seen[..., None]).astype(np.float32)


def _depth(parents: dict, joint: int) -> int:
    """Bones between a joint and the centre."""
    return 1 + _depth(parents, parents[joint]) if joint in parents else 0


def largest_difference(recogniser: TrainedRecognizer,
                       exported: OnnxRecognizer) -> float:
    """How far probabilities are from those of PyTorch.

    Args:
        recogniser (TrainedRecognizer): Model and test pipeline.
        exported (OnnxRecognizer): What was made from it.

    Returns:
        float: The largest absolute difference over generated recordings of
        1 frame to several windows, alone and in batches.
    """
    length = recogniser.windows.clip_len
    sizes = [(1, 1), (3, 2), (2, length // 2 + 1), (1, length),
             (3, 3 * length + 5)]
    return float(max(
        np.abs(exported(x) - np.stack([recogniser(one) for one in x])).max()
        for x in _recordings(recogniser.layout, sizes)))
