"""Quantise an exported recogniser to int8, and score both.

    python tools/deployment/quantize_onnx.py model.onnx data/own.pkl \\
        --out model_int8.onnx

Ranges are those of recordings of the training split; scores are those of the
test split, before and after.
"""
import argparse
from pathlib import Path

from mmair.cli import count, output, run
from mmair.deployment import (OnnxRecognizer, labelled_recordings,
                              quantize_onnx, scores_of)
from mmair.evaluation.tables import markdown


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('model', type=Path, help='file of export_onnx.py')
    parser.add_argument('ann_file', help='annotation file or store')
    parser.add_argument('--out', type=output, required=True,
                        help='the quantised ONNX file')
    parser.add_argument('--train-split', default='xsub_train',
                        help='where the ranges are taken from')
    parser.add_argument('--test-split', default='xsub_test',
                        help='what both models are scored on')
    parser.add_argument('--recordings', type=count, default=64,
                        help='how many of the training split are used')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    before = OnnxRecognizer(args.model, threads=1)
    train, test = (labelled_recordings(args.ann_file, split, before)
                   for split in (args.train_split, args.test_split))
    # Evenly over the split, which is often sorted by actor or class.
    number = min(args.recordings, len(train))
    chosen = [train[i * len(train) // number][0] for i in range(number)]
    quantize_onnx(args.model, args.out, chosen)
    rows = []
    for model in (before, OnnxRecognizer(args.out, threads=1)):
        scores = scores_of(model, test)
        rows.append([model.path.name,
                     f'{model.path.stat().st_size / 1e6:.2f}',
                     *(f'{value:.1f}' for value in scores.values())])
    print(markdown(dict(
        title=f'{len(test)} recordings of {args.test_split}, in percent',
        columns=['model', 'MB', *scores], rows=rows,
        note=f'Ranges from {number} of {len(train)} recordings of '
        f'{args.train_split}.')))


if __name__ == '__main__':
    run(main)
