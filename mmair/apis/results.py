"""Results in files: JSON, and a table of comma-separated values."""
import csv
import json
from pathlib import Path
from typing import Union

from mmair.errors import writing


def write_json(found: dict, path: Union[str, Path]) -> None:
    """Write what :class:`EmotionInferencer` returned.

    Args:
        found (dict): ``classes``, ``results`` and ``skipped``.
        path (str | Path): The file.

    Raises:
        InputError: If it cannot be written.
    """
    with writing(path), open(path, 'w', encoding='utf-8') as file:
        json.dump(found, file, indent=1, ensure_ascii=False, allow_nan=False)


def write_table(found: dict, path: Union[str, Path]) -> None:
    """Write one row a window, or a recording scored as a whole.

    Columns: recording, person, start, end, emotion, and the probability of
    every class; the last ones are empty where a window was not scored.

    Args:
        found (dict): ``classes`` and ``results``.
        path (str | Path): The file.

    Raises:
        InputError: If it cannot be written.
    """
    with writing(path), open(path, 'w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['recording', 'person', 'start', 'end', 'emotion',
                         *found['classes']])
        for result in found['results']:
            for part in result['windows']:
                scores = part['scores'] or {}
                writer.writerow([
                    result['recording'], result['person'],
                    f'{part["start"]:.3f}', f'{part["end"]:.3f}',
                    part['emotion'] or '',
                    *(f'{scores[name]:.6f}' if scores else ''
                      for name in found['classes'])])
