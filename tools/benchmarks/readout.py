"""Read emotion out of frozen features, beside the bars to clear.

    python tools/benchmarks/readout.py CONFIG --work-dir WORK_DIR
    python tools/benchmarks/readout.py CONFIG --backbone A.pth B.pth ...

CONFIG is a pre-training config; its ``val_dataloader`` says which recordings
and windows. Every backbone is one seed (by default what the training
left in the work directory). Prints a table of macro-F1 over pooled out-of-fold
predictions and writes it to ``readout.json`` in the work directory. Many
methods, tracks and networks from scratch: ``tools/benchmarks/compare.py``.
"""
import argparse
import copy
import os.path as osp
from typing import Dict, List, Optional

import mmengine
import numpy as np
import torch
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from rich.progress import track

from mmair.cli import add_cfg_options, check_writable, count, run
from mmair.engine.building import building
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.evaluation.movement_statistics import movement_statistics
from mmair.evaluation.provenance import (SENTENCES, check_unseen,
                                         pretraining_saw)
from mmair.evaluation.readout import (calibrate_batch_norm, extra_trees,
                                      extract_features, folds_of,
                                      logistic_regression, nearest_neighbours,
                                      out_of_fold)
from mmair.evaluation.tables import markdown, mean_and_deviation
from mmair.models.backbones import (encoder_config, encoder_of,
                                    load_backbone, read_checkpoint)
from mmair.registry import DATASETS, MODELS

#: Regularisation of the logistic regressions, as fixed beforehand.
C_FEATURES, C_STATISTICS = 0.01, 0.03


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('config', help='config of the pre-training')
    parser.add_argument('--work-dir', default='work_dirs/readout',
                        help='where the table goes')
    parser.add_argument('--backbone', nargs='+', help='one backbone a seed')
    parser.add_argument('--classes', nargs='+',
                        help='classes to recognise; by default all')
    parser.add_argument('--protocols', nargs='+',
                        default=['xseq', 'xrec', 'xsub'],
                        help='splits; xsub_fixed is the one fixed fold')
    parser.add_argument('--seeds', type=count, default=3,
                        help='seeds of random encoders and trees')
    add_cfg_options(parser)
    return parser.parse_args()


