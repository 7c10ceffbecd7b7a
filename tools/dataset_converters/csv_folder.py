r"""Your own recordings as tables (.csv, .txt, .npy) -> annotation file.

    python tools/dataset_converters/csv_folder.py RAW --out data/own.pkl \
        --layout kinect_v2 --fps 30 \
        --pattern '(?P<recording>(?P<actor>[^/]+)/(?P<emotion>[a-z]+)_.+)[.]'

One file a recording below RAW. A table has a row a frame, separated by
comma, semicolon, tab or blanks, and columns x, y, z of every joint of the
layout in its order, or a header that names them: <joint>.x or <joint>_x. An
array has the shape (frames, joints, 3). Without a label a recording still
serves pre-training.
"""
from mmair.cli import run
from mmair.datasets.folder_conversion import (TABLES, convert_folder,
                                              folder_parser)


def main() -> None:
    args = folder_parser(__doc__, tables=True).parse_args()
    convert_folder(args, TABLES, args.raw.absolute().name)


if __name__ == '__main__':
    run(main)
