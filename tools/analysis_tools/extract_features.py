"""Write the features of all recordings of a config to an .npz.

    python tools/analysis_tools/extract_features.py CONFIG CHECKPOINT \
        --out features.npz

CONFIG is that of a pre-training or a recogniser; the dataset of its test
part, or else of its validation, is read. CHECKPOINT is encoder.pth,
backbone.pth, or a checkpoint of a pre-training (of AIR the student, with its
codebook where it has one) or a recogniser. The file holds feature
(N, 2 * P * D), of each of P parts of the body mean and deviation over time
and windows, and frame_dir, label, actor, recording and classes; numpy.load
reads it.
"""
import argparse

import numpy as np
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, check_writable, device, run
from mmair.datasets import SkeletonDataset
from mmair.engine.building import building
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.evaluation.feature_file import RecordingFeatures
from mmair.evaluation.readout import extract_features
from mmair.models.backbones import (encoder_of, load_backbone,
                                    read_checkpoint)
from mmair.registry import DATASETS, MODELS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of a training')
    parser.add_argument('checkpoint',
                        help='encoder.pth, backbone.pth or a checkpoint')
    parser.add_argument('--out', required=True, help='the .npz to write')
    parser.add_argument('--split', help='recordings of this split (default: '
                        'as in the config)')
    parser.add_argument('--device', type=device, default='cpu',
                        help='cpu, cuda, ... (default: cpu)')
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    MMLogger.get_instance('extract_features', log_level='WARNING')
    check_writable(args.out, '.npz')
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader')
    if loader is None or 'backbone' not in (cfg.get('model') or {}):
        raise InputError(f'{args.config}: has no model.backbone or no '
                         'val_dataloader, expected the config of a training')
    if args.split:
        loader.dataset.split = args.split
    with building(cfg):
        dataset = DATASETS.build(loader.dataset)
        MODELS.build(dict(cfg.model.backbone, init_cfg=None))
    backbone = MODELS.build(dict(
        encoder_of(cfg.model, read_checkpoint(args.checkpoint)['state_dict']),
        init_cfg=None))
    if not isinstance(dataset, SkeletonDataset):
        raise InputError(f'{args.config}: {type(dataset).__name__} is no '
                         'dataset of mmair')
    load_backbone(backbone, args.checkpoint)
    feature = extract_features(backbone.to(args.device), dataset)
    known = dataset.recordings
    RecordingFeatures(
        feature, *(np.array([str(r.get(key, '')) for r in known])
                   if key != 'label' else
                   np.array([int(r.get(key, -1)) for r in known])
                   for key in ('frame_dir', 'label', 'actor', 'recording')),
        np.array(dataset.metainfo.get('classes', ()), dtype=str)).save(
            args.out)
    print(f'{len(feature)} recordings, {feature.shape[1]} numbers each: '
          f'{args.out}')


if __name__ == '__main__':
    run(main)
