r"""Your own BVH files -> annotation file.

    python tools/dataset_converters/bvh_folder.py RAW --out data/own.pkl \
        --layout my_layout.yaml --unit cm \
        --manifest RAW/manifest.csv

One file a recording below RAW; joints are found by the names of the layout.
Without a label a recording still serves pre-training.
"""
from mmair.cli import run
from mmair.datasets.folder_conversion import convert_folder, folder_parser


def main() -> None:
    args = folder_parser(__doc__, unit='cm').parse_args()
    convert_folder(args, ['.bvh'], args.raw.absolute().name)


if __name__ == '__main__':
    run(main)
