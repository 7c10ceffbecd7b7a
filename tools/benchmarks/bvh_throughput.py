"""How fast the BVH reader reads a folder, on one core.

    python tools/benchmarks/bvh_throughput.py data/ebedb
"""
import argparse
import resource
import time
from pathlib import Path

from mmair.cli import run
from mmair.datasets.readers import read_bvh
from mmair.errors import InputError


def peak_memory() -> float:
    """Peak memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Measure the BVH reader on one core.')
    parser.add_argument('folder', type=Path, help='folder of BVH files')
    args = parser.parse_args()
    files = sorted(args.folder.rglob('*.bvh'))
    if not files:
        raise InputError(f'{args.folder}: holds no .bvh file')
    before = peak_memory()
    size = frames = refused = 0
    start = time.perf_counter()
    for path in files:
        size += path.stat().st_size
        try:
            frames += len(read_bvh(path).positions)
        except InputError:
            refused += 1
    seconds = time.perf_counter() - start
    print(f'{len(files)} files ({refused} refused), {size / 1e6:.1f} MB, '
          f'{frames} frames: {seconds:.2f} s, {size / 1e6 / seconds:.1f} MB/s '
          'a core')
    print(f'peak memory {peak_memory():.0f} MiB, {before:.0f} MiB of it '
          'before the first file')


if __name__ == '__main__':
    run(main)
