"""Draw features in the plane by t-SNE, by emotion and by actor.

    python tools/analysis_tools/plot_tsne.py features.npz --out tsne.png

features.npz is from extract_features.py. Where the points fall into actors
and not into emotions, the features know who moves and not how. t-SNE keeps
neighbours, not distances: clusters are no proof; measure with
tools/benchmarks/readout.py.
"""
import argparse

import numpy as np
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler

from mmair.cli import number, positive, run, seed
from mmair.errors import InputError
from mmair.evaluation.feature_file import RecordingFeatures
from mmair.visualization import draw_embedding, save_figure


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('features', help='.npz of extract_features.py')
    parser.add_argument('--out', default='tsne.png',
                        help='the picture (default tsne.png)')
    parser.add_argument('--perplexity', type=positive, default=30.,
                        help='about how many neighbours a point has '
                        '(default 30, less of few recordings)')
    parser.add_argument('--most', type=number(int, 5, 10**9), default=10000,
                        help='recordings that are drawn, of more a random '
                        'selection (default 10000, of which t-SNE takes '
                        'minutes)')
    parser.add_argument('--seed', type=seed, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    data = RecordingFeatures.load(args.features)
    size = len(data.feature)
    if size < 5:
        raise InputError(f'{args.features}: holds {size} recordings, expected '
                         'at least 5 to draw neighbours of')
    total = f'{size} recordings'
    if size > args.most:
        chosen = np.random.default_rng(args.seed).choice(
            size, args.most, replace=False)
        data = RecordingFeatures(*(field[chosen] for field in data[:5]),
                                 data.classes)
        total, size = f'{args.most} of {total}', args.most
    scaled = StandardScaler().fit_transform(data.feature)
    varied = int((scaled.std(0) > 0).sum())
    if varied < 2:  # scikit-learn crashes
        raise InputError(
            f'{args.features}: {varied} of {scaled.shape[1]} columns of its '
            'features differ between recordings, expected at least 2 '
            'to make a plane of; the network may have collapsed')
    perplexity = min(args.perplexity, (size - 1) / 3)
    points = TSNE(init='pca', perplexity=perplexity,
                  random_state=args.seed).fit_transform(scaled)
    emotions = np.array([*data.classes, ''])[data.label]
    save_figure(draw_embedding(
        points, {'by emotion': emotions, 'by actor': data.actor},
        f't-SNE of {total}, perplexity {perplexity:.3g}, seed '
        f'{args.seed}'), args.out)
    print(f'{total} drawn: {args.out}')


if __name__ == '__main__':
    run(main)
