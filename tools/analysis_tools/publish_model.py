"""Make a small file of weights, fit to be passed on.

    python tools/analysis_tools/publish_model.py work_dirs/x/epoch_15.pth \
        --out models/air_stgcn

writes models/air_stgcn-<first 8 digits of its SHA-256>.pth: tensors, and the
names of the layout and the classes. Optimiser, logs, config and paths stay
behind. Of a recogniser backbone and head are kept; of a pre-training the
encoder alone (the backbone, and the codebook where there is one), because the
rest holds features of the recordings that it was trained on.
torch.load(weights_only=True) reads the file, without mmair too.
"""
import argparse
import hashlib
import io
import os.path as osp
from pathlib import Path
from typing import Dict

import torch
from torch import Tensor

import mmair
from mmair.cli import run
from mmair.datasets.class_names import class_names
from mmair.engine.hooks.skeleton_check_hook import check_finite
from mmair.errors import InputError, writing
from mmair.layouts import get_layout
from mmair.models.backbones import backbone_weights, read_checkpoint


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', required=True, help='name of the file, to '
                        'which the hash is added')
    parser.add_argument('--layout', help='name of the skeleton layout, where '
                        'the checkpoint does not tell it')
    return parser.parse_args()


def weights_of(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """What is passed on, each tensor with no more memory than it needs."""
    recogniser = any(key.startswith('cls_head.') for key in state)
    informed = any(key.startswith('codebook.') for key in state)
    kept = state if recogniser else backbone_weights(state, informed)
    return {key: value.detach().cpu().clone(
        memory_format=torch.contiguous_format)
            for key, value in kept.items()}


def main() -> None:
    args = parse_args()
    if not osp.isfile(args.checkpoint):
        raise InputError(f'{args.checkpoint}: no such file')
    found = read_checkpoint(args.checkpoint)
    meta = found['meta']
    if not found['state_dict']:
        raise InputError(f'{args.checkpoint}: holds no weights, expected a '
                         'checkpoint')
    state = weights_of(found['state_dict'])
    check_finite(args.checkpoint, state)
    published = dict(mmair_version=mmair.__version__)
    known = meta.get('layout')
    if args.layout and known and args.layout != known:
        raise InputError(f'{args.checkpoint}: is of the layout {known!r}, not '
                         f'{args.layout!r}; leave --layout out')
    if args.layout or known:
        layout = get_layout(args.layout or known)
        # Of the adjacency matrices of the graph.
        joints = {value.shape[-1] for key, value in state.items()
                  if key.rsplit('.', 1)[-1] in ('A', 'PA')}
        if joints and len(layout) not in joints:
            raise InputError(
                f'{args.checkpoint}: its graph has {max(joints)} joints, the '
                f'layout {layout.describe()}; give --layout that of its data')
        published['layout'] = layout.name
    classes = (meta.get('dataset_meta') or {}).get('classes')
    if classes and any(key.startswith('cls_head.') for key in state):
        published['dataset_meta'] = dict(
            classes=list(class_names(args.checkpoint, classes)))
    buffer = io.BytesIO()
    torch.save(dict(state_dict=state, meta=published), buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    out = Path(f'{args.out.removesuffix(".pth")}-{digest[:8]}.pth')
    with writing(out):
        out.write_bytes(content)
    print(f'{out}: {len(state)} tensors, {len(content) / 2**20:.2f} MiB '
          f'(from {osp.getsize(args.checkpoint) / 2**20:.2f} MiB)\n'
          f'sha256 {digest}')
    for key, value in published.items():
        print(f'{key} {value}')


if __name__ == '__main__':
    run(main)
