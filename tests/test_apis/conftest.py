"""A tiny recogniser, trained once."""
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_recogniser import standardise
from tiny_runs import ROOT, recognition, run_tool

from mmair.apis import EmotionInferencer
from mmair.datasets.bvh_writer import write_bvh
from mmair.datasets.readers import load_annotations
from mmair.datasets.synthetic import EMOTIONS, generate_recording
from mmair.deployment import load_recognizer
from mmair.layouts import get_layout

CONFIG = ROOT / 'configs/stgcn/stgcn_ebedb.py'


@pytest.fixture(scope='session')
def trained(tmp_path_factory, ann_file):
    """``config`` and ``checkpoint`` of a recogniser, and its ``data``.

    One epoch teaches it nothing: its head learns how features differ, and its
    last layer is drawn anew, so that every recording has scores of its own.
    """
    work_dir = tmp_path_factory.mktemp('recogniser')
    options = {**recognition(ann_file), 'train_cfg.max_epochs': 1,
               'train_cfg.val_interval': 2}
    assert run_tool('train.py', CONFIG, '--work-dir', work_dir,
                    options=options) == 0
    checkpoint = str(work_dir / 'epoch_1.pth')
    recognizer = load_recognizer(
        Config.fromfile(work_dir / CONFIG.name), checkpoint)
    recordings = load_annotations(ann_file)['annotations']
    standardise(recognizer, np.stack([a['keypoint'][0, :60:2]
                                      for a in recordings]))
    found = torch.load(checkpoint)
    found['state_dict'] = recognizer.model.state_dict()
    found['state_dict']['cls_head.fc.weight'].normal_(
        0, .1, generator=torch.Generator().manual_seed(0))
    torch.save(found, checkpoint)
    return SimpleNamespace(config=str(work_dir / CONFIG.name),
                           checkpoint=checkpoint,
                           data=str(ann_file))


@pytest.fixture(scope='session')
def inferencer(trained):
    return EmotionInferencer(trained.config, trained.checkpoint, 'cpu')


@pytest.fixture(scope='session')
def bvh_folder(tmp_path_factory):
    """BVH files in centimetres, one emotion each, at two frame rates."""
    root = tmp_path_factory.mktemp('bvh')
    for number, emotion in enumerate(EMOTIONS):
        write_recording(root / f'A{number % 2}' / f'{emotion}.bvh', emotion,
                        number % 2, fps=30 + 30 * (number % 2))
    return root


def write_recording(path: Path, emotion, actor=1, fps=30.):
    """A BVH file of centimetres; return what it shows, in metres."""
    made = generate_recording(emotion, actor, 'wave', 1, fps=fps)
    path.parent.mkdir(exist_ok=True)
    write_bvh(path, get_layout('ebedb').joints, made['parents'],
              100 * made['offsets'], made['rotations'],
              100 * made['root_positions'], fps)
    return made['keypoint']
