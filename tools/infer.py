"""Recognise emotion in recordings: BVH, tables, arrays, annotation files.

    python tools/infer.py CONFIG CHECKPOINT walk.bvh
    python tools/infer.py CONFIG CHECKPOINT FOLDER --window 4 --step 1 \
        --out work_dirs/infer --pictures

Prints a line a person of a recording, and writes results.json, results.csv
and the pictures to --out. docs/inference.md tells what they hold. What there
is when it is stopped goes to partial_results.json and partial_results.csv.
"""
import argparse
import re
import sys
from pathlib import Path

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.apis import EmotionInferencer, write_json, write_table
from mmair.apis.command_line import (add_model, add_reading, make_inferencer,
                                     reading_of)
from mmair.apis.recordings import Recording
from mmair.cli import positive, run
from mmair.errors import InputError, shown, writing
from mmair.visualization.emotion import draw_emotion_gif, draw_emotion_strip


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument('input', help='.bvh, .csv, .txt, .npy or .pkl file, '
                        'or a folder')
    parser.add_argument('--window', type=positive,
                        help='length of sliding windows in seconds (default: '
                        'a recording is scored as a whole)')
    parser.add_argument('--step', type=positive, help='seconds from one '
                        'window to the next (default: half a window)')
    add_reading(parser)
    parser.add_argument('--split', help='of an annotation file the '
                        'recordings of this split alone')
    parser.add_argument('--out', type=Path, help='folder to write')
    parser.add_argument('--pictures', action='store_true',
                        help='draw a picture of each person into --out')
    parser.add_argument('--gifs', action='store_true',
                        help='draw a GIF of each person into --out')
    return parser.parse_args()


class Output:
    """The folder of results, if there is to be one."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.folder, self.args = args.out, args
        if self.folder is None and (args.pictures or args.gifs):
            raise InputError('--pictures, --gifs: need a folder to write; '
                             'give --out')
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f'--out: {self.folder} cannot be made '
                                 f'({error.strerror})') from error
        self.names = set()

    def draw(self, recording: Recording, result: dict) -> None:
        """Draw what is asked for."""
        x = recording.person(result['person'])
        title = (f'{result["emotion"]} '
                 f'({result["scores"][result["emotion"]]:.2f}): '
                 f'{result["recording"]}')
        path = self.folder / self.name(result)
        rest = dict(fps=recording.fps, windows=result['windows'], title=title)
        with writing(path):
            if self.args.pictures:
                draw_emotion_strip(x, recording.layout, **rest).savefig(
                    f'{path}.png')
            if self.args.gifs:
                draw_emotion_gif(x, recording.layout, f'{path}.gif', **rest)

    def name(self, result: dict) -> str:
        """A file name that no other person has."""
        name = re.sub(r'[^\w.-]+', '_', result['recording'])
        name = name.encode()[:100].decode(errors='ignore')
        if result['persons'] > 1:
            name += f'_person{result["person"]}'
        number, found = 2, name
        while found in self.names:
            found, number = f'{name}_{number}', number + 1
        self.names.add(found)
        return found

    def write(self, found: dict, name: str) -> None:
        """Write all that was found."""
        write_json(found, self.folder / f'{name}.json')
        write_table(found, self.folder / f'{name}.csv')


def recognise(args: argparse.Namespace, inferencer: EmotionInferencer,
              output: Output, found: dict) -> None:
    """Add all recordings to ``found``, and print and draw them."""
    for recording, results in inferencer.iterate(
            args.input, args.window, args.step, progress=True,
            split=args.split, **reading_of(args)):
        if isinstance(results, str):
            found['skipped'].append(dict(recording=recording, reason=results))
            print(f'skipped {shown(recording)}: {results}')
            continue
        found['results'] += results
        for result in results:
            emotion = result['emotion']
            of = (f', person {result["person"]}' if result['persons'] > 1
                  else '')
            print(f'{shown(result["recording"])}{of}: {emotion} '
                  f'{result["scores"][emotion]:.3f}')
            if output.folder is not None:
                output.draw(recording, result)


def main() -> None:
    args = parse_args()
    output = Output(args)
    inferencer = make_inferencer(args)
    found = dict(classes=list(inferencer.classes), results=[], skipped=[])
    try:
        recognise(args, inferencer, output, found)
    except BaseException:  # Ctrl-C, too
        if output.folder is not None and found['results']:
            output.write(found, 'partial_results')
            print(f'Not finished: the first {len(found["results"])} results '
                  f'are in {output.folder / "partial_results.json"} and .csv',
                  file=sys.stderr)
        raise
    recordings = {result['recording'] for result in found['results']}
    print(f'{len(recordings)} recordings recognised, '
          f'{len(found["skipped"])} skipped')
    if not recordings:
        raise InputError(f'{args.input}: none of the '
                         f'{len(found["skipped"])} recordings could be used; '
                         'the reasons are listed above')
    if output.folder is not None:
        output.write(found, 'results')
        print(f'The results are in {output.folder}')


if __name__ == '__main__':
    run(main)
