from .knn import knn_predict
from .metrics import EmotionMetric, KNNMetric, emotion_scores

__all__ = ['EmotionMetric', 'KNNMetric', 'emotion_scores', 'knn_predict']
