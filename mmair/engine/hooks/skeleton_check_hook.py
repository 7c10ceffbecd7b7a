"""Find what does not fit before it fails far inside a network."""
from typing import Dict, Optional, Tuple

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner
from mmengine.runner.checkpoint import (_load_checkpoint,
                                        find_latest_checkpoint)
from torch import Tensor
from torch.nn import Module

from mmair.datasets.class_names import class_names
from mmair.errors import InputError
from mmair.layouts import LAYOUTS, SkeletonLayout, get_layout
from mmair.registry import HOOKS

from .unwrap import init_cfgs, parts_of, unwrap

#: Where the weights of a backbone are: of a recogniser, of a pre-training.
_BACKBONES = ('backbone.', 'student.backbone.', 'teacher.module.backbone.')


def data_layout(dataset) -> Optional[SkeletonLayout]:
    """The layout of the samples of a dataset, or of the first it wraps."""
    dataset = next(parts_of(dataset))
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    layout = getattr(dataset, 'layout', None)
    return getattr(dataset, 'sample_layout', layout)


def data_classes(dataset) -> Tuple[str, ...]:
    """The names of the classes of a dataset, () where it has none."""
    return tuple(getattr(dataset, 'metainfo', {}).get('classes') or ())


def data_name(dataset) -> str:
    """What a message calls a dataset."""
    return getattr(dataset, 'ann_file', '') or 'the data'


def check_joints(backbone: Module, dataset) -> None:
    """Raise one clear sentence if data and backbone have other joints.

    Args:
        backbone (nn.Module): A GCN, perhaps with the attribute ``graph``.
        dataset (Dataset): Whose windows it is to see.
    """
    graph, layout = getattr(backbone, 'graph', None), data_layout(dataset)
    if not graph or not layout:
        return
    found = f'the graph of the backbone {graph.num_node}'
    if graph.num_node == len(layout):
        # A graph of one's own may have other bones than the layout.
        bones = _edges(graph.inward)
        other = next((known.describe() for known in LAYOUTS.values()
                      if _edges(known.bones) == bones), None)
        if other is None or bones == _edges(layout.bones):
            return
        found = f'the graph of the backbone those of {other}, in its order'
    raise InputError(
        f'{data_name(dataset)}: this data has {len(layout)} joints '
        f'(layout {layout.name!r}), {found}; set '
        f'graph_cfg.layout={layout.name!r}, or take '
        'data of the layout that the weights are of')


def _edges(bones) -> set:
    return set(map(frozenset, bones))


def _body(layout: SkeletonLayout) -> tuple:
    return layout.joints, layout.parents


def check_model_layout(model: Module, dataset) -> None:
    """Raise one clear sentence if a part of the model was told of another
    skeleton than the data has.

    Args:
        model (nn.Module): Whose parts may have the attribute ``layout``.
        dataset (Dataset): Whose windows it is to see.
    """
    layout = data_layout(dataset)
    for part in model.modules():
        given = getattr(part, 'layout', None)
        if layout is None or given is None:
            continue
        told = get_layout(given)
        if _body(told) != _body(layout):
            raise InputError(
                f'{data_name(dataset)}: this data has the layout '
                f'{layout.describe()}, {type(part).__name__} of the model '
                f'{told.describe()}; set its `layout` to {layout.name!r}')


def check_learned_layout(source: str, found: dict,
                         layout: Optional[SkeletonLayout]) -> None:
    """Raise one clear sentence if weights are of another skeleton.

    Args:
        source (str): The checkpoint file.
        found (dict): Perhaps with ``meta.layout``, the name.
        layout (SkeletonLayout, optional): That of the data.
    """
    learned_on = found.get('meta', {}).get('layout')
    if layout and learned_on and learned_on != layout.name and (
            learned_on not in LAYOUTS
            or _body(LAYOUTS[learned_on]) != _body(layout)):
        raise InputError(
            f'{source}: the backbone was trained on the layout '
            f'{learned_on!r}, the data has {layout.describe()}; put '
            f"dict(type='mmair.MapLayout', to={learned_on!r}) before "
            'NormalizeSkeleton into `prepare` of every dataset and set '
            f'graph_cfg.layout={learned_on!r}, or use a backbone of the '
            'same skeleton layout')


def check_finite(source: str, state: Dict[str, Tensor]) -> None:
    """Raise one clear sentence if weights are no numbers.

    Args:
        source (str): The checkpoint file.
        state (dict[str, Tensor]): Its weights.
    """
    for name, value in state.items():
        if not value.isfinite().all():
            raise InputError(
                f'{source}: {name} is not finite, the training has diverged; '
                'take an earlier checkpoint, or train again with a smaller '
                'learning rate')


