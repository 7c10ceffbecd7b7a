"""Generated recordings, filed as KDAE, Emilya or EGBM are distributed.

To try the way from such a tree to a trained model without the data set:

    python tools/dataset_converters/write_synthetic.py kdae data/kdae_like
    python tools/dataset_converters/kdae.py data/kdae_like --out data/kdae.pkl

Of EGBM the converter takes ``--manifest <tree>/manifest.csv``, or for a tree
written with ``--no-manifest``
``--pattern '(?P<actor>[FM][0-9])_(?P<emotion>[a-z]+)_[0-9]'``.
"""
import argparse
from pathlib import Path

from mmair.cli import run
from mmair.datasets.native_trees import write_egbm, write_emilya, write_kdae
from mmair.errors import InputError

_WRITERS = dict(kdae=write_kdae, emilya=write_emilya, egbm=write_egbm)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Write generated recordings as a native tree.')
    sets = parser.add_subparsers(dest='dataset', required=True)

    def add(name: str, **counts: int) -> argparse.ArgumentParser:
        one = sets.add_parser(
            name, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        one.add_argument('out', type=Path, help='folder to write; a new one')
        for count, default in {'actors': 6, **counts}.items():
            one.add_argument(f'--{count}', dest=f'num_{count}', type=int,
                             default=default, metavar='N',
                             help=f'number of {count}')
        one.add_argument('--seed', type=int, default=0,
                         help='seed of the generator')
        return one

    kdae = add('kdae', scenarios=2, versions=1)
    kdae.add_argument('--release', choices=('1.0.0', '2.1.0'),
                      default='2.1.0', help='the first has no surprise')
    kdae.add_argument('--channels', type=int, choices=(3, 6), default=3,
                      help='channels of a joint')
    emilya = add('emilya', actions=3, takes=1, segments=1)
    emilya.add_argument('--folders', choices=('code', 'name'),
                        default='code', help='the newer or the older tree')
    egbm = add('egbm', clips=3)
    egbm.add_argument('--suffix', choices=('csv', 'txt', 'npy'),
                      default='csv', help='format of the recordings')
    # Not told in the help, where `default: True` would mean the flag.
    egbm.set_defaults(header=True, manifest=True)
    egbm.add_argument('--no-header', dest='header', action='store_false',
                      default=argparse.SUPPRESS,
                      help='tables without names of columns')
    egbm.add_argument('--no-manifest', dest='manifest', action='store_false',
                      default=argparse.SUPPRESS,
                      help='names that say actor and emotion')
    egbm.add_argument('--unlabelled', type=int, default=0, metavar='N',
                      help='every N-th recording has no emotion; 0 for none')
    return parser.parse_args()


def main() -> None:
    options = vars(parse_args())
    dataset, out = options.pop('dataset'), options.pop('out')
    if out.exists():
        raise InputError(f'{out}: exists, expected a new folder; files of '
                         'two trees would mix')
    try:
        tree = _WRITERS[dataset](out, **options)
    except OSError as error:
        raise InputError(f'{out}: cannot be written '
                         f'({error.strerror or error})') from error
    print(f'{len(tree.recordings)} recordings and {len(tree.skipped)} files '
          f'of no use written to {out}')


if __name__ == '__main__':
    run(main)
