"""Time and memory of a recogniser, in a process that does nothing else.

Run as a file, with the arguments as JSON, so that measuring an ONNX file
loads numpy and onnxruntime alone: its memory is what an edge device needs.
"""
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np


def peak_memory():
    """The largest resident size of this process so far, in bytes.

    Not ``ru_maxrss``, which a process inherits from the one that started it.
    """
    status = Path('/proc/self/status')
    if not status.is_file():
        return None
    return 1024 * int(re.search(r'VmHWM:\s*(\d+)', status.read_text())[1])


def onnx_call(model, **_):
    """The model in an ONNX file, on one thread."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model, options, providers=['CPUExecutionProvider'])
    return lambda x: session.run(None, dict(keypoint=x))


def torch_call(config, checkpoint, **_):
    """A recogniser and its test pipeline in PyTorch, on one thread."""
    import torch
    from mmengine.config import Config

    from mmair.deployment import load_recognizer
    torch.set_num_threads(1)
    recogniser = load_recognizer(Config.fromfile(config), checkpoint)
    return lambda x: recogniser(x[0])


def main():
    """Measure, and print seconds of each call and memory as JSON."""
    args = json.loads(sys.argv[1])
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    call = (onnx_call if 'model' in args else torch_call)(**args)
    x = np.random.default_rng(0).normal(
        0, .5, (1, *args['shape'])).astype(np.float32)
    times = []
    for _ in range(args['warm_up'] + args['repeats']):
        start = time.perf_counter()
        call(x)
        times.append(time.perf_counter() - start)
    print(json.dumps(dict(seconds=times[args['warm_up']:],
                          memory=peak_memory())))


if __name__ == '__main__':
    main()
