r"""Emotional Gestures and Body Movements -> annotation file.

Sapinski, Kaminska, Pelikant & Anbarjafari, "Emotion recognition from
skeletal movements", Entropy 21(7), 2019, doi 10.3390/e21070646.

    python tools/dataset_converters/egbm.py RAW --manifest RAW/manifest.csv \
        --out data/egbm.pkl
    python tools/dataset_converters/egbm.py RAW --out data/egbm.pkl \
        --pattern '(?P<actor>[^/]+)/(?P<emotion>[a-z]+)_[0-9]+'

How its files are named and written is not documented. Expected is one file a
recording below RAW, with the 25 joints of Kinect v2 in metres at 30 Hz:
either a table (.csv, .txt) of 75 columns x, y, z in the order of the sensor,
or of columns in any order that a header names (HandTipLeft.x or
left_hand_tip_x); or an array (.npy) of shape (frames, 25, 3). The manifest,
with the columns file, emotion, actor and perhaps recording (the session), or
the pattern tells which recording is whose.
"""
from mmair.cli import run
from mmair.datasets.folder_conversion import (TABLES, convert_folder,
                                              folder_parser)
from mmair.errors import InputError

CLASSES = ('anger=angry', 'disgust=disgusted', 'fear=fearful,afraid',
           'joy=happy,happiness', 'neutral=neutrality', 'sadness=sad',
           'surprise=surprised')


def main() -> None:
    args = folder_parser(__doc__, layout='nturgb+d', classes=CLASSES,
                         fps=30., tables=True).parse_args()
    if args.pattern is None and args.manifest is None:
        raise InputError('give --manifest or --pattern, which tell the actor '
                         'and the emotion of a recording; see --help')
    convert_folder(args, TABLES, 'EGBM', needed=('emotion', 'actor'))


if __name__ == '__main__':
    run(main)
