"""Fuse streams: the weighted mean of what several models say.

    python tools/test.py JOINT_CONFIG CHECKPOINT --dump joint.npz
    python tools/test.py BONE_CONFIG CHECKPOINT --dump bone.npz
    python tools/analysis_tools/fuse_scores.py joint.npz bone.npz

The weights are equal, or given, or searched on scores of validation
recordings, one file a stream in the same order:

    ... fuse_scores.py joint.npz bone.npz --weights 2 1
    ... fuse_scores.py joint.npz bone.npz --validation joint_val.npz \
        bone_val.npz

They are never searched on the files that are reported: a recording that is
in both is refused. Validation recordings must not have trained the models.
Recordings without a label are fused and not scored.
"""
import argparse

import numpy as np

from mmair.cli import check_writable, run
from mmair.errors import InputError
from mmair.evaluation.class_scores import (ClassScores, align, fuse,
                                           search_weights)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('streams', nargs='+',
                        help='.npz of tools/test.py --dump, of one split')
    given = parser.add_mutually_exclusive_group()
    given.add_argument('--weights', nargs='+', type=float,
                       help='one a stream')
    given.add_argument('--validation', nargs='+',
                       help='the same streams on validation recordings')
    parser.add_argument('--out', help='write the fused scores to this .npz')
    return parser.parse_args()


def searched(args: argparse.Namespace, tested: ClassScores) -> tuple:
    """Weights from validation recordings."""
    if len(args.validation) != len(args.streams):
        raise InputError(f'--validation: {len(args.validation)} files, '
                         f'expected {len(args.streams)}, one a stream')
    streams = align([ClassScores.load(path).labelled(path)
                     for path in args.validation], args.validation)
    if streams[0].classes.tolist() != tested.classes.tolist():
        raise InputError(f'{args.validation[0]}: has other classes than '
                         f'{args.streams[0]}')
    both = np.intersect1d(streams[0].frame_dir, tested.frame_dir)
    if len(both):
        raise InputError(
            f'{args.validation[0]}: {len(both)} of its recordings are tested '
            f'in {args.streams[0]}, {str(both[0])!r} first; search the '
            'weights on others')
    weights, score = search_weights(streams)
    print(f'Weights by macro-F1 on {len(streams[0].label)} validation '
          f'recordings, {score:.1f} %: {" ".join(map(str, weights))}')
    return weights


def main() -> None:
    args = parse_args()
    if args.out:
        check_writable(args.out, '.npz')
    if len(args.streams) < 2:
        raise InputError(f'{args.streams[0]}: one stream alone, expected at '
                         'least two to fuse')
    streams = align([ClassScores.load(path) for path in args.streams],
                    args.streams)
    weights = args.weights or (1., ) * len(streams)
    if len(weights) != len(streams):
        raise InputError(f'--weights: {len(weights)} numbers, expected '
                         f'{len(streams)}, one a stream')
    if not (np.isfinite(weights).all() and min(weights) >= 0
            and sum(weights) > 0):
        raise InputError(f'--weights {" ".join(map(str, weights))}: expected '
                         'numbers from 0, not all 0')
    if args.validation:
        weights = searched(args, streams[0])
    fused = fuse(streams, weights)
    if args.out:
        fused.save(args.out)
        print(f'The fused scores are in {args.out}\n')
    if fused.label.max() < 0:
        print('No recording has a label: nothing is scored')
        return
    print('| stream | weight | macro-F1 | balanced accuracy | top-1 |\n'
          '| --- | --- | --- | --- | --- |')
    for name, weight, stream in zip([*args.streams, 'fused'],
                                    [*weights, ''], [*streams, fused]):
        found = stream.labelled(name).scores()
        print(f'| {name} | {weight} | {found["macro_f1"]:.1f} | '
              f'{found["balanced_accuracy"]:.1f} | {found["top1"]:.1f} |')


if __name__ == '__main__':
    run(main)
