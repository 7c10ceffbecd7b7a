"""A trained recogniser with the test pipeline of its config."""
import argparse
import inspect
from pathlib import Path
from typing import List, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmengine.runner.checkpoint import _load_checkpoint

import mmair  # noqa: F401  (patches the loader of checkpoints)
from mmair.compat import get_pred_score
from mmair.datasets import SkeletonDataset
from mmair.datasets.class_names import class_names
from mmair.datasets.transforms import MapLayout, StandardizeActor
from mmair.engine.building import building
from mmair.engine.hooks.skeleton_check_hook import (check_learned_layout,
                                                    check_weights)
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.layouts import SkeletonLayout, get_layout
from mmair.registry import DATASETS, MODELS, TRANSFORMS


class _GivenDataset(SkeletonDataset):
    """Recordings that are there already, on their way to a model."""

    def __init__(self, annotations: List[dict], **kwargs) -> None:
        self.given = annotations
        super().__init__(resident=True, test_mode=True, **kwargs)

    def read(self) -> dict:
        return dict(meta={}, split={}, annotations=self.given)


class Recogniser:
    """What a checkpoint says of recordings, as ``tools/test.py`` has it say.

    Args:
        config (str | Path | Config): Config of a recogniser, whose
            ``test_dataloader`` has a dataset of mmair. A config file is a
            Python program that is run.
        checkpoint (str | Path): Its checkpoint, loaded without running code.
        device (str, optional): By default 'cuda' where there is one, else
            'cpu'.
        classes (Sequence[str], optional): Names of the classes. By default
            those that the checkpoint was trained with, or of the config.
        layout (str | dict, optional): Skeleton layout of the data. By
            default that of the config.
        cfg_options (dict, optional): Overrides of the config.

    Attributes:
        classes (tuple[str]): Names of the classes.
        layout (SkeletonLayout | None): Layout of the data; None where the
            config maps whatever comes to the layout of the model.
        fps (float | None): Frame rate of data that does not tell it.
        batch_size (int): Recordings a batch.

    Raises:
        InputError: If they do not fit together, or something is missing.
    """

    def __init__(self,
                 config: Union[str, Path, Config],
                 checkpoint: Union[str, Path],
                 device: Optional[str] = None,
                 classes: Optional[Sequence[str]] = None,
                 layout: Union[str, dict, None] = None,
                 cfg_options: Optional[dict] = None) -> None:
        self.checkpoint = str(checkpoint)
        if isinstance(config, Config):
            cfg, self.config = config, config.filename or 'the config'
        else:
            self.config = str(config)
            cfg = apply_options(argparse.Namespace(
                config=self.config, checkpoint=self.checkpoint,
                cfg_options=cfg_options))
        self.device = _device(device)
        # That of the process stays as it is.
        self.scope = cfg.get('default_scope', 'mmaction')
        with DefaultScope.overwrite_default_scope(self.scope), building(cfg):
            self._build(cfg, classes, layout)

    def _build(self, cfg: Config, classes: Optional[Sequence[str]],
               layout: Union[str, dict, None]) -> None:
        dataset = self._dataset_of(cfg)
        self.prepare, self.pipeline = (
            [TRANSFORMS.build(step) for step in dataset.get(part, ())]
            for part in ('prepare', 'pipeline'))
        self.batch_size = cfg.test_dataloader.get('batch_size', 1)
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise InputError(
                f'{self.config}: test_dataloader.batch_size is '
                f'{self.batch_size!r}, expected a positive whole number')
        kind = DATASETS.get(dataset['type'])
        self.fps = dataset.get('fps') or inspect.signature(
            kind).parameters.get('fps', inspect.Parameter(
                'fps', inspect.Parameter.KEYWORD_ONLY, default=None)).default
        self.model, found = self._model_of(cfg)
        self.classes = self._classes_of(classes, found, dataset, kind)
        self.layout = self._layout_of(cfg, layout or dataset.get('layout'),
                                      found)

    def _dataset_of(self, cfg: Config) -> dict:
        loader = cfg.get('test_dataloader')
        if loader is None or 'cls_head' not in (cfg.get('model') or {}):
            raise InputError(
                f'{self.config}: has no test_dataloader and cls_head, '
                'expected the config of a recogniser; train one with a linear '
                'or fine-tuning config')
        dataset = loader.dataset
        kind = DATASETS.get(dataset.get('type', ''))
        if not (inspect.isclass(kind) and issubclass(kind, SkeletonDataset)):
            raise InputError(
                f'{self.config}: the dataset of test_dataloader is '
                f'{dataset.get("type")!r}, expected one of mmair such as '
                'mmair.SkeletonDataset')
        return dataset

    def _model_of(self, cfg: Config) -> tuple:
        model = dict(cfg.model)
        if cfg.get('data_preprocessor') is not None:
            model.setdefault('data_preprocessor', cfg.data_preprocessor)
        # Pre-trained weights need not be there: the checkpoint has all.
        model = MODELS.build(model)
        found = _load_checkpoint(self.checkpoint, map_location='cpu',
                                 logger='silent')
        expected = model.state_dict()
        check_weights(self.checkpoint, found, expected)
        state = found.get('state_dict', found)
        missing = [key for key in expected if key not in state]
        unknown = [key for key in state if key not in expected]
        if missing or unknown:
            raise InputError(
                f'{self.checkpoint}: the checkpoint '
                + ' and '.join(f'{verb} {keys[0]!r}' for verb, keys in (
                    ('lacks', missing), ('has the unknown', unknown)) if keys)
                + f', expected the {len(expected)} weights of the model of '
                f'{self.config}; give the config that it was trained with')
        model.load_state_dict(state)
        return model.to(self.device).eval(), found

    def _classes_of(self, given: Optional[Sequence[str]], found: dict,
                    dataset: dict, kind: type) -> tuple:
        meta = found.get('meta', {}).get('dataset_meta') or {}
        source, classes = next(
            ((source, names) for source, names in (
                ('classes', given), (self.checkpoint, meta.get('classes')),
                (self.config, dataset.get('classes'))) if names),
            (self.config, kind.METAINFO.get('classes', ())))
        classes = class_names(source, classes)
        number = self.model.cls_head.num_classes
        if not classes:
            raise InputError(
                f'{self.checkpoint}: has no class names (dataset_meta), and '
                f'{self.config} neither; give the names of its {number} '
                'classes in the order of the labels')
        if len(classes) != number:
            raise InputError(
                f'{self.checkpoint}: the class names are '
                f'{", ".join(classes)}, expected {number} as the '
                'model has classes; give them in the order of the labels')
        return classes

    def _layout_of(self, cfg: Config, layout,
                   found: dict) -> Optional[SkeletonLayout]:
        mapped = [step.target for step in (*self.prepare, *self.pipeline)
                  if isinstance(step, MapLayout)]
        if layout is None and not mapped:
            gcn = cfg.model.backbone.get('gcn', cfg.model.backbone)
            layout = gcn.get('graph_cfg', {}).get('layout')
            if layout is None or (isinstance(layout, dict)
                                  and 'num_node' in layout):
                raise InputError(
                    f'{self.config}: does not name the joints of its '
                    'skeleton; give the layout of the data')
        layout = None if layout is None else get_layout(layout)
        graph = getattr(self.model.backbone, 'graph', None)
        seen = mapped[-1] if mapped else layout
        if graph is not None and graph.num_node != len(seen):
            raise InputError(
                f'{self.config}: the layout of the data is '
                f'{seen.describe()}, the graph of the backbone has '
                f'{graph.num_node} joints; give the layout that the model was '
                'trained on')
        check_learned_layout(self.checkpoint, found, seen)
        return layout

    @property
    def needs_actor(self) -> bool:
        """bool: Whether recordings are standardised by actor."""
        return any(isinstance(step, StandardizeActor)
                   for step in (*self.prepare, *self.pipeline))

    def __call__(self, annotations: List[dict],
                 layout: SkeletonLayout) -> np.ndarray:
        """Score recordings of one person each.

        Args:
            annotations (list[dict]): As of an annotation file, with
                ``keypoint`` (1, T, V, C).
            layout (SkeletonLayout): Their layout.

        Returns:
            np.ndarray: Probabilities of the classes, (N, num_classes).
        """
        scores = []
        with torch.no_grad(), DefaultScope.overwrite_default_scope(
                self.scope):
            for start in range(0, len(annotations), self.batch_size):
                dataset = _GivenDataset(
                    annotations[start:start + self.batch_size],
                    prepare=self.prepare, pipeline=self.pipeline,
                    layout=layout)
                batch = dataset.__getitems__(range(len(dataset)))
                scores += map(self._probabilities, self.model.test_step(
                    pseudo_collate(batch)))
        return np.stack(scores)

    def _probabilities(self, sample) -> np.ndarray:
        score = get_pred_score(sample)
        if self.model.cls_head.average_clips != 'prob':
            score = score.reshape(-1, len(self.classes)).mean(0).softmax(0)
        return score.cpu().numpy()


def _device(name: Optional[str]) -> torch.device:
    if name is None:
        name = 'cuda' if torch.cuda.is_available() else 'cpu'
    try:
        device = torch.device(name)
        torch.empty(1, device=device).cpu()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split('\n')[0]
        raise InputError(f'device: {name!r} cannot be used ({reason}); give '
                         "'cpu' or a device of this machine") from error
    return device
