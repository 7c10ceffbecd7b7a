"""What a training that some launcher starts imports, to be compared.

Every process writes the losses of each step to a file. One process with
``HALVES`` passes what two would have through batch norm apart.
"""
import functools
import json
import os
from pathlib import Path

import torch
from mmengine.dist import get_rank
from mmengine.model import BaseModel

from mmair.models.pretrainers.air import AIRNetwork, Features

_FOLDER = Path(os.environ['LOSSES'])
_parse_losses, _forward = BaseModel.parse_losses, AIRNetwork.forward


@functools.wraps(_parse_losses)
def parse_losses(self, losses):
    total, log_vars = _parse_losses(self, losses)
    with (_FOLDER / f'{get_rank()}.jsonl').open('a') as file:
        print(json.dumps({k: float(v) for k, v in log_vars.items()}),
              file=file)
    return total, log_vars


@functools.wraps(_forward)
def forward(self, skeleton, appendages, spans=()):
    # Two views of samples that go to the processes in turn.
    index = torch.arange(len(skeleton)).view(2, -1, 2)
    index = index.permute(2, 0, 1).flatten(1)
    halves = [_forward(self, skeleton[i], appendages[i], spans) for i in index]
    back = index.flatten().argsort()
    return Features(*(None if parts[0] is None else torch.cat(parts)[back]
                      for parts in zip(*halves)))


BaseModel.parse_losses = parse_losses
if os.environ.get('HALVES'):
    AIRNetwork.forward = forward
