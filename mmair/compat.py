"""What the stack below needs, each entry with what makes it unnecessary."""
import functools
import importlib.metadata
import importlib.util
import sys
import types
import warnings

#: The newest releases that mmair was tested with.
TESTED = {'mmengine': '0.10.7', 'mmaction2': '1.2.0'}


def apply() -> None:
    """Mend the stack; called once by ``import mmair``."""
    warn_untested()
    supply_missing_modules()
    allow_checkpoint_types()
    accept_layout_names()


def warn_untested() -> None:
    """Warn, and do not refuse, when a release is newer than tested."""
    from mmengine.utils import digit_version
    for package, tested in TESTED.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # a source checkout on the path has no metadata
        if digit_version(version) > digit_version(tested):
            warnings.warn(f'mmair was tested up to {package} {tested}, '
                          f'found {version}')


def supply_missing_modules() -> None:
    """Make the wheel of mmaction2 1.2.0 import.

    It lacks ``mmaction.models.localizers.drn`` (mmaction2#2714), which no
    skeleton model needs, and uses the undeclared ``importlib_metadata``.
    Unnecessary once a newer wheel holds both.
    """
    if importlib.util.find_spec('importlib_metadata') is None:
        sys.modules['importlib_metadata'] = importlib.metadata
    spec = importlib.util.find_spec('mmaction')
    if spec is None:
        return
    from pathlib import Path
    localizers = Path(spec.origin).parent / 'models' / 'localizers'
    needs_drn = 'drn' in (localizers / '__init__.py').read_text()
    if needs_drn and not (localizers / 'drn').is_dir():
        for name in ('mmaction.models.localizers.drn',
                     'mmaction.models.localizers.drn.drn'):
            stub = types.ModuleType(name)
            stub.DRN = None
            stub.__path__ = []
            sys.modules[name] = stub


def allow_checkpoint_types() -> None:
    """Let ``weights_only=True`` load what mmengine 0.10.7 writes.

    Its checkpoints hold HistoryBuffers and numpy numbers, which torch >= 2.6
    refuses (mmengine#1655). The safe loader stays on: just these types are
    allowed, and ``getattr`` answers for HistoryBuffer's own statistics alone.
    Unnecessary once mmengine registers its types itself.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    statistics = ('mean', 'min', 'max', 'current', 'data', 'register',
                  'update', 'statistics')

    def getattr_of_history(owner, name):
        if owner is HistoryBuffer and name in statistics:
            return getattr(owner, name)
        raise ValueError('a checkpoint may ask for the statistics of '
                         f'HistoryBuffer, not for {name!r} of {owner!r}')

    core = np._core if hasattr(np, '_core') else np.core
    allowed = [
        HistoryBuffer, np.ndarray, np.dtype,
        (getattr_of_history, 'builtins.getattr'),
    ]
    allowed += {type(np.dtype(code)) for code in '?bBhHiIlLqQefd'}
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        allowed += [(core.multiarray._reconstruct, f'{module}._reconstruct'),
                    (core.multiarray.scalar, f'{module}.scalar')]
    torch.serialization.add_safe_globals(allowed)


def accept_layout_names() -> None:
    """Let MMAction2's ``Graph`` take the layouts of :mod:`mmair.layouts`.

    Names that it knows itself stay its own. Unnecessary once MMAction2 has a
    registry of layouts.
    """
    from mmaction.models.utils import graph

    from mmair.layouts import LAYOUTS, get_layout
    original = graph.Graph.__init__

    @functools.wraps(original)
    def init(self, layout='coco', *args, **kwargs):
        own = (layout in LAYOUTS or layout.endswith(
            ('.json', '.yaml', '.yml')) if isinstance(layout, str) else
            'parents' in layout)
        if own and layout not in ('openpose', 'nturgb+d', 'coco'):
            layout = get_layout(layout).graph()
        original(self, layout, *args, **kwargs)

    if not hasattr(original, '__wrapped__'):
        graph.Graph.__init__ = init


def get_gt_label(data_sample):
    """The ground-truth label of an ActionDataSample, ``(1,)``, or None.

    The field is ``gt_labels.item`` in mmaction2 1.1.0, ``gt_label`` since.

    Args:
        data_sample (ActionDataSample | dict): A sample, or its ``to_dict``.
    """
    item = (data_sample.get('gt_label') if 'gt_label' in data_sample else
            data_sample.get('gt_labels'))
    return item['item'] if hasattr(item, 'keys') else item


def get_pred_score(data_sample):
    """The class scores of an ActionDataSample, ``(num_classes,)``, or None.

    The field is ``pred_scores.item`` in mmaction2 1.1.0, ``pred_score``
    since.
    """
    item = (data_sample.get('pred_score') if 'pred_score' in data_sample else
            data_sample.get('pred_scores'))
    return item['item'] if hasattr(item, 'keys') else item
