"""Find what does not fit before it fails far inside a network."""
from typing import Optional

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from mmengine.runner.checkpoint import (_load_checkpoint,
                                        find_latest_checkpoint)

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout
from mmair.registry import HOOKS

from .unwrap import unwrap


def data_layout(dataset) -> Optional[SkeletonLayout]:
    """The layout of the samples of a dataset, or of the one it wraps."""
    while not hasattr(dataset, 'layout') and hasattr(dataset, 'dataset'):
        dataset = dataset.dataset
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    layout = getattr(dataset, 'layout', None)
    return getattr(dataset, 'sample_layout', layout)


def check_weights(source: str, found: dict, expected: dict) -> None:
    """Raise one clear sentence if weights are not those of a model.

    Args:
        source (str): The checkpoint file.
        found (dict): Its ``state_dict`` (and perhaps ``meta``).
        expected (dict): The state dict of the model.
    """
    state = found.get('state_dict', found)
    layout = found.get('meta', {}).get('layout')
    of_layout = f' of the layout {layout!r}' if layout else ''
    for name, value in expected.items():
        if name in state and state[name].shape != value.shape:
            raise InputError(
                f'{source}: the checkpoint{of_layout} has {name} of shape '
                f'{tuple(state[name].shape)}, the model '
                f'{tuple(value.shape)}; use a checkpoint of the same '
                'backbone and skeleton layout, or map the data to its layout '
                'with mmair.MapLayout')
    missing = [k for k in expected if k not in state]
    if len(missing) > len(expected) // 2:
        raise InputError(
            f'{source}: the checkpoint{of_layout} lacks {len(missing)} of '
            f'{len(expected)} weights of the model, {missing[0]} first; use '
            'a checkpoint of the same backbone')


@HOOKS.register_module()
class SkeletonCheckHook(Hook):
    """Check that data, model and checkpoint are of one kind.

    MMAction2 fails with "running_mean should contain 51 elements not 75"
    where data and graph differ, and leaves weights out silently where a
    checkpoint is of another layout.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        """Check the graphs and the pre-trained weights of a new model."""
        layout = None
        for loop in (runner._train_loop, runner._val_loop, runner._test_loop):
            if isinstance(loop, BaseLoop):
                dataset = loop.dataloader.dataset
                layout = data_layout(dataset) or layout
                self.check_graph(runner, dataset)
                self.check_classes(runner, dataset)
        if not isinstance(runner._train_loop, BaseLoop):
            return  # a test starts from the checkpoint alone
        for module in unwrap(runner).modules():
            for cfg in self._init_cfgs(module):
                if cfg.get('type') == 'Pretrained':
                    self.check_pretrained(cfg, module, layout)

    def after_load_checkpoint(self, runner: Runner,
                              checkpoint: dict) -> None:
        """Check a checkpoint that is loaded or resumed."""
        check_weights(
            runner._load_from or find_latest_checkpoint(runner.work_dir),
            checkpoint, unwrap(runner).state_dict())

    @staticmethod
    def _init_cfgs(module) -> list:
        cfgs = getattr(module, 'init_cfg', None) or []
        return [cfgs] if isinstance(cfgs, dict) else cfgs

    def check_graph(self, runner: Runner, dataset) -> None:
        """The backbone's graph has the joints of the data."""
        layout = data_layout(dataset)
        graph = getattr(unwrap(runner).backbone, 'graph', None)
        if layout is None or graph is None:
            return
        if graph.num_node != len(layout):
            raise InputError(
                f'{getattr(dataset, "ann_file", "") or "the data"}: this '
                f'data has {len(layout)} joints (layout {layout.name!r}), '
                f'the graph of the backbone {graph.num_node}; set '
                f'graph_cfg.layout={layout.name!r}')

    def check_classes(self, runner: Runner, dataset) -> None:
        """The head has the classes of the data."""
        head = getattr(unwrap(runner), 'cls_head', None)
        classes = getattr(dataset, 'metainfo', {}).get('classes')
        if head is not None and classes and len(classes) != head.num_classes:
            raise InputError(
                f'{getattr(dataset, "ann_file", "") or "the data"}: has the '
                f'{len(classes)} classes {", ".join(classes)}, the head '
                f'num_classes={head.num_classes}; set '
                f'model.cls_head.num_classes={len(classes)}, or `classes` of '
                'the datasets')

    def check_pretrained(self, cfg: dict, module,
                         layout: Optional[SkeletonLayout]) -> None:
        """Pre-trained weights are those of this module and skeleton."""
        path, prefix = cfg['checkpoint'], cfg.get('prefix')
        found = _load_checkpoint(path, map_location='cpu')
        learned_on = found.get('meta', {}).get('layout')
        if layout and learned_on and learned_on != layout.name:
            raise InputError(
                f'{path}: the backbone was pre-trained on the layout '
                f'{learned_on!r}, the data has {layout.describe()}; put '
                f"dict(type='mmair.MapLayout', to={learned_on!r}) before "
                'NormalizeSkeleton into `prepare` of every dataset and set '
                f'graph_cfg.layout={learned_on!r}, or use a backbone of the '
                'same skeleton layout')
        if prefix:
            state = found.get('state_dict', found)
            dot = prefix.rstrip('.') + '.'
            found = dict(found, state_dict={
                k[len(dot):]: v for k, v in state.items()
                if k.startswith(dot)})
        check_weights(path, found, module.state_dict())
