"""How fast samples are made, on one core, on the embedded data set.

    python tools/benchmarks/loader_throughput.py

Two views of 64 frames a sample: a whole batch by one call of each transform,
as mmair's loaders do it, and sample by sample, with and without SensorNoise.
"""
import argparse
import time

import torch

from mmair.cli import count, positive, run
from mmair.datasets import SyntheticEmotionDataset

PREPARE = [dict(type='mmair.ResampleFrames', fps=15),
           dict(type='mmair.NormalizeSkeleton')]
PIPELINE = [dict(type='mmair.SampleWindows', clip_len=64, num_clips=2),
            dict(type='mmair.RandomYaw'), dict(type='mmair.RandomMirror'),
            dict(type='mmair.RandomBodySize'),
            dict(type='mmair.SensorNoise'), dict(type='mmair.DropJoints'),
            dict(type='mmair.AppendagePartition'),
            dict(type='mmair.AppendMotion'),
            dict(type='mmair.PackSkeletonInputs')]


def throughput(make, dataset, batch_size: int, seconds: float) -> float:
    """Samples a second of ``make``, which takes the indices of a batch."""
    order = torch.randperm(len(dataset)).repeat(2)
    make(order[:batch_size].tolist())
    made, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        first = made % len(dataset)
        make(order[first:first + batch_size].tolist())
        made += batch_size
    return made / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Measure batched views against sample by sample.')
    parser.add_argument('--batch-size', type=count, default=64)
    parser.add_argument('--seconds', type=positive, default=5.,
                        help='processor time of each measurement')
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    # As networks do: while only small tensors have been freed, malloc hands
    # memory back to the system and every batch pays for new pages.
    torch.zeros(2**25 - 2**13, dtype=torch.uint8)
    print(f'Batches of {args.batch_size}, two views of 64 frames, samples/s '
          'a core:')
    for name, left_out in (('all transforms', ''),
                           ('without SensorNoise', 'mmair.SensorNoise')):
        dataset = SyntheticEmotionDataset(
            prepare=PREPARE, pipeline=[step for step in PIPELINE
                                       if step['type'] != left_out])
        dataset.set_epoch(seed=0, epoch=0)
        batched, single = (
            throughput(make, dataset, args.batch_size, args.seconds)
            for make in (dataset.__getitems__,
                         lambda batch, d=dataset: [d[i] for i in batch]))
        print(f'{name:>20}: {batched:6.0f} batched, {single:6.0f} one by '
              'one')


if __name__ == '__main__':
    run(main)
