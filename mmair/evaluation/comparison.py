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
from mmair.models.backbones import (encoder_of, load_backbone,
                                    read_checkpoint)
from mmair.registry import DATASETS, MODELS, TRANSFORMS

from .compared_data import ComparedData, data_digest, digest
from .movement_statistics import movement_statistics
from .preset import adapts_input, feature_ways
from .provenance import check_unseen
from .readout import (Readout, calibrate_batch_norm, extra_trees,
                      extract_features, logistic_regression,
                      nearest_neighbours, out_of_fold, predict_folds,
                      standardise_per_actor, support_vectors)
from .row_configs import RowConfigs, set_dataset, standardize_input
from .training import OutOfTime, recognise, train

#: Part of every name; raised when a unit's code changes what it computes.
VERSION = 4


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
    make: Callable[..., Readout]  #: takes some of them


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
        supervised (dict): (track, row) -> steps, batch size and windows of a
            recording, in the training of a supervised row on a fold.
        data (ComparedData): What is compared on.
        configs (RowConfigs): What the rows are made by.
    """

    def __init__(self, preset: Config, work_dir: str, root: str) -> None:
        init_default_scope('mmaction')
        self.preset, self.work_dir = preset, work_dir
        self.data = ComparedData(preset)
        self.configs = RowConfigs(preset, root)
        self.units: Dict[str, Unit] = {}
        self._names: Dict[Tuple[str, str], str] = {}
        self.cells: Dict[tuple, List[List[str]]] = {}
        self.few: Dict[tuple, List[List[str]]] = {}
        self.probes: Dict[tuple, List[List[str]]] = {}
        self.checkpoints: Dict[tuple, List[str]] = {}
        self.pretrainings: Dict[tuple, List[str]] = {}
        self.supervised: Dict[tuple, Tuple[int, int, int]] = {}
        for track in preset.tracks:
            for row in preset.rows:
                self._plan(track, row)

    def path(self, *parts: str) -> str:
        """Below the work directory."""
        return osp.join(self.work_dir, *parts)

    # The plan.

    def _add(self, kind: str, what: str, key: dict, run: Callable,
             needs: Tuple[Optional[str], ...] = (), cost: float = 1,
             extension: str = '/result.json') -> str:
        """Add a unit, once; ``run`` takes its output and the deadline."""
        needs = tuple(n for n in needs if n)
        code = digest(dict(key=key, needs=needs, recordings=self.data.digest,
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
        own = self.preset.rows[row].get('protocols')
        return [protocol for protocol in self.preset.protocols
                if own is None or protocol in own]

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
        if not adapts_input(self.preset, track):
            return None
        source = dict(dataset or self.preset.dataset, prepare=prepare)

        def run(output: str, deadline: Optional[float]) -> None:
            data = DATASETS.build(source)
            write_whole(output, functools.partial(
                save_actor_statistics, data.recordings, data.layout))

        return self._add('statistics', 'actors', dict(source=source), run,
                         cost=self.data.num_recordings, extension='.npz')

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
            for protocol in self.data.folds:
                self._check_unseen(path, self.data.tested(protocol))
            self.checkpoints[track, row].append(path)
            return None
        cfg = self.configs.pretraining(row)
        cfg.randomness.seed = seed
        other = spec.get('pretrain_dataset')
        key = {}
        if other:
            set_dataset(cfg, other)
            key['pretrained_on'] = data_digest(other)
        elif preset.pretrain_split:
            cfg.train_dataloader.dataset.split = preset.pretrain_split
            key['pretrained_on'] = self.data.pretrain_names
        statistics = self._plan_statistics(
            track, cfg.train_dataloader.dataset.get('prepare', []), other)

        def run(output: str, deadline: Optional[float]) -> None:
            def then(runner) -> dict:
                passes = getattr(runner.model, 'backbone_passes', None)
                return dict(
                    steps=runner.max_iters, passes=passes,
                    batch_size=cfg.train_dataloader.batch_size)

            result = train(self._adapt(cfg, statistics), osp.dirname(output),
                           then, deadline, preset.checkpoint_interval)
            write_whole(output, functools.partial(mmengine.dump, result))

        epochs = cfg.train_cfg.max_epochs
        name = self._add(
            'pretrain', f'{row}-s{seed}', dict(key, cfg=cfg.to_dict()), run,
            (statistics, ), cost=12 * epochs * self.data.num_recordings)
        self.checkpoints[track, row].append(
            self.path(name, self.configs.encoder(row)[1]))
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
        model = self.configs.pretraining(row).model
        if (track, row) not in self.checkpoints:
            return model.backbone
        if 'backbones' in self.preset.rows[row]:  # of whichever kind it is
            found = read_checkpoint(self.checkpoints[track, row][-1])
            return encoder_of(model, found['state_dict'])
        return self.configs.encoder(row)[0]

    def _adapt(self, cfg: Config, statistics: Optional[str]) -> Config:
        """The same config, on input standardised with a unit's statistics."""
        return standardize_input(
            cfg, statistics and self.units[statistics].output)

    def _check_unseen(self, checkpoint: str, tested: List[str]) -> None:
        check_unseen(checkpoint, self.data.dataset_name, tested)

    def _plan_features(self, track: str, row: str, seed: int,
                       weights: Optional[str]) -> str:
        cfg = self.configs.pretraining(row)
        kind, data = self.preset.rows[row].kind, cfg.val_dataloader.dataset
        encoder = self._encoder(track, row)
        statistics = self._plan_statistics(track, data.get('prepare', []))
        checkpoint = (self.checkpoints[track, row][-1]
                      if kind == 'pretrained' else None)

        def run(output: str, deadline: Optional[float]) -> None:
            dataset = DATASETS.build(dict(
                self._adapt(cfg, statistics).val_dataloader.dataset,
                classes=self.data.classes))
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

        key = dict(backbone=encoder, data=data, classes=self.data.classes)
        if kind == 'random':
            key['seed'] = seed
        elif weights is None:  # a file that somebody gave
            key['weights'] = _file_digest(checkpoint)
        return self._add('features', f'{row}-s{seed}', key, run,
                         (weights, statistics), cost=8 * len(self.data.names),
                         extension='.npy')

    def _plan_movement(self, track: str, row: str) -> str:
        """Statistics of whole recordings, not of windows."""
        prepare = [dict(type='mmair.ResampleFrames', fps=30),
                   dict(type='mmair.NormalizeSkeleton')]
        statistics = self._plan_statistics(track, prepare)

        def run(output: str, deadline: Optional[float]) -> None:
            dataset = DATASETS.build(dict(
                self.preset.dataset, classes=self.data.classes,
                prepare=prepare))
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
            prepare=prepare, classes=self.data.classes), run, (statistics, ),
            cost=len(self.data.names), extension='.npy')

    def _plan_readout(self, track: str, row: str, seed: int, features: str,
                      readout: _Readout, protocol: str, percentage: float,
                      draw: int) -> None:
        data = self.data

        def labelled(folds: list) -> list:
            return [(data.labelled(train_part, percentage, draw), test)
                    for train_part, test in folds]

        folds = labelled(data.folds[protocol])
        name, candidates, make = readout
        ways = feature_ways(self.preset, track)
        choices = list(itertools.product(ways, candidates))
        tuning = (labelled(data.tuning[protocol]) if len(choices) > 1
                  else [])
        checkpoint = (self.checkpoints[track, row][-1]
                      if (track, row) in self.checkpoints else None)

        def run(output: str, deadline: Optional[float]) -> None:
            if checkpoint:
                self._check_unseen(checkpoint, data.tested(protocol))
            x = np.load(self.units[features].output, allow_pickle=False)
            made = {way: standardise_per_actor(x, data.actors) if way else x
                    for way in ways}
            way, value = choices[0]
            if tuning:  # the first of equals
                way, value = choices[np.argmax([
                    score['macro_f1'] for way in ways for score in out_of_fold(
                        made[way], data.labels, tuning, make(*candidates))])]
            predictions, = predict_folds(made[way], data.labels, folds,
                                         make(value))
            write_whole(output, functools.partial(mmengine.dump, dict(
                predictions=np.concatenate(predictions).tolist(),
                value=value, standardised=way)))

        key = dict(readout=name, candidates=candidates, adapt=ways,
                   folds=data.names_of(folds))
        if len(choices) > 1:
            key['tuning'] = data.names_of(tuning)
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
        if track == 'adapted' and not adapts_input(self.preset, track):
            return  # there is nothing of the actor that it could be told
        units = []
        for number, (train_part, test) in enumerate(self.data.folds[protocol]):
            chosen = self.data.labelled(train_part, percentage, draw)
            units.append(self._plan_training(
                f'{row}-{protocol}-{number}-{percentage:g}-d{draw}-s{seed}',
                track, row, seed, chosen, test, weights))
        key = ((track, row, column, protocol) if cells is self.cells else
               (track, (row, ), protocol, column))
        cells.setdefault(key, []).append(units)

    def _plan_training(self, what: str, track: str, row: str, seed: int,
                       chosen: np.ndarray, test: np.ndarray,
                       weights: Optional[str]) -> str:
        spec = self.preset.rows[row]
        steps = spec.get('steps', self.preset.recogniser.get('steps'))
        windows = self.configs.pretraining(row).val_dataloader.dataset
        cfg = self.configs.recogniser(row)
        cfg.model.backbone = self._encoder(track, row)
        cfg.model.cls_head.num_classes = len(self.data.classes)
        cfg.model.cls_head.layout = self.configs.layout(windows)
        cfg.randomness.seed = seed
        cfg.visualizer = dict(type='Visualizer', vis_backends=[])
        # Recordings are prepared and, in the test, cut as for the readouts.
        cfg.train_dataloader.dataset.prepare = windows.get('prepare', [])
        cfg.test_dataloader.dataset = copy.deepcopy(windows)
        cfg.val_dataloader = None
        for part, indices in (('train', chosen), ('test', test)):
            cfg[f'{part}_dataloader'].dataset.update(
                classes=self.data.classes, indices=[int(i) for i in indices])
        loader = cfg.train_dataloader
        loader.batch_size = min(loader.batch_size, len(chosen))
        batches = len(chosen) // loader.batch_size
        if steps:
            cfg.train_cfg.max_epochs = max(1, round(steps / batches))
        if spec.kind == 'supervised':  # that of all labels comes first
            self.supervised.setdefault((track, row), (
                cfg.train_cfg.max_epochs * batches, loader.batch_size,
                next((step.get('num_clips', 1)
                      for step in loader.dataset.pipeline
                      if step.type == 'mmair.SampleWindows'), 1)))
        statistics = self._plan_statistics(track,
                                           windows.get('prepare', []))
        checkpoint = (self.checkpoints[track, row][-1]
                      if (track, row) in self.checkpoints else None)
        tested = [self.data.names[i] for i in test]

        def run(output: str, deadline: Optional[float]) -> None:
            own = self._adapt(cfg, statistics)
            if checkpoint:
                self._check_unseen(checkpoint, tested)
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
            key['weights'] = _file_digest(checkpoint)
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
        """Of all folds, in the order of :meth:`ComparedData.truth`."""
        return np.concatenate([
            mmengine.load(self.units[name].output)['predictions']
            for name in units])


def _file_digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@torch.no_grad()
def _width(cfg: Config) -> int:
    """Channels of the feature maps of a recogniser's backbone."""
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, indices=1))
    windows = dataset.__getitems__([0])[0]['inputs']
    backbone = copy.deepcopy(cfg.model.backbone)
    backbone.pop('init_cfg', None)
    return MODELS.build(backbone).eval()(windows[:1]).shape[2]
