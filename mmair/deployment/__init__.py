from .export import TOLERANCE, export_onnx, largest_difference
from .graph import RecordingGraph
from .onnx_recognizer import METADATA, OnnxRecognizer
from .quantize import labelled_recordings, quantize_onnx, scores_of
from .trained_recognizer import TrainedRecognizer, load_recognizer

__all__ = [
    'METADATA', 'TOLERANCE', 'OnnxRecognizer', 'RecordingGraph',
    'TrainedRecognizer', 'export_onnx', 'labelled_recordings',
    'largest_difference', 'load_recognizer', 'quantize_onnx', 'scores_of'
]
