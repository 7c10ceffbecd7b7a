"""Latency, memory and size of exported recognisers on one core.

    python tools/deployment/benchmark_edge.py model.onnx model_int8.onnx \\
        --config CONFIG --checkpoint CHECKPOINT

With config and checkpoint, PyTorch is measured as well. Each model runs in a
process of its own, from raw positions to probabilities of one recording;
p50 and p99 are percentiles over the repeats, memory is the largest resident
size of the process, and the real-time factor is the time that it takes (p50)
over the duration of the recording: below 1 it keeps up.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from mmair.cli import add_cfg_options, count, count_or_none, positive, run
from mmair.deployment import OnnxRecognizer, edge_timing
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.evaluation.tables import markdown

COLUMNS = ('model', 'p50, ms', 'p99, ms', 'real-time factor', 'size, MB',
           'memory, MB')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('models', type=Path, nargs='+',
                        help='files of export_onnx.py or quantize_onnx.py')
    parser.add_argument('--config', help='config of the recogniser')
    parser.add_argument('--checkpoint', help='its checkpoint')
    add_cfg_options(parser)
    parser.add_argument('--seconds', type=positive, default=10,
                        help='duration of the recording')
    parser.add_argument('--repeats', type=count, default=200,
                        help='measured runs')
    parser.add_argument('--warm-up', type=count_or_none, default=10,
                        help='runs before')
    args = parser.parse_args()
    if bool(args.config) != bool(args.checkpoint):
        parser.error('--config and --checkpoint belong together')
    return args


def measure(**job) -> dict:
    """What :mod:`mmair.deployment.edge_timing` prints of a job."""
    source = Path(edge_timing.__file__)
    path = os.pathsep.join(filter(None, (
        str(source.parents[2]), os.environ.get('PYTHONPATH'))))
    done = subprocess.run(
        [sys.executable, str(source), json.dumps(job)], text=True,
        capture_output=True, env=dict(
            os.environ, PYTHONPATH=path, OMP_NUM_THREADS='1',
            MKL_NUM_THREADS='1'))
    if done.returncode:
        reason = (done.stderr.strip().splitlines()
                  or [f'status {done.returncode}'])[-1]
        mistake = f'{InputError.__module__}.{InputError.__name__}: '
        if reason.startswith(mistake):
            raise InputError(reason.removeprefix(mistake))
        raise InputError(f'{job.get("model") or job["checkpoint"]}: could '
                         f'not be measured ({reason})')
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    args = parse_args()
    models = [OnnxRecognizer(path, threads=1) for path in args.models]
    first = models[0]
    for other in models:
        if (other.joints, other.fps) != (first.joints, first.fps):
            raise InputError(
                f'{other.path}: takes {other.layout!r} at {other.fps:g} Hz, '
                f'{first.path} {first.layout!r} at {first.fps:g} Hz; measure '
                'models of one kind of input together')
    frames = max(1, round(args.seconds * first.fps))
    job = dict(shape=(frames, len(first.joints), len(first.channels)),
               repeats=args.repeats, warm_up=args.warm_up)
    found = {}
    if args.config:
        cfg = apply_options(args)
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, 'config.py')
            cfg.dump(config)
            found['PyTorch eager'] = Path(args.checkpoint), measure(
                config=str(config), checkpoint=args.checkpoint, **job)
    for model in models:
        found[model.path.name] = model.path, measure(
            model=str(model.path), **job)
    rows = []
    for name, (path, made) in found.items():
        p50, p99 = np.percentile(made['seconds'], (50, 99))
        memory = made['memory']
        rows.append([
            name, f'{1e3 * p50:.1f}', f'{1e3 * p99:.1f}',
            f'{p50 * first.fps / frames:.4f}',
            f'{path.stat().st_size / 1e6:.2f}',
            'unknown' if memory is None else f'{memory / 1e6:.0f}'])
    print(markdown(dict(
        title='One core, one recording', columns=list(COLUMNS), rows=rows,
        note=f'{frames} frames at {first.fps:g} Hz, {args.repeats} runs.')))


if __name__ == '__main__':
    run(main)
