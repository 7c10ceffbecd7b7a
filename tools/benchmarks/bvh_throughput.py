"""How fast the BVH reader reads a folder, on one core.

    python tools/benchmarks/bvh_throughput.py data/ebedb
    python tools/benchmarks/bvh_throughput.py data/ebedb --compare 50

The second also reads 50 files with ``bvhio`` (``pip install bvhio``), a
reader of PyPI whose matrices are computed in C++: the same work, from the
file to the position of every joint in every frame. Both times are CPU
seconds of this process; the positions of both are compared.
"""
import argparse
import resource
import time
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from mmair.cli import count, run
from mmair.datasets.readers import Motion, find_sources, read_bvh
from mmair.errors import InputError


def peak_memory() -> float:
    """Peak memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def measure(read: Callable, files: Sequence[Path], name: str) -> None:
    """Read files and print the speed.

    Args:
        read (Callable): Takes a path, returns what it read, raises
            :class:`InputError` for a file of no use.
        files (Sequence[Path]): The files.
        name (str): Name of the reader.
    """
    size = frames = refused = 0
    start = time.process_time()
    for path in files:
        size += path.stat().st_size
        try:
            frames += len(read(path))
        except InputError:
            refused += 1
    seconds = time.process_time() - start
    print(f'{name}: {len(files)} files ({refused} refused), '
          f'{size / 1e6:.1f} MB, {frames} frames: {seconds:.2f} s, '
          f'{size / 1e6 / seconds:.1f} MB/s a core')


def load_bvhio() -> Callable[[Path], np.ndarray]:
    """The other reader, with the same result."""
    try:
        import bvhio
    except ImportError:
        raise InputError('--compare needs the package bvhio, which is not '
                         'installed; pip install bvhio') from None

    def read(path: Path) -> np.ndarray:
        container = bvhio.readAsBvh(str(path))
        root = bvhio.convertBvhToHierarchy(container.Root)
        joints = [joint for joint, _, _ in root.layout()]
        positions = np.empty((container.FrameCount, len(joints), 3),
                             np.float32)
        for frame in range(container.FrameCount):
            root.loadPose(frame, recursive=True)
            positions[frame] = [tuple(j.PositionWorld) for j in joints]
        return positions

    return read


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Measure the BVH reader on one core.')
    parser.add_argument('folder', type=Path, help='folder of BVH files')
    parser.add_argument('--compare', type=count, metavar='N',
                        help='also read N of the files with bvhio')
    args = parser.parse_args()
    files = sorted(find_sources(args.folder, ['.bvh']))
    if not files:
        raise InputError(f'{args.folder}: holds no .bvh file')
    other = load_bvhio() if args.compare else None
    before = peak_memory()
    measure(lambda path: read_bvh(path).positions, files, 'mmair')
    print(f'peak memory {peak_memory():.0f} MiB, {before:.0f} MiB of it '
          'before the first file')
    if other is not None:
        compare(other, files[::max(1, len(files) // args.compare)])


def compare(other: Callable[[Path], np.ndarray],
            files: Sequence[Path]) -> None:
    """Read the usable of some files with both readers."""
    motions = {}
    for path in files:
        try:
            motions[path] = read_bvh(path)
        except InputError:
            pass
    print(f'{len(motions)} of {len(files)} files for both readers:')
    measure(lambda path: read_bvh(path).positions, list(motions), 'mmair')
    measure(other, list(motions), 'bvhio')
    worst = max(_difference(motion, other) for motion in motions.values())
    print('largest difference of a coordinate, as a part of the largest '
          f'coordinate: {worst:.1e}')


def _difference(motion: Motion,
                other: Callable[[Path], np.ndarray]) -> float:
    error = np.abs(other(motion.path) - motion.positions)
    return float(error.max() / np.abs(motion.positions).max())


if __name__ == '__main__':
    run(main)
