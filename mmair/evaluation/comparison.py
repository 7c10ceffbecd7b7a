"""Many methods, seeds and folds on one data set, as a list of small units.

A preset (``tools/benchmarks/presets``) says what is compared. It becomes
units of work: one pre-training, the features of one backbone, one readout of
one protocol, one fine-tuned fold. The name of a unit holds a digest of all
that its result depends on (config, seed, recordings, the units that it needs),
so what is there under its name is its result, whenever and wherever it was
made.
"""
import copy
import functools
import hashlib
import itertools
import json
import os
import os.path as osp
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import mmengine
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmair.datasets.transforms.standardize_actor import save_actor_statistics
from mmair.errors import InputError
from mmair.models.backbones import (encoder_config, encoder_of,
                                    load_backbone, read_checkpoint)
from mmair.registry import DATASETS, MODELS, TRANSFORMS

from .movement_statistics import movement_statistics
from .provenance import check_unseen
from .readout import (Readout, calibrate_batch_norm, choose, extra_trees,
                      extract_features, folds_of, logistic_regression,
                      nearest_neighbours, out_of_fold, predict_folds,
                      standardise_per_actor, support_vectors, tuning_folds)
from .semi_supervised import labelled_subset
from .training import OutOfTime, recognise, train

#: Part of every name; raised when a unit's code changes what it computes.
VERSION = 3


class Unit(NamedTuple):
    """A piece of work with one file as its result."""
    name: str  #: <kind>/<what>-<digest>
    output: str  #: file that is there when it is done
    needs: Tuple[str, ...]  #: names of units that come first
    cost: float  #: estimate, in passes of one window
    run: Callable[[Optional[float]], None]  #: takes the deadline


class _Readout(NamedTuple):
    """What reads features; of several settings the best is taken."""
    name: str
    candidates: List[Any]  #: settings
    make: Callable[[Any], Readout]  #: takes one of them


