"""Static int8 quantisation of an exported recogniser."""
import os
import tempfile
from pathlib import Path
from typing import Iterable, List, Tuple

import numpy as np

from mmair.datasets.skeleton_dataset import SkeletonDataset
from mmair.datasets.transforms import ResampleFrames
from mmair.errors import writing
from mmair.evaluation.metrics import emotion_scores

from .extras import require_extra
from .onnx_recognizer import OnnxRecognizer


def labelled_recordings(ann_file: str, split: str,
                        recogniser: OnnxRecognizer
                        ) -> List[Tuple[np.ndarray, int]]:
    """The recordings of a split as an exported model takes them.

    Args:
        ann_file (str): Annotation file or memory-mapped store.
        split (str): Name of one of its splits.
        recogniser (OnnxRecognizer): Tells classes, joints and frame rate.

    Returns:
        list[tuple]: For each person of each recording that has one of the
        model's classes the positions, float32 ``(1, T, V, C)``, and the
        index of the class.

    Raises:
        InputError: If the data is not of this model.
    """
    dataset = SkeletonDataset(
        ann_file, prepare=[ResampleFrames(recogniser.fps)], split=split,
        classes=recogniser.labels, persons='separate')
    dataset.full_init()
    recogniser.require_layout(dataset.layout, ann_file)
    channels = len(recogniser.channels)
    return [(r['keypoint'].transpose(0, 1)[..., :channels].numpy(),
             r['label']) for r in dataset.recordings]


def quantize_onnx(source: Path, target: Path,
                  recordings: Iterable[np.ndarray]) -> None:
    """Write a model whose convolutions compute with 8-bit integers.

    Convolutions and linear layers get int8 weights within 7 bits, a scale for
    each of their channels, and uint8 activations whose range is that of the
    recordings. All else, normalisation above all, stays as it is: metres and
    frame numbers do not go into 8 bits.

    Args:
        source (Path): A file of :func:`export_onnx`.
        target (Path): Where the new one goes.
        recordings (Iterable[np.ndarray]): For calibration, each
            ``(N, T, V, C)``.

    Raises:
        InputError: If a package is missing or the file cannot be written.
    """
    require_extra('onnx', 'onnxruntime')
    import onnx
    from onnxruntime.quantization import (CalibrationDataReader, QuantFormat,
                                          QuantType, quantize_static)
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        inputs = iter([dict(keypoint=x) for x in recordings])

        def get_next(self):
            return next(self.inputs, None)

    with (writing(target),
          tempfile.TemporaryDirectory(dir=target.parent) as folder):
        fused, part = (Path(folder, name) for name in
                       ('fused.onnx', 'int8.onnx'))
        # Folds batch norms into convolutions.
        quant_pre_process(str(source), str(fused), skip_symbolic_shape=True)
        quantize_static(
            str(fused), str(part), Reader(),
            quant_format=QuantFormat.QDQ, per_channel=True,
            # Weights of 7 bits: x86 without VNNI adds pairs of products in 16
            # bits, where those of 8 bits saturate.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=['Conv', 'Gemm'])
        model = onnx.load(part)
        props = onnx.load(source, load_external_data=False).metadata_props
        del model.metadata_props[:]
        model.metadata_props.extend(props)
        onnx.save_model(model, part)
        os.replace(part, target)


def scores_of(recogniser: OnnxRecognizer,
              recordings: List[Tuple[np.ndarray, int]]) -> dict:
    """Macro-F1, balanced accuracy and top-1 in percent.

    Args:
        recogniser (OnnxRecognizer): The model.
        recordings (list[tuple]): From :func:`labelled_recordings`.

    Returns:
        dict[str, float]: See
        :func:`mmair.evaluation.metrics.emotion_scores`.
    """
    return emotion_scores(
        [label for _, label in recordings],
        [int(recogniser(x)[0].argmax()) for x, _ in recordings])
