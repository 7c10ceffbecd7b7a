"""Features of recordings, and what is known of these."""
from typing import NamedTuple

import numpy as np

from mmair.array_file import load_arrays, save_arrays
from mmair.errors import InputError

_SOURCE = 'tools/analysis_tools/extract_features.py'


class RecordingFeatures(NamedTuple):
    """Features of N recordings. What is not known is '' or -1."""
    feature: np.ndarray  #: (N, D)
    frame_dir: np.ndarray  #: names of the recordings, (N, )
    label: np.ndarray  #: classes, -1 where unknown, (N, )
    actor: np.ndarray  #: (N, )
    recording: np.ndarray  #: sessions, (N, )
    classes: np.ndarray  #: names of the classes, (K, )

    def save(self, path: str) -> None:
        """Write an ``.npz`` of plain arrays."""
        save_arrays(path, **self._asdict())

    @classmethod
    def load(cls, path: str) -> 'RecordingFeatures':
        """Read what :meth:`save` wrote, without running code from it.

        Raises:
            InputError: If it is something else.
        """
        found = cls(**load_arrays(path, cls._fields, _SOURCE))
        feature, label = found.feature, found.label
        if not (feature.ndim == 2 and feature.size
                and feature.dtype.kind == 'f' and label.ndim == 1
                and label.dtype.kind == 'i'
                and all(getattr(found, name).dtype.kind == 'U'
                        for name in ('frame_dir', 'actor', 'recording'))):
            raise InputError(
                f'{path}: has features of type {feature.dtype} and shape '
                f'{feature.shape}, labels of type {label.dtype}, expected '
                'numbers (recordings, channels) and whole numbers beside '
                f'names; write it with {_SOURCE}')
        if not np.isfinite(feature).all():
            raise InputError(f'{path}: has features that are not finite; '
                             f'write it again with {_SOURCE}')
        if label.min() < -1 or label.max() >= len(found.classes):
            raise InputError(f'{path}: has the label {label.max()} or '
                             f'{label.min()}, expected -1 to '
                             f'{len(found.classes) - 1}; write it with '
                             f'{_SOURCE}')
        return found
