"""What the stack below needs, each entry with what makes it unnecessary."""
import functools
import importlib.metadata
import importlib.util
import os.path as osp
import re
import sys
import types
import warnings

from mmair.errors import InputError

#: The newest releases that mmair was tested with.
TESTED = {'mmengine': '0.10.7', 'mmaction2': '1.2.0'}


def apply() -> None:
    """Mend the stack; called once by ``import mmair``."""
    warn_untested()
    quiet_mmcv_lite()
    supply_missing_modules()
    allow_checkpoint_types()
    load_checkpoints_safely()
    accept_layout_names()
    write_test_scores_once()


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
                          f'found {version}', stacklevel=2)


def quiet_mmcv_lite() -> None:
    """Say nothing of compiled operators, which no skeleton model needs.

    mmcv-lite warns at every import that it has none. Unnecessary once it
    does not.
    """
    warnings.filterwarnings(
        'ignore', 'Fail to import ``MultiScaleDeformableAttention``')


def supply_missing_modules() -> None:
    """Make mmaction2 1.2.0 import.

    Its wheel lacks ``mmaction.models.localizers.drn`` (mmaction2#2714), which
    no skeleton model needs and which needs torchvision where it is there, and
    uses ``importlib_metadata``; neither is declared. Unnecessary once a newer
    wheel holds the one and declares the others.
    """
    if importlib.util.find_spec('importlib_metadata') is None:
        sys.modules['importlib_metadata'] = importlib.metadata
    spec = importlib.util.find_spec('mmaction')
    if spec is None:
        return
    from pathlib import Path
    localizers = Path(spec.origin).parent / 'models' / 'localizers'
    needs_drn = 'drn' in (localizers / '__init__.py').read_text()
    has_drn = ((localizers / 'drn').is_dir()
               and importlib.util.find_spec('torchvision') is not None)
    if needs_drn and not has_drn:
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

    statistics = ('mean', 'min', 'max', 'current')

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


def load_checkpoints_safely() -> None:
    """Close what ``weights_only`` leaves open, and tell errors in a sentence.

    mmengine 0.10.7 runs the ``config`` text of a checkpoint as Python when a
    training is resumed, removes the files or folders that the checkpoint
    calls its best one and its old ones, and loads from the web without
    ``weights_only``. Everything that it loads comes through
    ``CheckpointLoader``. Unnecessary once it does none of the three.
    """
    from mmengine.runner import checkpoint as module
    loader = module.CheckpointLoader
    original = loader.load_checkpoint
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def load(filename, map_location=None, logger='current'):
        try:
            found = original(filename, map_location, logger)
        except FileNotFoundError:
            raise InputError(f'{filename}: no such checkpoint') from None
        except Exception as error:
            # torch's message ends with the reason, and begins with advice to
            # switch the safe loader off.
            reason = re.search(r'(?:Unsupported|Trying|Can only) .*?(?=\. |$)',
                               str(error), re.M)
            reason = reason[0] if reason else str(error).split('\n')[0]
            raise InputError(
                f'{filename}: not loaded, a checkpoint of tensors and numbers '
                f'was expected ({type(error).__name__}: {reason})') from error
        if not isinstance(found, dict):
            raise InputError(f'{filename}: holds a {type(found).__name__}, '
                             'expected a checkpoint, a dict')
        check_checkpoint(filename, found)
        found.get('meta', {}).pop('config', None)
        keep_files_of_strangers_out(
            filename, found.get('message_hub', {}).get('runtime_info') or {})
        return found

    module.load_url = functools.partial(module.load_url, weights_only=True)
    loader.load_checkpoint = staticmethod(load)


