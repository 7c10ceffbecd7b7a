from .class_scores import ClassScores, DumpClassScores
from .knn import knn_predict
from .metrics import EmotionMetric, KNNMetric, emotion_scores

__all__ = [
    'ClassScores', 'DumpClassScores', 'EmotionMetric', 'KNNMetric',
    'emotion_scores', 'knn_predict'
]
