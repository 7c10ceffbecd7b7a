"""The configs of a comparison's rows, on its data set."""
import copy
import os.path as osp
from typing import Dict, Optional, Tuple

from mmengine.config import Config

from mmair.errors import InputError
from mmair.models.backbones import encoder_config
from mmair.registry import DATASETS

from .compared_data import digest


class RowConfigs:
    """Every config that a preset names, read once.

    Args:
        preset (Config): From :func:`~mmair.evaluation.preset.load_preset`.
        root (str): The checkout, to which its paths are relative.
    """

    def __init__(self, preset: Config, root: str) -> None:
        self.preset, self.root = preset, root
        self._pretrainings: Dict[str, Config] = {}
        self._recognisers: Dict[str, Config] = {}
        self._layouts: Dict[str, dict] = {}

    def pretraining(self, row: str) -> Config:
        """The pre-training config of a row, on the preset's data set."""
        if row not in self._pretrainings:
            spec = self.preset.rows[row]
            cfg = self._read(spec.config, self.preset.options,
                             spec.get('options', {}))
            self._pretrainings[row] = set_dataset(cfg, self.preset.dataset)
        return copy.deepcopy(self._pretrainings[row])

    def recogniser(self, row: str) -> Config:
        """What trains the whole network of a row, on its data set."""
        spec = self.preset.recogniser
        path = spec.config
        if self.preset.rows[row].kind == 'pretrained':
            path = spec.get('finetune', path)
        if path not in self._recognisers:
            self._recognisers[path] = set_dataset(
                self._read(path, spec.get('options', {})),
                self.preset.dataset)
        return copy.deepcopy(self._recognisers[path])

    def encoder(self, row: str) -> Tuple[dict, str]:
        """What of a pre-training is read, and the file that it is in."""
        model = self.pretraining(row).model
        if self.preset.rows[row].get('gcn_alone'):
            return model.backbone, 'backbone.pth'
        return encoder_config(model)

    def layout(self, windows: dict) -> dict:
        """The layout of a data set's samples; no recording is prepared."""
        key = digest(windows)
        if key not in self._layouts:
            self._layouts[key] = DATASETS.build(
                dict(windows, resident=False)).sample_layout.to_dict()
        return self._layouts[key]

    def _read(self, path: str, *options: dict) -> Config:
        path = osp.join(self.root, path)
        if not osp.isfile(path):
            raise InputError(f'{path}: no such config; the preset names it')
        cfg = Config.fromfile(path)
        for changes in options:
            cfg.merge_from_dict(dict(changes))
        return cfg


def _datasets(cfg: Config) -> list:
    loaders = (cfg.get(f'{part}_dataloader')
               for part in ('train', 'val', 'test'))
    return [loader.dataset for loader in loaders if loader]


def set_dataset(cfg: Config, dataset: dict) -> Config:
    """Put a data set, in place, in all loaders of a config."""
    for own in _datasets(cfg):
        for key in ('type', 'ann_file', 'generator', 'split', 'classes'):
            own.pop(key, None)
        own.update(dataset)
    return cfg


def standardize_input(cfg: Config, statistics: Optional[str]) -> Config:
    """The same config; windows are standardised by actor before all else.

    Args:
        cfg (Config): Left as it is.
        statistics (str, optional): Of the actors, a file; None for none.

    Raises:
        InputError: If a pipeline has no windows.
    """
    cfg = copy.deepcopy(cfg)
    if statistics is None:
        return cfg
    step = dict(type='mmair.StandardizeActor', statistics=statistics)
    for own in _datasets(cfg):
        at = [i for i, s in enumerate(own.pipeline)
              if s['type'] == 'mmair.SampleWindows']
        if not at:
            raise InputError(
                'adapt.input: the pipeline of a config has no '
                'mmair.SampleWindows, behind which the input is '
                'standardised; adapt the features alone')
        own.pipeline.insert(at[0] + 1, step)
    return cfg
