"""Export a recogniser to ONNX: raw positions in, probabilities out.

    python tools/deployment/export_onnx.py CONFIG CHECKPOINT --out model.onnx

The file runs with numpy and onnxruntime alone; docs/edge.md shows how.
"""
import argparse

from mmair.cli import add_cfg_options, output, run
from mmair.deployment import OnnxRecognizer, export_onnx, load_recognizer
from mmair.engine.launch import apply_options


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('config', help='config of a recogniser')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--out', type=output, required=True,
                        help='the ONNX file')
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    recogniser = load_recognizer(apply_options(args), args.checkpoint)
    difference = export_onnx(recogniser, args.out)
    made = OnnxRecognizer(args.out)
    print(f'{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, '
          f'{len(made.labels)} classes, {len(made.joints)} joints of '
          f'{made.layout!r} at {made.fps:g} Hz; probabilities within '
          f'{difference:.1e} of PyTorch')


if __name__ == '__main__':
    run(main)