def check_weights(source: str, found: dict, expected: dict,
                  complete: bool = False) -> None:
    """Raise one clear sentence if weights are not those of a model.

    Args:
        source (str): The checkpoint file.
        found (dict): Its ``state_dict`` (and perhaps ``meta``).
        expected (dict): The state dict of the model.
        complete (bool): Whether every weight has to be there. By default
            half of them, as a fine-tuning begins with a new head.
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
                + ('model, classes and recordings'
                   if complete and not name.startswith('backbone.') else
                   'backbone and skeleton layout, or map the data to its '
                   'layout with mmair.MapLayout'))
    check_finite(source, {k: state[k] for k in expected if k in state})
    # What counts batches, weights of other programs need not have.
    missing = [k for k in expected if k not in state
               and not k.endswith('num_batches_tracked')]
    if len(missing) > (0 if complete else len(expected) // 2):
        raise InputError(
            f'{source}: the checkpoint{of_layout} lacks {len(missing)} of '
            f'{len(expected)} weights of the model, {missing[0]} first; use '
            'a checkpoint of the same '
            + ('model' if complete else 'backbone'))


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
        datasets = self.datasets(runner)
        for dataset in datasets:
            for part in parts_of(dataset):
                check_joints(unwrap(runner).backbone, part)
                check_model_layout(unwrap(runner), part)
            self.check_classes(runner, dataset, datasets[0])
        if not isinstance(runner._train_loop, BaseLoop):
            return  # a test starts from the checkpoint alone
        for part in parts_of(datasets[0]):
            self.check_labels(runner, part)
        for module, cfg in init_cfgs(unwrap(runner)):
            if cfg.get('type') == 'Pretrained':
                self.check_pretrained(cfg, module, self.layout(runner))

    def before_save_checkpoint(self, runner: Runner,
                               checkpoint: dict) -> None:
        """Tell of which skeleton the weights are."""
        layout = self.layout(runner)
        if layout:
            checkpoint['meta']['layout'] = layout.name

    def after_load_checkpoint(self, runner: Runner,
                              checkpoint: dict) -> None:
        """Check a checkpoint that is loaded or resumed."""
        source = runner._load_from or find_latest_checkpoint(runner.work_dir)
        check_learned_layout(source, checkpoint, self.layout(runner))
        state = checkpoint.get('state_dict', checkpoint)
        for name in [n for n in state if n.startswith('module.')]:
            # Of a model in a wrapper; mmengine takes it off, too.
            state[name[len('module.'):]] = state.pop(name)
        # A training that starts from other weights may have a new head.
        complete = bool(self.datasets(runner)) and (
            runner._resume or not isinstance(runner._train_loop, BaseLoop))
        if not complete:
            self.leave_out(runner, source, checkpoint)
        check_weights(source, checkpoint, unwrap(runner).state_dict(),
                      complete)
        if complete:
            self.check_learned_classes(runner, source, checkpoint)
        if runner._resume:
            self.check_resumed(runner, source, checkpoint)

    @staticmethod
    def leave_out(runner: Runner, source: str, checkpoint: dict) -> None:
        """Leave out what is of other classes, labels or recordings."""
        state = checkpoint.get('state_dict', checkpoint)
        others = [
            name for name, value in unwrap(runner).state_dict().items()
            if name in state and state[name].shape != value.shape
            and not name.startswith(_BACKBONES)]
        for name in others:
            state.pop(name)
        if others:
            runner.logger.warning(
                f'{source}: {", ".join(others)} of another shape than those '
                'of the model are left out and begin anew')

    @classmethod
    def layout(cls, runner: Runner) -> Optional[SkeletonLayout]:
        """Of the data, None where it is not known."""
        layouts = [data_layout(part) for dataset in cls.datasets(runner)
                   for part in parts_of(dataset)]
        return next(filter(None, layouts), None)

    @staticmethod
    def datasets(runner: Runner) -> list:
        """Those of the loops that run, the training's first."""
        return [loop.dataloader.dataset for loop in (
            runner._train_loop, runner._val_loop, runner._test_loop)
                if isinstance(loop, BaseLoop)]

    def check_classes(self, runner: Runner, dataset, first) -> None:
        """The head has the classes of the data, and all data the same."""
        head = getattr(unwrap(runner), 'cls_head', None)
        classes, others = data_classes(dataset), data_classes(first)
        if head is None or not classes:
            return
        if len(classes) != head.num_classes:
            raise InputError(
                f'{data_name(dataset)}: has the '
                f'{len(classes)} classes {", ".join(classes)}, the head '
                f'num_classes={head.num_classes}; set '
                f'model.cls_head.num_classes={len(classes)}, or `classes` of '
                'the datasets')
        if others and classes != others:
            raise InputError(
                f'{data_name(dataset)}: has the classes {", ".join(classes)} '
                f'in this order, the training data {", ".join(others)}; set '
                '`classes` of every dataset to the same')

    def check_labels(self, runner: Runner, dataset) -> None:
        """A recogniser is trained on recordings with a label."""
        if getattr(unwrap(runner), 'cls_head', None) is None:
            return
        recordings = getattr(dataset, 'recordings', ())
        without = [r['frame_dir'] for r in recordings
                   if r.get('label') is None]
        if without:
            raise InputError(
                f'{data_name(dataset)}: {len(without)} of {len(recordings)} '
                f'recordings that are trained on have no label, {without[0]} '
                'first; set `classes` of the dataset, which leaves them out, '
                'or take another split')
        number = unwrap(runner).cls_head.num_classes
        beyond = [r for r in recordings if not isinstance(r['label'], list)
                  and r['label'] >= number]
        if beyond:
            raise InputError(
                f'{data_name(dataset)}: {beyond[0]["frame_dir"]} has the '
                f'label {beyond[0]["label"]}, the head '
                f'num_classes={number}; set model.cls_head.num_classes to '
                'the number of classes')

    def check_learned_classes(self, runner: Runner, source: str,
                              checkpoint: dict) -> None:
        """A checkpoint that is tested or resumed has the data's classes."""
        meta = checkpoint.get('meta', {}).get('dataset_meta') or {}
        dataset = self.datasets(runner)[0]
        classes, known = data_classes(dataset), meta.get('classes')
        if not (known and classes and hasattr(unwrap(runner), 'cls_head')):
            return
        known = class_names(source, known)
        if known != classes:
            raise InputError(
                f'{source}: was trained on the classes {", ".join(known)} in '
                f'this order, {data_name(dataset)} has {", ".join(classes)}; '
                'set `classes` of the dataset to those of the checkpoint, or '
                'take data of the same classes')

    def check_resumed(self, runner: Runner, source: str,
                      checkpoint: dict) -> None:
        """A resumed checkpoint has more than weights."""
        meta = checkpoint.get('meta', {})
        missing = [key for key in ('epoch', 'iter') if key not in meta]
        missing += [f'message_hub.{key}' for key in (
            'log_scalars', 'runtime_info', 'resumed_keys')
                    if key not in checkpoint.get('message_hub', {})]
        if missing:
            raise InputError(
                f'{source}: lacks {", ".join(missing)}, expected a checkpoint '
                'of an interrupted training; to start from its weights alone '
                'set load_from in place of --resume')
        if isinstance(runner._train_loop, EpochBasedTrainLoop):
            steps = len(runner._train_loop.dataloader)
            finished = meta['epoch'] >= runner.max_epochs
            if meta['iter'] != meta['epoch'] * steps:
                runner.logger.warning(
                    f'{source}: is of iteration {meta["iter"]}, with the '
                    f'batches of this training {meta["epoch"]} epochs are '
                    f'{meta["epoch"] * steps}; learning rates that go by '
                    'iterations are those of another moment')
        else:
            finished = meta['iter'] >= runner.max_iters
        if finished:
            runner.logger.warning(
                f'{source}: this training is finished, nothing is left to do '
                f'after epoch {meta["epoch"]}; for more set load_from in '
                'place of --resume')
        self.check_schedule(runner, source, checkpoint)

    @staticmethod
    def check_schedule(runner: Runner, source: str, checkpoint: dict) -> None:
        """Learning rates are resumed as they were planned."""
        saved, own = checkpoint.get('param_schedulers'), (
            runner.param_schedulers)
        if not (isinstance(saved, list) and isinstance(own, list)):
            return
        plans = [[(state.get('end'), state.get('T_max')) for state in states]
                 for states in (saved, map(vars, own))]
        if plans[0] != plans[1]:
            runner.logger.warning(
                f'{source}: its learning rates were planned for a training of '
                'another length, and go on by that plan; to train for another '
                'time set load_from in place of --resume')

    def check_pretrained(self, cfg: dict, module,
                         layout: Optional[SkeletonLayout]) -> None:
        """Pre-trained weights are those of this module and skeleton."""
        path, prefix = cfg['checkpoint'], cfg.get('prefix')
        found = _load_checkpoint(path, map_location='cpu')
        check_learned_layout(path, found, layout)
        if prefix:
            state = found.get('state_dict', found)
            dot = prefix.rstrip('.') + '.'
            found = dict(found, state_dict={
                k[len(dot):]: v for k, v in state.items()
                if k.startswith(dot)})
        check_weights(path, found, module.state_dict(), complete=True)