def digest(content: Any) -> str:
    """A short name of something that can be written as JSON."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_whole(path: str, write: Callable[[str], None]) -> None:
    """Write a file that is there whole or not at all.

    Args:
        path (str): The file.
        write (Callable): Writes to the path that it is given.
    """
    mmengine.mkdir_or_exist(osp.dirname(path))
    root, extension = osp.splitext(path)
    partial = f'{root}.{os.getpid()}.part{extension}'
    write(partial)
    os.replace(partial, path)


class Comparison:
    """The units of a preset, and where their results belong.

    Args:
        preset (Config): From :func:`~mmair.evaluation.preset.load_preset`.
        work_dir (str): Where results are kept.
        root (str): The checkout, to which the presets' paths of configs are
            relative.

    Attributes:
        units (dict[str, Unit]): All work, by name.
        cells (dict): (track, row, readout, protocol) -> for each seed the
            names of the units whose predictions, one after the other, are
            those of all folds.
        few (dict): (track, (row, ), split, percentage) -> the same for each
            seed and draw, of networks trained on a part of the labels.
        probes (dict): (track, (row, readout), protocol, percentage) -> the
            same of readouts that learn from a part of the labels.
        checkpoints (dict): (track, row) -> for each seed the pre-trained
            backbone.
        pretrainings (dict): (track, row) -> for each seed the unit that made
            it.
        folds (dict): Protocol or split -> folds, indices of recordings.
        labels (np.ndarray): Of the recordings.
    """

    def __init__(self, preset: Config, work_dir: str, root: str) -> None:
        init_default_scope('mmaction')
        self.preset, self.work_dir, self.root = preset, work_dir, root
        self.units: Dict[str, Unit] = {}
        self._names: Dict[Tuple[str, str], str] = {}
        self.cells: Dict[tuple, List[List[str]]] = {}
        self.few: Dict[tuple, List[List[str]]] = {}
        self.probes: Dict[tuple, List[List[str]]] = {}
        self.checkpoints: Dict[tuple, List[str]] = {}
        self.pretrainings: Dict[tuple, List[str]] = {}
        self._configs: Dict[str, Config] = {}
        self._recognisers: Dict[str, Config] = {}
        self._layouts: Dict[str, dict] = {}
        self._index()
        for track in preset.tracks:
            for row in preset.rows:
                self._plan(track, row)

    # What is compared on.

    def _index(self) -> None:
        """Recordings, labels and folds, without preparing a recording."""
        preset = self.preset
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
        self.folds = {p: folds_of(dataset, p) for p in (
            *preset.protocols, *(preset.splits if preset.recogniser else ()))}
        choices = (preset.C, preset.C_statistics, preset.C_svm)
        chosen = any(len(choice) > 1 for choice in (
            *choices, *map(self._feature_ways, preset.tracks)))
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
        self.data = _data_digest(preset.dataset)
        self._check_inductive(dataset.splits)

    def _check_inductive(self, splits: dict) -> None:
        split = self.preset.pretrain_split
        if split is None:
            return
        if split not in splits:
            raise InputError(f'pretrain_split: the data has no split '
                             f'{split!r}, only {", ".join(sorted(splits))}')
        self.pretrain_names = sorted(splits[split])
        for protocol in self.folds:
            both = set(splits[split]) & set(self.tested(protocol))
            if both:
                raise InputError(
                    f'pretrain_split {split!r} holds {len(both)} test '
                    f'recordings of {protocol!r}; an inductive comparison '
                    'takes protocols and splits of other recordings, '
                    'xsub_fixed for xsub_train')

    def _labelled(self, train_part: np.ndarray, percentage: float,
                  draw: int) -> np.ndarray:
        """What of a training part keeps its label when few are given."""
        return train_part[labelled_subset(
            [self.names[i] for i in train_part], self.labels[train_part],
            percentage, draw)]

    def tested(self, protocol: str) -> List[str]:
        """Names of the recordings that a protocol tests."""
        return [self.names[i] for _, test in self.folds[protocol]
                for i in test]

    def path(self, *parts: str) -> str:
        """Below the work directory."""
        return osp.join(self.work_dir, *parts)

    # Configs.

    def config_of(self, row: str) -> Config:
        """The pre-training config of a row, on the preset's data set."""
        if row not in self._configs:
            spec = self.preset.rows[row]
            cfg = self._read_config(spec.config, self.preset.options,
                                    spec.get('options', {}))
            self._set_dataset(cfg)
            self._configs[row] = cfg
        return copy.deepcopy(self._configs[row])

    def _read_config(self, path: str, *options: dict) -> Config:
        path = osp.join(self.root, path)
        if not osp.isfile(path):
            raise InputError(f'{path}: no such config; the preset names it')
        cfg = Config.fromfile(path)
        for changes in options:
            cfg.merge_from_dict(dict(changes))
        return cfg

    def _recogniser_config(self, kind: str) -> Config:
        spec = self.preset.recogniser
        path = spec.config
        if kind == 'pretrained':
            path = spec.get('finetune', path)
        if path not in self._recognisers:
            self._recognisers[path] = self._read_config(
                path, spec.get('options', {}))
        return copy.deepcopy(self._recognisers[path])

    def _layout_of(self, windows: dict) -> dict:
        """The layout of a data set's samples; no recording is prepared."""
        key = digest(windows)
        if key not in self._layouts:
            self._layouts[key] = DATASETS.build(
                dict(windows, resident=False)).sample_layout.to_dict()
        return self._layouts[key]

    def _set_dataset(self, cfg: Config, dataset: Optional[dict] = None
                     ) -> None:
        for part in ('train', 'val', 'test'):
            loader = cfg.get(f'{part}_dataloader')
            if loader:
                for key in ('type', 'ann_file', 'generator', 'split',
                            'classes'):
                    loader.dataset.pop(key, None)
                loader.dataset.update(dataset or self.preset.dataset)

    def _adapts_input(self, track: str) -> bool:
        return track == 'adapted' and self.preset.adapt.get('input', False)

    def _feature_ways(self, track: str) -> List[bool]:
        """Whether features are standardised per actor; both: a choice."""
        ways = (self.preset.adapt.get('features', False)
                if track == 'adapted' else False)
        return list(ways) if isinstance(ways, (list, tuple)) else [ways]

    def _adapt(self, cfg: Config, statistics: Optional[str]) -> Config:
        """Standardise windows by their actor before all else."""
        if statistics is None:
            return cfg
        step = dict(type='mmair.StandardizeActor',
                    statistics=self.units[statistics].output)
        for part in ('train', 'val', 'test'):
            loader = cfg.get(f'{part}_dataloader')
            if not loader:
                continue
            steps = loader.dataset.pipeline
            at = [i for i, s in enumerate(steps)
                  if s['type'] == 'mmair.SampleWindows']
            if not at:
                raise InputError(
                    'adapt.input: the pipeline of a config has no '
                    'mmair.SampleWindows, behind which the input is '
                    'standardised; adapt the features alone')
            steps.insert(at[0] + 1, step)
        return cfg

    # The plan.

    def _add(self, kind: str, what: str, key: dict, run: Callable,
             needs: Tuple[Optional[str], ...] = (), cost: float = 1,
             extension: str = '/result.json') -> str:
        """Add a unit, once; ``run`` takes its output and the deadline."""
        needs = tuple(n for n in needs if n)
        code = digest(dict(key=key, needs=needs, recordings=self.data,
                           version=VERSION))
        slug = ''.join(c if c.isalnum() or c in '-_' else '_'
                       for c in what.lower())
        # Two rows may need the same: it bears the name of the first.
        name = self._names.setdefault((kind, code), f'{kind}/{slug}-{code}')
        output = self.path(name + extension)
        self.units.setdefault(name, Unit(name, output, needs, cost,
                                         functools.partial(run, output)))
        return name

    def _seeds(self, row: str) -> List[int]:
        return list(self.preset.rows[row].get('seeds', self.preset.seeds))

    def _protocols(self, row: str) -> List[str]:
        return list(self.preset.rows[row].get('protocols',
                                              self.preset.protocols))

    def _plan(self, track: str, row: str) -> None:
        kind = self.preset.rows[row].kind
        if kind == 'pretrained':
            self.checkpoints[track, row] = []
        for seed in self._seeds(row):
            weights = (self._plan_pretraining(track, row, seed)
                       if kind == 'pretrained' else None)
            if kind == 'supervised':
                for protocol in self._protocols(row):
                    self._plan_recogniser(self.cells, 'trained', track, row,
                                          seed, protocol, 100, weights)
            else:
                self._plan_readouts(track, row, seed, weights)
            if kind in ('pretrained', 'supervised'):
                self._plan_few_labels(track, row, seed, weights)

    def _plan_statistics(self, track: str, prepare: list,
                         dataset: Optional[dict] = None) -> Optional[str]:
        """The unit of the actors' statistics of some preparation."""
        if not self._adapts_input(track):
            return None
        source = dict(dataset or self.preset.dataset, prepare=prepare)

        def run(output: str, deadline: Optional[float]) -> None:
            data = DATASETS.build(source)
            write_whole(output, functools.partial(
                save_actor_statistics, data.recordings, data.layout))

        return self._add('statistics', 'actors', dict(source=source), run,
                         cost=self.num_recordings, extension='.npz')

    def _plan_pretraining(self, track: str, row: str, seed: int
                          ) -> Optional[str]:
        """The pre-training of a row, None if it brings its backbones."""
        spec, preset = self.preset.rows[row], self.preset
        given = spec.get('backbones')
        if given:
            path = given[self._seeds(row).index(seed)]
            if not osp.isfile(path):
                raise InputError(f'{path}: no such backbone; the row {row!r} '
                                 'names it')
            for protocol in self.folds:
                check_unseen(path, self.dataset_name, self.tested(protocol))
            self.checkpoints[track, row].append(path)
            return None
        cfg = self.config_of(row)
        cfg.randomness.seed = seed
        other = spec.get('pretrain_dataset')
        key = {}
        if other:
            self._set_dataset(cfg, other)
            key['pretrained_on'] = _data_digest(other)
        elif preset.pretrain_split:
            cfg.train_dataloader.dataset.split = preset.pretrain_split
            key['pretrained_on'] = self.pretrain_names
        statistics = self._plan_statistics(
            track, cfg.train_dataloader.dataset.get('prepare', []), other)

        def run(output: str, deadline: Optional[float]) -> None:
            def then(runner) -> dict:
                passes = getattr(runner.model, 'backbone_passes', None)
                return dict(
                    steps=runner.max_iters, passes=passes,
                    batch_size=cfg.train_dataloader.batch_size)

            result = train(self._adapt(copy.deepcopy(cfg), statistics),
                           osp.dirname(output), then, deadline,
                           preset.checkpoint_interval)
            write_whole(output, functools.partial(mmengine.dump, result))

        epochs = cfg.train_cfg.max_epochs
        name = self._add(
            'pretrain', f'{row}-s{seed}', dict(key, cfg=cfg.to_dict()), run,
            (statistics, ), cost=12 * epochs * self.num_recordings)
        self.checkpoints[track, row].append(
            self.path(name, self._encoder_config(row)[1]))
        self.pretrainings.setdefault((track, row), []).append(name)
        return name

    def _plan_readouts(self, track: str, row: str, seed: int,
                       weights: Optional[str]) -> None:
        preset, kind = self.preset, self.preset.rows[row].kind
        features = (self._plan_movement(track, row)
                    if kind == 'statistics' else
                    self._plan_features(track, row, seed, weights))
        for readout in self._readouts(kind, seed):
            # What has no random number needs no second seed.
            if (kind == 'statistics' and readout.make is not extra_trees
                    and seed != self._seeds(row)[0]):
                continue
            parts = [(100, 0)]
            if kind == 'statistics' or readout.make is logistic_regression:
                parts += itertools.product(preset.probe_percentages,
                                           range(preset.draws))
            for protocol in self._protocols(row):
                for percentage, draw in parts:
                    self._plan_readout(track, row, seed, features, readout,
                                       protocol, percentage, draw)

    def _readouts(self, kind: str, seed: int) -> List[_Readout]:
        """What reads the features of a row."""
        preset = self.preset
        svm = _Readout('SVM', preset.C_svm, support_vectors)
        if kind == 'statistics':
            return [
                _Readout('linear', preset.C_statistics, logistic_regression),
                _Readout('extra trees', [seed], extra_trees), svm]
        return [_Readout('linear', preset.C, logistic_regression),
                *([svm] if preset.svm else []),
                *(_Readout(f'kNN (k = {k})', [k], nearest_neighbours)
                  for k in preset.knn)]

    def _encoder(self, track: str, row: str) -> dict:
        """Config of what a row's features come from."""
        model = self.config_of(row).model
        if (track, row) not in self.checkpoints:
            return model.backbone
        if 'backbones' in self.preset.rows[row]:  # of whichever kind it is
            found = read_checkpoint(self.checkpoints[track, row][-1])
            return encoder_of(model, found['state_dict'])
        return self._encoder_config(row)[0]

    def _encoder_config(self, row: str) -> Tuple[dict, str]:
        """What of a pre-training is read, and the file that it is in."""
        model = self.config_of(row).model
        if self.preset.rows[row].get('gcn_alone'):
            return model.backbone, 'backbone.pth'
        return encoder_config(model)

    def _plan_features(self, track: str, row: str, seed: int,
                       weights: Optional[str]) -> str:
        cfg = self.config_of(row)
        kind, data = self.preset.rows[row].kind, cfg.val_dataloader.dataset
        encoder = self._encoder(track, row)
        statistics = self._plan_statistics(track, data.get('prepare', []))
        checkpoint = (self.checkpoints[track, row][-1]
                      if kind == 'pretrained' else None)

        def run(output: str, deadline: Optional[float]) -> None:
            dataset = DATASETS.build(dict(
                self._adapt(copy.deepcopy(cfg), statistics)
                .val_dataloader.dataset, classes=self.classes))
            torch.manual_seed(seed)
            backbone = MODELS.build(encoder)
            backbone.init_weights()
            backbone.to('cuda' if torch.cuda.is_available() else 'cpu')
            if checkpoint:
                load_backbone(backbone, checkpoint)
            else:
                calibrate_batch_norm(backbone, dataset, description=None)
            features = extract_features(backbone, dataset, description=None)
            write_whole(output, lambda path: np.save(path, features))

        key = dict(backbone=encoder, data=data, classes=self.classes)
        if kind == 'random':
            key['seed'] = seed
        elif weights is None:  # a file that somebody gave
            key['weights'] = hashlib.sha256(
                Path(checkpoint).read_bytes()).hexdigest()
        return self._add('features', f'{row}-s{seed}', key, run,
                         (weights, statistics), cost=8 * len(self.names),
                         extension='.npy')

    def _plan_movement(self, track: str, row: str) -> str:
        """Statistics of whole recordings, not of windows."""
        prepare = [dict(type='mmair.ResampleFrames', fps=30),
                   dict(type='mmair.NormalizeSkeleton')]
        statistics = self._plan_statistics(track, prepare)

        def run(output: str, deadline: Optional[float]) -> None:
            dataset = DATASETS.build(dict(
                self.preset.dataset, classes=self.classes, prepare=prepare))
            adapt = statistics and TRANSFORMS.build(dict(
                type='mmair.StandardizeActor',
                statistics=self.units[statistics].output))
            features = []
            for recording in dataset.recordings:
                x = recording['keypoint'].transpose(0, 1)
                if adapt:
                    x = adapt(dict(keypoint=x, actor=recording['actor'])
                              )['keypoint']
                features.append(movement_statistics(
                    x, recording['fps'], dataset.layout))
            write_whole(output, lambda path: np.save(
                path, torch.stack(features).cpu().numpy()))

        return self._add('features', row, dict(
            prepare=prepare, classes=self.classes), run, (statistics, ),
            cost=len(self.names), extension='.npy')

    def _plan_readout(self, track: str, row: str, seed: int, features: str,
                      readout: _Readout, protocol: str, percentage: float,
                      draw: int) -> None:
        def labelled(folds: list) -> list:
            return [(self._labelled(train_part, percentage, draw), test)
                    for train_part, test in folds]

        folds = labelled(self.folds[protocol])
        name, candidates, make = readout
        ways = self._feature_ways(track)
        choices = list(itertools.product(ways, candidates))
        tuning = (labelled(self.tuning[protocol]) if len(choices) > 1
                  else [])
        checkpoint = (self.checkpoints[track, row][-1]
                      if (track, row) in self.checkpoints else None)

        def run(output: str, deadline: Optional[float]) -> None:
            if checkpoint:
                check_unseen(checkpoint, self.dataset_name,
                             self.tested(protocol))
            x = np.load(self.units[features].output, allow_pickle=False)
            made = {way: standardise_per_actor(x, self.actors) if way else x
                    for way in ways}
            way, value = choose(choices, lambda choice: out_of_fold(
                made[choice[0]], self.labels, tuning,
                make(choice[1]))['macro_f1'])
            predictions = predict_folds(made[way], self.labels, folds,
                                        make(value))
            write_whole(output, functools.partial(mmengine.dump, dict(
                predictions=np.concatenate(predictions).tolist(),
                value=value, standardised=way)))

        key = dict(readout=name, candidates=candidates, adapt=ways,
                   folds=self._fold_names(folds))
        if len(choices) > 1:
            key['tuning'] = self._fold_names(tuning)
        part = '' if percentage == 100 else f'-{percentage:g}-d{draw}'
        unit = self._add(
            'readout', f'{row}-{name}-{protocol}{part}-s{seed}', key, run,
            (features, ), cost=percentage * len(folds) * len(choices),
            extension='.json')
        if part:
            self.probes.setdefault(
                (track, (row, name), protocol, percentage),
                []).append([unit])
        else:
            self.cells.setdefault((track, row, name, protocol),
                                  []).append([unit])

    def _fold_names(self, folds: list) -> list:
        return [[[self.names[i] for i in part] for part in fold]
                for fold in folds]

    def _plan_few_labels(self, track: str, row: str, seed: int,
                         weights: Optional[str]) -> None:
        preset = self.preset
        if preset.recogniser is None:
            return
        for split in preset.splits:
            for percentage in preset.percentages:
                for draw in range(1 if percentage == 100 else preset.draws):
                    self._plan_recogniser(self.few, percentage, track, row,
                                          seed, split, percentage, weights,
                                          draw)

    def _plan_recogniser(self, cells: dict, column: Any, track: str,
                         row: str, seed: int, protocol: str,
                         percentage: float, weights: Optional[str],
                         draw: int = 0) -> None:
        """Train all of the network on every fold of a protocol."""
        if track == 'adapted' and not self._adapts_input(track):
            return  # there is nothing of the actor that it could be told
        units = []
        for number, (train_part, test) in enumerate(self.folds[protocol]):
            chosen = self._labelled(train_part, percentage, draw)
            units.append(self._plan_training(
                f'{row}-{protocol}-{number}-{percentage:g}-d{draw}-s{seed}',
                track, row, seed, chosen, test, weights))
        key = ((track, row, column, protocol) if cells is self.cells else
               (track, (row, ), protocol, column))
        cells.setdefault(key, []).append(units)

    def _plan_training(self, what: str, track: str, row: str, seed: int,
                       chosen: np.ndarray, test: np.ndarray,
                       weights: Optional[str]) -> str:
        spec = self.preset.recogniser
        source = self.config_of(row)
        windows = source.val_dataloader.dataset
        cfg = self._recogniser_config(self.preset.rows[row].kind)
        self._set_dataset(cfg)
        cfg.model.backbone = self._encoder(track, row)
        cfg.model.cls_head.num_classes = len(self.classes)
        cfg.model.cls_head.layout = self._layout_of(windows)
        cfg.randomness.seed = seed
        cfg.visualizer = dict(type='Visualizer', vis_backends=[])
        # Recordings are prepared and, in the test, cut as for the readouts.
        cfg.train_dataloader.dataset.prepare = windows.get('prepare', [])
        cfg.test_dataloader.dataset = copy.deepcopy(windows)
        cfg.val_dataloader = None
        for part, indices in (('train', chosen), ('test', test)):
            cfg[f'{part}_dataloader'].dataset.update(
                classes=self.classes, indices=[int(i) for i in indices])
        loader = cfg.train_dataloader
        loader.batch_size = min(loader.batch_size, len(chosen))
        batches = len(chosen) // loader.batch_size
        if spec.get('steps'):
            cfg.train_cfg.max_epochs = max(1, round(spec.steps / batches))
        statistics = self._plan_statistics(track,
                                           windows.get('prepare', []))
        checkpoint = (self.checkpoints[track, row][-1]
                      if (track, row) in self.checkpoints else None)
        tested = [self.names[i] for i in test]

        def run(output: str, deadline: Optional[float]) -> None:
            own = self._adapt(copy.deepcopy(cfg), statistics)
            if checkpoint:
                check_unseen(checkpoint, self.dataset_name, tested)
                own.model.backbone.init_cfg = dict(
                    type='Pretrained', checkpoint=checkpoint)
            own.model.cls_head.in_channels = _width(own)
            result = train(
                own, osp.dirname(output),
                lambda runner: recognise(runner, own.test_dataloader),
                deadline)
            write_whole(output, functools.partial(mmengine.dump, result))
            for path in Path(osp.dirname(output)).glob('epoch_*.pth'):
                path.unlink()

        key = dict(cfg=cfg.to_dict())
        if checkpoint and weights is None:
            key['weights'] = hashlib.sha256(
                Path(checkpoint).read_bytes()).hexdigest()
        return self._add(
            'recogniser', what, key, run, (weights, statistics),
            cost=12 * cfg.train_cfg.max_epochs * batches * loader.batch_size
            + 8 * (len(chosen) + len(test)))

    # Work and results.

    def done(self, name: str) -> bool:
        """Whether the result of a unit is there."""
        return osp.isfile(self.units[name].output)

    def share(self, name: str) -> float:
        """How much of a unit is done, in [0, 1], as far as it tells."""
        if self.done(name):
            return 1.
        try:
            return float(Path(self.units[name].output).with_name(
                'progress').read_text())
        except (OSError, ValueError):
            return 0.

    def run(self, name: str, deadline: Optional[float] = None) -> bool:
        """Do a unit whose needs are done.

        Returns:
            bool: False if the deadline came first; what was done is kept.
        """
        try:
            self.units[name].run(deadline)
        except OutOfTime:
            return False
        return True

    def predictions(self, units: List[str]) -> np.ndarray:
        """Of all folds, in the order of :meth:`truth`."""
        return np.concatenate([
            mmengine.load(self.units[name].output)['predictions']
            for name in units])

    def truth(self, protocol: str) -> np.ndarray:
        """Labels of the tested recordings, fold after fold."""
        return self.labels[np.concatenate(
            [test for _, test in self.folds[protocol]])]


def _data_digest(dataset: dict) -> str:
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


@torch.no_grad()
def _width(cfg: Config) -> int:
    """Channels of the feature maps of a recogniser's backbone."""
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, indices=1))
    windows = dataset.__getitems__([0])[0]['inputs']
    backbone = copy.deepcopy(cfg.model.backbone)
    backbone.pop('init_cfg', None)
    return MODELS.build(backbone).eval()(windows[:1]).shape[2]
