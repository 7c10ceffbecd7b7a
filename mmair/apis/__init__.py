from .inferencer import EmotionInferencer
from .stream import StreamRecognizer
from .results import write_json, write_table

__all__ = ['EmotionInferencer', 'StreamRecognizer', 'write_json',
           'write_table']
