"""The weights that are given away are what their page says."""
import hashlib
import re

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from tiny_runs import ROOT

from mmair.evaluation.provenance import pretraining_saw
from mmair.models.backbones import encoder_of
from mmair.registry import DATASETS, MODELS

FOLDER = ROOT / 'weights'


def test_weights_fit_their_page_and_config():
    page = (FOLDER / 'README.md').read_text()
    rows = re.findall(r'^\| `(.+?)` \| `(.+?)` \|.*\| `([0-9a-f]{64})` \|$',
                      page, re.M)
    assert [name for name, _, _ in rows] == sorted(
        path.name for path in FOLDER.glob('*.pth'))
    for name, config, sha256 in rows:
        path = FOLDER / name
        assert path.stat().st_size < 5 * 2**20
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        assert path.stem.endswith(sha256[:8])
        found = torch.load(path, weights_only=True)
        cfg = Config.fromfile(ROOT / config)
        assert found['meta']['layout'] == cfg.model.layout
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            backbone = MODELS.build(encoder_of(cfg.model,
                                               found['state_dict']))
        backbone.load_state_dict(found['state_dict'], strict=True)
        name = DATASETS.get(cfg.val_dataloader.dataset.type).__name__
        data = DATASETS.build(cfg.val_dataloader.dataset)
        assert pretraining_saw(str(path), name, [
            r['frame_dir'] for r in data.recordings]) == 'transductive'