class Bench:
    """Features in, rows of the table out."""

    def __init__(self, args: argparse.Namespace) -> None:
        cfg = apply_options(args)
        init_default_scope(cfg.get('default_scope', 'mmaction'))
        if (cfg.get('val_dataloader') is None
                or 'backbone' not in (cfg.get('model') or {})):
            raise InputError(f'{args.config}: has no model.backbone or no '
                             'val_dataloader, expected the config of a '
                             'pre-training')
        self.cfg, self.args = cfg, args
        with building(cfg):
            self.dataset = self.build_dataset()
        self.labels = np.array([r['label'] for r in self.dataset.recordings])
        self.folds = {p: folds_of(self.dataset, p) for p in args.protocols}
        self.tested = [
            self.dataset.recordings[i]['frame_dir'] for i in sorted(
                {i for folds in self.folds.values() for _, test in folds
                 for i in test})]
        self.seen: List[str] = []
        self.rows: List[list] = []
        self.scores: Dict[str, dict] = {}

    def build_dataset(self, **changes):
        cfg = copy.deepcopy(self.cfg.val_dataloader.dataset)
        classes = self.args.classes
        if classes is None:
            found = DATASETS.build(dict(cfg, lazy_init=True))
            classes = (found.METAINFO.get('classes')
                       or found.read()['meta'].get('classes'))
        if not classes:
            raise InputError(f'{cfg.get("ann_file", "the data")}: names no '
                             'classes, expected some to recognise; without '
                             'labels there is nothing to read out')
        if len(classes) < 2:
            raise InputError(f'{cfg.get("ann_file", "the data")}: '
                             f'{classes[0]!r} is the only class to '
                             'recognise, expected at least two; see '
                             '--classes')
        cfg.update(classes=list(classes), **changes)
        return DATASETS.build(cfg)

    def build_backbone(self, seed: int, config: Optional[dict] = None
                       ) -> torch.nn.Module:
        torch.manual_seed(seed)
        with building(self.cfg):
            backbone = MODELS.build(config or self.cfg.model.backbone)
        backbone.init_weights()
        return backbone

    def add(self, name: str, per_seed: List[Dict[str, Dict]]) -> None:
        """A row: macro-F1 of each protocol, mean +- deviation over seeds."""
        self.scores[name] = dict(seeds=per_seed)
        row = [name]
        for protocol in self.folds:
            values = [scores[protocol]['macro_f1'] for scores in per_seed]
            row.append(mean_and_deviation(values))
        self.rows.append(row + [str(len(per_seed))])

    def read(self, features: np.ndarray, readout) -> Dict[str, Dict]:
        return {p: out_of_fold(features, self.labels, folds, readout)[0]
                for p, folds in self.folds.items()}

    def pretrained(self, paths: List[str]) -> None:
        features = []
        for path in paths:
            if not osp.isfile(path):
                raise InputError(f'{path}: no such backbone; pre-train first '
                                 'with tools/train.py')
            data = type(self.dataset).__name__
            check_unseen(path, data, self.tested)
            self.seen.append(pretraining_saw(path, data, self.tested))
            backbone = self.build_backbone(0, encoder_of(
                self.cfg.model, read_checkpoint(path)['state_dict']))
            load_backbone(backbone, path)
            features.append(extract_features(
                backbone, self.dataset, description=osp.basename(
                    osp.dirname(osp.abspath(path)))))
        name = self.cfg.model.type.split('.')[-1]
        for label, readout in (
                (f'{name}, linear', logistic_regression(C_FEATURES)),
                (f'{name}, kNN (k = 20)', nearest_neighbours(20)),
                (f'{name}, kNN (k = 1)', nearest_neighbours(1))):
            self.add(label, [self.read(f, readout) for f in features])

    def random_encoder(self) -> None:
        linear, knn = [], []
        for seed in range(self.args.seeds):
            backbone = self.build_backbone(seed)
            calibrate_batch_norm(backbone, self.dataset)
            features = extract_features(backbone, self.dataset)
            linear.append(self.read(features,
                                    logistic_regression(C_FEATURES)))
            knn.append(self.read(features, nearest_neighbours(20)))
        self.add('Random encoder, linear', linear)
        self.add('Random encoder, kNN (k = 20)', knn)

    def statistics(self) -> None:
        """Of whole recordings at 30 Hz, not of windows."""
        prepare = [dict(type='mmair.ResampleFrames', fps=30),
                   dict(type='mmair.NormalizeSkeleton')]
        dataset = self.build_dataset(prepare=prepare)
        features = torch.stack([
            movement_statistics(r['keypoint'].transpose(0, 1), r['fps'],
                                dataset.layout)
            for r in track(dataset.recordings, 'statistics')]).numpy()
        self.add('Movement statistics, linear',
                 [self.read(features, logistic_regression(C_STATISTICS))])
        self.add('Movement statistics, extra trees',
                 [self.read(features, extra_trees(seed))
                  for seed in range(self.args.seeds)])

    def saw(self) -> str:
        """Of the test recordings, before the readout."""
        return '; '.join(sorted({SENTENCES[seen] for seen in self.seen}))

    def table(self) -> dict:
        """What ``readout.json`` holds."""
        args = self.args
        names = DATASETS.get(self.cfg.val_dataloader.dataset.type).__name__
        pretrained = self.cfg.model.type.split('.')[-1]
        return dict(
            title=f'{names}: macro-F1 (%) of {len(set(self.labels))} classes, '
            f'{len(self.labels)} recordings, blind',
            columns=['features, readout', *self.folds, 'seeds'],
            rows=self.rows,
            note='Pooled out-of-fold predictions; ± is the standard deviation '
            f'over seeds. {pretrained}: {self.saw()}. Splits: xseq by '
            'recording file, xrec by recording session, xsub leave one actor '
            'out; xsub_fixed one fixed fold of actors.',
            classes=args.classes,
            scores=self.scores)


def main() -> None:
    args = parse_args()
    MMLogger.get_instance('readout', log_level='WARNING')
    path = osp.join(args.work_dir, 'readout.json')
    check_writable(path)
    bench = Bench(args)
    bench.pretrained(args.backbone
                     or [osp.join(args.work_dir,
                                  encoder_config(bench.cfg.model)[1])])
    bench.random_encoder()
    bench.statistics()
    table = bench.table()
    print('\n' + markdown(table))
    mmengine.dump(table, path, indent=1)
    print(f'\nThe table is in {path}')


if __name__ == '__main__':
    run(main)