def keep_files_of_strangers_out(path: str, info: dict) -> None:
    """A checkpoint names only checkpoints to be removed, beside itself.

    A resumed training removes what ``best_ckpt`` and the like name once
    something better is there, and by numbers in ``keep_ckpt_ids`` those that
    are too many.

    Args:
        path (str): The checkpoint. The work dir is not known where it is
            loaded; a training is resumed from there.
        info (dict): Its ``runtime_info``, from which all else is deleted.
    """
    folder = osp.dirname(osp.abspath(path))
    for key in [key for key in info if key.startswith('best_ckpt')]:
        best = osp.abspath(str(info[key]))
        if (osp.dirname(best) == folder
                and re.fullmatch(r'best_.*\.pth', osp.basename(best))):
            info[key] = best  # without detours over links
        else:
            del info[key]
    numbers = info.get('keep_ckpt_ids', [])
    if not (isinstance(numbers, list)
            and all(type(number) is int for number in numbers)):
        del info['keep_ckpt_ids']


def check_checkpoint(path: str, found: dict) -> None:
    """What a checkpoint has is what mmengine takes it for.

    A meta or message_hub of None is as good as none and taken out.

    Raises:
        InputError: On parts that are no dicts, and on a state_dict of
            something else than tensors.
    """
    from torch import Tensor
    for key in ('meta', 'message_hub'):
        if found.get(key, ()) is None:
            del found[key]
    for name in ('state_dict', 'meta', 'meta.dataset_meta', 'message_hub',
                 'message_hub.runtime_info'):
        part = found
        for key in name.split('.'):
            part = part.get(key, {})
        if not isinstance(part, dict) and (part is not None
                                           or '.' not in name):
            raise InputError(f'{path}: {name} is a {type(part).__name__}, '
                             'expected a dict as in a checkpoint')
    state = found.get('state_dict', {})
    if not (all(isinstance(key, str) for key in (*found, *state))
            and all(isinstance(value, Tensor) for value in state.values())):
        raise InputError(f'{path}: holds no state_dict of tensors, expected '
                         'a checkpoint')


def accept_layout_names() -> None:
    """Let MMAction2's ``Graph`` take the layouts of :mod:`mmair.layouts`.

    Names that it knows itself stay its own. Unnecessary once MMAction2 has a
    registry of layouts.
    """
    from mmaction.models.utils import graph

    from mmair.layouts import get_layout
    original = graph.Graph.__init__

    @functools.wraps(original)
    def init(self, layout='coco', *args, **kwargs):
        stock = ('num_node' in layout if isinstance(layout, dict) else
                 layout in ('openpose', 'nturgb+d', 'coco'))
        if not stock:
            layout = get_layout(layout).graph()
        original(self, layout, *args, **kwargs)

    if not hasattr(original, '__wrapped__'):
        graph.Graph.__init__ = init


def write_test_scores_once() -> None:
    """Let the first process alone write the scores of a test.

    In mmengine 0.10.7 all processes write them to one file, at once: where
    one has more to write than another, what is left of it follows the JSON.
    Unnecessary once LoggerHook asks which process it is in.
    """
    from mmengine.dist import master_only
    from mmengine.hooks import LoggerHook
    if not hasattr(LoggerHook.after_test_epoch, '__wrapped__'):
        LoggerHook.after_test_epoch = master_only(
            LoggerHook.after_test_epoch)


def get_gt_label(data_sample):
    """The ground-truth label of an ActionDataSample, ``(1,)``, or None.

    The field is ``gt_labels.item`` in mmaction2 1.1.0, ``gt_label`` since.

    Args:
        data_sample (ActionDataSample | dict): A sample, or its ``to_dict``.
    """
    return _field(data_sample, 'gt_label')


def get_pred_score(data_sample):
    """The class scores of an ActionDataSample, ``(num_classes,)``, or None.

    The field is ``pred_scores.item`` in mmaction2 1.1.0, ``pred_score``
    since.
    """
    return _field(data_sample, 'pred_score')


def _field(sample, name: str):
    item = sample.get(name) if name in sample else sample.get(f'{name}s')
    return item.get('item') if hasattr(item, 'keys') else item
