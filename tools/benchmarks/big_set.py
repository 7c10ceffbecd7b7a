"""Opening time and memory of a big set, trained from a memory-mapped store.

    python tools/benchmarks/big_set.py data/big

writes 10^5 recordings of 64 frames and 25 joints (about 2 GB) below the
folder, unless they are there, opens them as pre-training does, and reads
batches. Anonymous memory (RssAnon) is what a process holds; mapped files are
the system's, which takes their memory back when it needs it.
"""
import argparse
import multiprocessing
import os
import time
from functools import partial
from pathlib import Path
from typing import Tuple

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmair.cli import count, count_or_none, run
from mmair.datasets import SkeletonDataset
from mmair.datasets.readers import load_annotations, save_annotations
from mmair.datasets.splits import make_splits

FRAMES, JOINTS, FPS = 64, 25, 15.
EMOTIONS = ('anger', 'fear', 'joy', 'sadness')
PREPARE = [dict(type='mmair.ResampleFrames', fps=FPS),
           dict(type='mmair.NormalizeSkeleton')]
PIPELINE = [dict(type='mmair.SampleWindows', clip_len=FRAMES, num_clips=2),
            dict(type='mmair.RandomYaw'), dict(type='mmair.RandomMirror'),
            dict(type='mmair.RandomBodySize'),
            dict(type='mmair.SensorNoise'), dict(type='mmair.DropJoints'),
            dict(type='mmair.AppendagePartition'),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')]


def memory(pid: int, kind: str = 'RssAnon') -> float:
    """Resident memory of a process, in MiB."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith(f'{kind}:'):
            return int(line.split()[1]) / 2**10
    raise KeyError(kind)


def clocks() -> Tuple[float, float]:
    """Seconds of the wall, and of this process on a core."""
    return time.perf_counter(), time.process_time()


def write(path: Path, num: int) -> None:
    """A store of noise, with the splits that a converter makes."""
    start = time.perf_counter()
    rng = np.random.default_rng(0)
    # The same thousand bodies, so that writing needs little memory.
    bodies = rng.normal(size=(1000, 1, FRAMES, JOINTS, 3)).astype(np.float32)
    annotations = [
        dict(frame_dir=f'recording_{i:06d}', label=i % len(EMOTIONS),
             actor=f'actor_{i % 20:02d}', recording=f'session_{i // 50}',
             fps=FPS, total_frames=FRAMES, keypoint=bodies[i % 1000])
        for i in range(num)]
    save_annotations(
        dict(meta=dict(dataset='noise', layout='nturgb+d', unit='m',
                       classes=list(EMOTIONS), up_axis='y'),
             split=make_splits(annotations), annotations=annotations), path)
    size = sum(file.stat().st_size for file in path.iterdir())
    print(f'{path}: {num} recordings, {size / 1e9:.2f} GB, written in '
          f'{time.perf_counter() - start:.1f} s', flush=True)


def measure(path: str, batches: int, batch_size: int, workers: int) -> None:
    """Open and read; one line a stage."""
    torch.set_num_threads(1)

    def line(stage: str, start: Tuple[float, float], *pids: int) -> None:
        wall, cpu = (now - then for now, then in zip(clocks(), start))
        pids = [os.getpid(), *pids]
        anon, mapped = (max(memory(pid, kind) for pid in pids)
                        for kind in ('RssAnon', 'RssFile'))
        print(f'{stage:>42} {wall:8.2f} {cpu:8.2f} {anon:13.0f} '
              f'{mapped:13.0f}', flush=True)

    print(f'{"":>42} {"seconds":>8} {"of CPU":>8} {"RssAnon (MiB)":>13} '
          f'{"RssFile (MiB)":>13}')
    line('libraries imported', clocks())
    start = clocks()
    load_annotations(path)
    line('load_annotations', start)
    start = clocks()
    dataset = SkeletonDataset(path, prepare=PREPARE, pipeline=PIPELINE)
    line('SkeletonDataset', start)
    for num in sorted({0, workers}):
        loader = DataLoader(dataset, batch_size, shuffle=True,
                            num_workers=num, collate_fn=pseudo_collate,
                            multiprocessing_context='fork' if num else None)
        dataset.set_epoch(0, 0)
        start, read = clocks(), iter(loader)
        for _ in range(min(batches, len(loader))):
            next(read)
        children = [child.pid for child in multiprocessing.active_children()]
        line(f'{min(batches, len(loader))} batches of {batch_size}, {num} '
             'workers (largest)', start, *children)
        del read


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Measure a big memory-mapped set.')
    parser.add_argument('folder', type=Path, help='where to write the set')
    parser.add_argument('--recordings', type=count, default=10**5)
    parser.add_argument('--batches', type=count, default=300)
    parser.add_argument('--batch-size', type=count, default=64)
    parser.add_argument('--workers', type=count_or_none, default=2,
                        help='loader workers of the last measurement')
    args = parser.parse_args()
    path = args.folder / f'noise_{args.recordings}'
    if not path.exists():
        # In a process of its own: nothing of it is left in the memory that
        # is measured.
        process = multiprocessing.get_context('fork').Process(
            target=run, args=(partial(write, path, args.recordings), ))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(process.exitcode)
    measure(str(path), args.batches, args.batch_size, args.workers)


if __name__ == '__main__':
    run(main)
