"""Parameters and multiply-adds of a config's backbone.

    python tools/analysis_tools/get_flops.py CONFIG
    python tools/analysis_tools/get_flops.py CONFIG --shape 2 100 25 3

One window is counted, of the shape that the config's test pipeline makes, and
a recording, of as many windows as that takes. Convolutions, matrix products,
einsum, and batch norms are counted; a multiplication with its addition is one.
"""
import argparse
from typing import Optional, Tuple

import torch
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, count, run
from mmair.engine.building import building
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.registry import MODELS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of a training')
    parser.add_argument('--shape', nargs=4, type=count,
                        metavar=('M', 'T', 'V', 'C'),
                        help='persons, frames, joints and channels of a '
                        'window (default: those of the config)')
    parser.add_argument('--table', action='store_true',
                        help='print each module, too')
    add_cfg_options(parser)
    return parser.parse_args()


def windows_of(cfg: Config) -> Tuple[Optional[int], int]:
    """Frames of a window of the test pipeline, windows a recording."""
    for part in ('test', 'val', 'train'):
        dataset = (cfg.get(f'{part}_dataloader') or {}).get('dataset', {})
        while 'pipeline' not in dataset and 'dataset' in dataset:
            dataset = dataset['dataset']
        for step in dataset.get('pipeline', ()):
            if 'clip_len' in step:
                return step['clip_len'], step.get('num_clips', 1)
    return None, 1


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    MMLogger.get_instance('get_flops', log_level='ERROR')
    if 'backbone' not in (cfg.get('model') or {}):
        raise InputError(f'{args.config}: has no model.backbone, expected the '
                         'config of a training')
    with building(cfg):
        model = MODELS.build(cfg.model).eval()
    backbone, (frames, windows) = model.backbone, windows_of(cfg)
    graph = getattr(backbone, 'graph', None)
    gcn = cfg.model.backbone.get('gcn', cfg.model.backbone)
    shape = args.shape or (
        gcn.get('num_person', 1), frames, getattr(graph, 'num_node', None),
        gcn.get('in_channels', 3))
    if None in shape:
        raise InputError(f'{args.config}: does not tell the frames (clip_len '
                         'in a pipeline) or the joints (graph_cfg) of a '
                         'window; give --shape M T V C')
    try:
        found = get_model_complexity_info(
            backbone, inputs=(torch.zeros(1, *shape), ),
            show_table=args.table, show_arch=False)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f'{args.config}: the backbone does not take windows (M, T, V, C) '
            f'of {tuple(shape)} ({str(error).splitlines()[0]}); give --shape '
            'as its in_channels, num_person and layout say') from error
    if args.table:
        print(found['out_table'])

    def numbers(module: torch.nn.Module) -> str:
        total = sum(p.numel() for p in module.parameters())
        trained = sum(p.numel() for p in module.parameters()
                      if p.requires_grad)
        return f'{total:,} parameters, {trained:,} of them trained'

    flops = round(found['flops'])
    print(f'Backbone      {cfg.model.backbone.type}: {numbers(backbone)}\n'
          f'Model         {cfg.model.type}: {numbers(model)}\n'
          f'Window        {" x ".join(map(str, shape))} (persons, frames, '
          f'joints, channels): {flops:,} multiply-adds\n'
          f'Recording     {windows} windows in the test: '
          f'{windows * flops:,} multiply-adds')


if __name__ == '__main__':
    run(main)
