"""What a comparison compares on: recordings, labels, folds."""
import hashlib
import json
from typing import Any, List, Optional

import numpy as np
from mmengine.config import Config

from mmair.errors import InputError
from mmair.registry import DATASETS

from .preset import feature_ways
from .readout import folds_of, tuning_folds
from .semi_supervised import labelled_subset


def digest(content: Any) -> str:
    """A short name of something that can be written as JSON."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def data_digest(dataset: dict) -> str:
    """Of the recordings of a data set: positions, names and facts."""
    data = DATASETS.build(dict(dataset, lazy_init=True)).read()
    facts = ('frame_dir', 'label', 'actor', 'recording', 'fps')
    positions = hashlib.sha256()
    for annotation in data['annotations']:
        for part in ('keypoint', 'keypoint_score'):
            if part in annotation:
                positions.update(np.ascontiguousarray(annotation[part]))
    return digest(dict(
        dataset=dataset, meta=data['meta'], positions=positions.hexdigest(),
        recordings=[[a.get(fact) for fact in facts]
                    for a in data['annotations']]))


class ComparedData:
    """The data set of a preset, without preparing a recording.

    Args:
        preset (Config): From :func:`~mmair.evaluation.preset.load_preset`.

    Attributes:
        dataset_name (str): Its type.
        classes (list[str]): The recognised ones.
        names (list[str]): Of the recordings of these classes.
        actors (list): Of these, None where it is not known.
        labels (np.ndarray): Of these.
        folds (dict): Protocol or split -> folds, indices of recordings.
        tuning (dict): Protocol -> folds on which settings are chosen; empty
            if there is nothing to choose.
        num_recordings (int): Of all classes.
        pretrain_names (list[str], optional): What an inductive comparison
            pre-trains on.
        digest (str): Of all recordings.

    Raises:
        InputError: If the data does not have what the preset asks for.
    """

    def __init__(self, preset: Config) -> None:
        data_type = DATASETS.get(preset.dataset.type)
        self.classes = list(
            preset.classes or data_type.METAINFO.get('classes', ()) or
            DATASETS.build(dict(preset.dataset, lazy_init=True)).read()[
                'meta'].get('classes', ()))
        if not self.classes:
            raise InputError('the data set does not name its classes; set '
                             'classes=[...] in the preset')
        dataset = DATASETS.build(dict(preset.dataset, classes=self.classes))
        recordings = dataset.recordings
        self.dataset_name = type(dataset).__name__
        self.names = [r['frame_dir'] for r in recordings]
        self.actors = [r.get('actor') for r in recordings]
        if 'adapted' in preset.tracks and None in self.actors:
            raise InputError(
                f'{self.names[self.actors.index(None)]}: its actor is not '
                "known, so there is no adapted track; set tracks=['blind']")
        self.labels = np.array([r['label'] for r in recordings])
        self.folds = {p: folds_of(dataset, p) if preset.inside is None else
                      tuning_folds(dataset, p, preset.inside) for p in (
            *preset.protocols, *(preset.splits if preset.recogniser else ()))}
        for row in preset.rows.values():
            for protocol in row.get('protocols', ()):
                folds_of(dataset, protocol)  # it exists
        choices = (preset.C, preset.C_statistics, preset.C_svm)
        chosen = any(len(choice) > 1 for choice in (
            *choices, *(feature_ways(preset, t) for t in preset.tracks)))
        self.tuning = {p: tuning_folds(dataset, p, preset.tuning)
                       for p in preset.protocols if chosen}
        for protocol, folds in (*self.folds.items(), *self.tuning.items()):
            for train_part, _ in folds:
                if len(set(self.labels[train_part])) < 2:
                    raise InputError(
                        f'a training part of {protocol!r} has the class '
                        f'{self.classes[self.labels[train_part[0]]]!r} alone, '
                        'expected two classes or more; leave this protocol '
                        'out')
        self.num_recordings = len(dataset.read()['annotations'])
        self.digest = data_digest(preset.dataset)
        self.pretrain_names = self._pretrained_on(preset.pretrain_split,
                                                  dataset.splits)

    def _pretrained_on(self, split: Optional[str],
                       splits: dict) -> Optional[List[str]]:
        if split is None:
            return None
        if split not in splits:
            raise InputError(f'pretrain_split: the data has no split '
                             f'{split!r}, only {", ".join(sorted(splits))}')
        for protocol in self.folds:
            both = set(splits[split]) & set(self.tested(protocol))
            if both:
                raise InputError(
                    f'pretrain_split {split!r} holds {len(both)} test '
                    f'recordings of {protocol!r}; an inductive comparison '
                    'takes protocols and splits of other recordings, '
                    'xsub_fixed for xsub_train')
        return sorted(splits[split])

    def labelled(self, train_part: np.ndarray, percentage: float,
                 draw: int) -> np.ndarray:
        """What of a training part keeps its label when few are given."""
        return train_part[labelled_subset(
            [self.names[i] for i in train_part], self.labels[train_part],
            percentage, draw)]

    def tested(self, protocol: str) -> List[str]:
        """Names of the recordings that a protocol tests."""
        return [self.names[i] for _, test in self.folds[protocol]
                for i in test]

    def truth(self, protocol: str) -> np.ndarray:
        """Labels of the tested recordings, fold after fold."""
        return self.labels[np.concatenate(
            [test for _, test in self.folds[protocol]])]

    def names_of(self, folds: list) -> list:
        """The same folds, names in place of indices."""
        return [[[self.names[i] for i in part] for part in fold]
                for fold in folds]
