"""Draw which classes are taken for which.

    python tools/test.py CONFIG CHECKPOINT --dump scores.npz
    python tools/analysis_tools/confusion_matrix.py scores.npz \
        --out confusion.png
"""
import argparse

from sklearn.metrics import confusion_matrix

from mmair.cli import run
from mmair.evaluation.class_scores import ClassScores
from mmair.visualization import draw_confusion, save_figure


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('scores', help='.npz that tools/test.py --dump or '
                        'fuse_scores.py wrote')
    parser.add_argument('--out', default='confusion.png',
                        help='the picture (default confusion.png)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    scores = ClassScores.load(args.scores)
    left_out = int((scores.label < 0).sum())
    scores = scores.labelled(args.scores)
    counts = confusion_matrix(scores.label, scores.score.argmax(1),
                              labels=range(len(scores.classes)))
    found = scores.scores()
    text = (f'macro-F1 {found["macro_f1"]:.1f} %, balanced accuracy '
            f'{found["balanced_accuracy"]:.1f} %, top-1 {found["top1"]:.1f} '
            f'%, {len(scores.label)} recordings')
    save_figure(draw_confusion(counts, scores.classes, text), args.out)
    print(text + (f', {left_out} without a label left out' if left_out
                  else ''))
    width = max(map(len, scores.classes)) + 1
    for name, row in zip(scores.classes, counts):
        print(f'{name:>{width}} ' + ' '.join(f'{n:4d}' for n in row))
    print(f'Rows are true, columns recognised; the picture is in {args.out}')


if __name__ == '__main__':
    run(main)
