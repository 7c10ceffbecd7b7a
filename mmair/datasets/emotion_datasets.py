"""The emotion data sets: names and classes; no parsing."""
import functools
import json
from typing import Optional

from mmair.layouts import SkeletonLayout
from mmair.registry import DATASETS

from .skeleton_dataset import SkeletonDataset
from .synthetic import EMOTIONS, generate_annotations


@DATASETS.register_module()
class EBEDBDataset(SkeletonDataset):
    """MPI Emotional Body Expressions Database.

    Eight actors telling stories, mostly seated; the label is the intended
    emotion. Volkova, de la Rosa, Buelthoff & Mohler, PLoS ONE 9(12), 2014,
    doi 10.1371/journal.pone.0113647. Made by
    ``tools/dataset_converters/ebedb.py``.
    """

    METAINFO = dict(
        classes=('amusement', 'anger', 'disgust', 'fear', 'joy', 'neutral',
                 'pride', 'sadness', 'shame', 'surprise'))


@DATASETS.register_module()
class KDAEDataset(SkeletonDataset):
    """Kinematic Dataset of Actors Expressing Emotions.

    22 actors (11 women, 11 men) in improvised scenarios, 1402 recordings at
    125 Hz; 1190 without surprise in release 1.0.0. Zhang et al., Scientific
    Data 7, 2020, doi 10.1038/s41597-020-00635-7. Made by
    ``tools/dataset_converters/kdae.py``.
    """

    METAINFO = dict(classes=tuple(EMOTIONS))


@DATASETS.register_module()
class EmilyaDataset(SkeletonDataset):
    """Emilya: emotional body expression in daily actions.

    Twelve actors walking, sitting, knocking, lifting, moving books, throwing;
    about 8,200 recordings at 120 Hz. Fourati & Pelachaud, LREC 2014. Made by
    ``tools/dataset_converters/emilya.py``.
    """

    METAINFO = dict(
        classes=('anger', 'anxiety', 'joy', 'neutral', 'panic fear', 'pride',
                 'sadness', 'shame'))


@DATASETS.register_module()
class EGBMDataset(SkeletonDataset):
    """Emotional Gestures and Body Movements.

    Sixteen Polish actors (8 women, 8 men) before a Kinect v2, 560 recordings
    at 30 Hz. Sapinski, Kaminska, Pelikant & Anbarjafari, Entropy 21(7), 2019,
    doi 10.3390/e21070646. Made by ``tools/dataset_converters/egbm.py``.
    """

    METAINFO = dict(classes=tuple(EMOTIONS))


@DATASETS.register_module()
class EBMDataset(SkeletonDataset):
    """Emotional Body Motion.

    29 people, 4,060 recordings of 150 frames at 30 Hz; Zenodo 10052504, CC BY
    4.0. Made by ``tools/dataset_converters/ebm.py``.
    """

    METAINFO = dict(classes=tuple(EMOTIONS))


@DATASETS.register_module()
class SyntheticEmotionDataset(SkeletonDataset):
    """Embedded data: seeded kinematic bodies that act seven emotions.

    Nobody was recorded: what the classes differ in (tempo, amplitude, lean,
    elbow bend, openness, jerk) was put there by
    :mod:`mmair.datasets.synthetic`. It shows that an installation works, and
    says nothing about people.

    Args:
        generator (dict, optional): Arguments of
            :func:`mmair.datasets.synthetic.generate_annotations`.
        **kwargs: As in :class:`SkeletonDataset`, without ``ann_file``.
    """

    METAINFO = dict(classes=tuple(EMOTIONS))

    def __init__(self, generator: Optional[dict] = None, **kwargs) -> None:
        self.generator = generator or {}
        super().__init__(**kwargs)

    def read(self) -> dict:
        """Generate what other data sets read from a file."""
        return _generated(json.dumps(self.generator, sort_keys=True,
                                     default=SkeletonLayout.to_dict))


@functools.lru_cache(maxsize=4)
def _generated(generator: str) -> dict:
    """Training, validation and test data are parts of the same, made once."""
    return generate_annotations(**json.loads(generator))
