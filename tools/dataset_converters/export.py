"""Annotation file of MMAction2 <-> memory-mapped store.

    python tools/dataset_converters/export.py data/kdae --out data/kdae.pkl
    python tools/dataset_converters/export.py ntu60_3d.pkl --out data/ntu60_3d

A name that ends in .pkl is a pickle, which plain MMAction2 reads; any other
is the folder of a store, which mmair opens without reading it into memory.
"""
import argparse
from pathlib import Path

from mmair.cli import output, run
from mmair.datasets.readers import (load_annotations, require_place,
                                    save_annotations)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, help='what to read')
    parser.add_argument('--out', type=output, required=True,
                        help='what to write')
    args = parser.parse_args()
    require_place(args.out)
    data = load_annotations(args.source)
    save_annotations(data, args.out)
    frames = sum(a['total_frames'] for a in data['annotations'])
    print(f'{len(data["annotations"])} recordings, {frames} frames and '
          f'{len(data["split"])} parts of splits written to {args.out}')


if __name__ == '__main__':
    run(main)
