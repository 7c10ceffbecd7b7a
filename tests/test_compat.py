import builtins
import functools
import http.server
import importlib.metadata
import os
import pickle
import sys
import threading
import warnings
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from mmaction.models.utils import Graph
from mmaction.structures import ActionDataSample
from mmengine.hooks import LoggerHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import load_checkpoint
from mmengine.runner.checkpoint import _load_checkpoint
from mmengine.structures import LabelData

from mmair import compat
from mmair.errors import InputError
from mmair.layouts import LAYOUTS


class Call:
    """Pickles as a call, with a state for what it returns."""

    def __init__(self, function, *args, state=None):
        self.value = (function, args, state)

    def __reduce__(self):
        return self.value


def hostile(mark):
    """Things that a stranger may put into a checkpoint."""
    touch = f'open({str(mark)!r}, "w")'
    return dict(
        system=Call(os.system, f'touch {mark}'),
        eval=Call(eval, touch),
        exec=Call(exec, touch),
        getattr=Call(getattr, HistoryBuffer, '__init__'),
        getattr_module=Call(getattr, Call(builtins.__import__, 'os'),
                            'system'),
        # numpy would take the bytes of the array for addresses of objects
        dtype=Call(np.dtype, 'O', False, True,
                   state=(3, '|', None, None, None, -1, -1, 0)),
        pickle=Call(pickle.loads, pickle.dumps(Call(eval, touch))))


@pytest.mark.parametrize('kind', hostile('mark'))
def test_hostile_checkpoint_does_nothing(kind, tmp_path):
    mark, path = tmp_path / 'mark', tmp_path / 'hostile.pth'
    torch.save(dict(state_dict={}, meta=hostile(mark)[kind]), path)
    for load in (_load_checkpoint,
                 functools.partial(load_checkpoint, torch.nn.Linear(1, 1))):
        with pytest.raises(InputError, match='hostile.pth: not loaded') as e:
            load(str(path))
        message = str(e.value)
        assert '\n' not in message and 'weights_only' not in message
    assert not mark.exists()


def test_hostile_checkpoint_from_the_web_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('no_proxy', '*')
    mark = tmp_path / 'mark'
    torch.save(Call(os.system, f'touch {mark}'), tmp_path / 'bad.pth')
    torch.save(dict(a=torch.ones(2)), tmp_path / 'good.pth')
    handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                                directory=str(tmp_path))
    with http.server.HTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_port}'
        try:
            assert _load_checkpoint(f'{url}/good.pth')['a'].sum() == 2
            with pytest.raises(InputError, match='bad.pth: not loaded'):
                _load_checkpoint(f'{url}/bad.pth')
        finally:
            server.shutdown()
    assert not mark.exists()


@pytest.mark.parametrize('content, reason', [
    (b'', 'EOFError'), (b'GIF89a' * 9, 'UnpicklingError'),
    (b'PK\x03\x04' + bytes(99), 'PytorchStreamReader')])
def test_garbled_checkpoint(content, reason, tmp_path):
    path = tmp_path / 'x.pth'
    path.write_bytes(content)
    with pytest.raises(InputError, match=f'x.pth: not loaded.*{reason}'):
        _load_checkpoint(str(path))
    torch.save([1], path)
    with pytest.raises(InputError, match='holds a list, expected a check'):
        _load_checkpoint(str(path))
    with pytest.raises(InputError, match='y.pth: no such checkpoint'):
        _load_checkpoint(str(tmp_path / 'y.pth'))


def test_what_a_training_saves_is_loaded(tmp_path):
    history = HistoryBuffer()
    for value in (1, 2., np.float64(6)):
        history.update(value)
    numbers = {code: np.ones(2, code)[0] for code in '?bBhHiIlLqQefd'}
    path = tmp_path / 'x.pth'
    torch.save(dict(history=history, numbers=numbers, array=np.arange(3.)),
               path)
    found = _load_checkpoint(str(path))
    assert found['history'].mean() == 3 and found['history'].max() == 6
    assert found['history'].statistics('min') == 1
    assert found['array'].tolist() == [0, 1, 2]
    for code, number in found['numbers'].items():
        assert number == 1 and number.dtype == np.dtype(code)


def test_config_and_files_of_strangers_are_dropped(tmp_path):
    own = dict(best_ckpt=str(tmp_path / 'best_knn_k1_epoch_3.pth'), epoch=3,
               keep_ckpt_ids=[1, 2])
    others = {f'best_ckpt_{number}': str(value) for number, value in enumerate(
        ['/home', tmp_path, tmp_path / 'photos', tmp_path / 'best_photos',
         tmp_path / 'photos.pth', tmp_path / 'photos/best_1.pth',
         tmp_path.parent / 'best_1.pth', 5])}
    path = tmp_path / 'x.pth'
    torch.save(dict(meta=dict(config='open("mark", "w")', epoch=3),
                    message_hub=dict(runtime_info={**own, **others})), path)
    found = _load_checkpoint(str(path))
    assert found['meta'] == dict(epoch=3)
    assert found['message_hub']['runtime_info'] == own


@pytest.mark.parametrize('numbers', [
    ['a/../../photos', 2], [True], [1.], 'ab', {1: 2}, None, 3])
def test_numbers_of_old_checkpoints_are_numbers(numbers, tmp_path):
    """They are put into the name of what is removed."""
    path = tmp_path / 'x.pth'
    torch.save(dict(message_hub=dict(runtime_info=dict(
        keep_ckpt_ids=numbers, epoch=3))), path)
    assert _load_checkpoint(str(path)) == dict(
        message_hub=dict(runtime_info=dict(epoch=3)))


def test_links_are_no_way_out(tmp_path):
    """``folder/link/..`` is above what the link leads to."""
    (tmp_path / 'elsewhere/below').mkdir(parents=True)
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/link').symlink_to(tmp_path / 'elsewhere/below')
    path = tmp_path / 'run/x.pth'
    torch.save(dict(message_hub=dict(runtime_info=dict(
        best_ckpt=f'{tmp_path}/run/link/../best_1.pth'))), path)
    found = _load_checkpoint(str(path))['message_hub']['runtime_info']
    assert found == dict(best_ckpt=f'{tmp_path}/run/best_1.pth')


@pytest.mark.parametrize('content, reason', [
    (dict(meta=5), 'meta is a int, expected a dict'),
    (dict(meta=dict(dataset_meta=[1])), 'meta.dataset_meta is a list'),
    (dict(message_hub=3), 'message_hub is a int'),
    (dict(message_hub=dict(runtime_info=3)), 'message_hub.runtime_info is a'),
    (dict(state_dict=None), 'state_dict is a NoneType'),
    (dict(state_dict={1: torch.ones(1)}), 'no state_dict of tensors'),
    ({1: torch.ones(1)}, 'no state_dict of tensors'),
    (dict(state_dict=dict(a=[1.])), 'no state_dict of tensors')])
def test_checkpoint_of_another_make(content, reason, tmp_path):
    path = tmp_path / 'x.pth'
    torch.save(content, path)
    with pytest.raises(InputError, match=f'x.pth: .*{reason}'):
        _load_checkpoint(str(path))


def test_what_a_checkpoint_may_lack(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save(dict(meta=None, message_hub=None, state_dict={}), path)
    assert _load_checkpoint(str(path)) == dict(state_dict={})
    content = dict(meta=dict(dataset_meta=None),
                   message_hub=dict(runtime_info=dict(best_ckpt=5)))
    torch.save(content, path)
    content['message_hub']['runtime_info'] = {}
    assert _load_checkpoint(str(path)) == content


def test_graph_takes_layout_names_and_keeps_its_own():
    for name, layout in LAYOUTS.items():
        graph = Graph(layout=name, mode='stgcn_spatial')
        assert graph.num_node == len(layout) == graph.A.shape[-1]
        assert set(map(tuple, graph.inward)) == set(layout.bones)
    original = Graph.__init__.__wrapped__
    for name in ('coco', 'openpose', 'nturgb+d'):
        stock = Graph.__new__(Graph)
        original(stock, layout=name)
        # the very order of MMAction2, not that of our table
        assert Graph(layout=name).inward == stock.inward
    own = dict(num_node=3, inward=[(1, 0), (2, 1)], center=0)
    assert Graph(layout=own).num_node == 3
    with pytest.raises(InputError, match="unknown layout 'mystery'"):
        Graph(layout='mystery')


@pytest.mark.parametrize('old', [True, False])
def test_labels_and_scores_of_both_releases(old):
    label, score = torch.tensor([2]), torch.tensor([.1, .9])
    sample = ActionDataSample()
    assert compat.get_gt_label(sample) is None
    assert compat.get_pred_score(sample) is None
    if old:  # mmaction2 1.1.0
        sample.gt_labels = LabelData(item=label)
        sample.pred_scores = LabelData(item=score)
    else:
        sample.set_field(label, 'gt_label')
        sample.set_field(score, 'pred_score')
    for seen in (sample, sample.to_dict()):
        assert compat.get_gt_label(seen) is label
        assert compat.get_pred_score(seen) is score


def test_newer_releases_warn_and_are_not_refused(monkeypatch):
    monkeypatch.setattr(importlib.metadata, 'version',
                        lambda package: compat.TESTED[package])
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        compat.warn_untested()
    monkeypatch.setattr(importlib.metadata, 'version', lambda _: '9.9')
    with pytest.warns(UserWarning, match='up to mmaction2 1.2.0, found 9.9'):
        compat.warn_untested()


@pytest.mark.parametrize('files, stubbed', [
    ({'__init__.py': 'from .bmn import BMN'}, False),
    ({'__init__.py': 'from .drn.drn import DRN'}, True)])
def test_missing_module_of_the_wheel_is_supplied(files, stubbed, tmp_path,
                                                 monkeypatch):
    folder = tmp_path / 'mmaction/models/localizers'
    folder.mkdir(parents=True)
    (tmp_path / 'mmaction/__init__.py').write_text('')
    for name, text in files.items():
        (folder / name).write_text(text)
    # A fresh world in which the package on the path is that folder.
    modules = {name: module for name, module in sys.modules.items()
               if not name.startswith('mmaction')}
    monkeypatch.setattr(sys, 'modules', modules)
    monkeypatch.syspath_prepend(tmp_path)
    compat.supply_missing_modules()
    name = 'mmaction.models.localizers.drn.drn'
    assert (name in modules) == stubbed
    if stubbed:
        assert modules[name].DRN is None


@pytest.mark.parametrize('main', [True, False])
def test_first_process_alone_writes_the_scores_of_a_test(main, tmp_path,
                                                         monkeypatch):
    monkeypatch.setattr('mmengine.dist.utils.is_main_process', lambda: main)
    hook = LoggerHook()
    hook.json_log_path = 'scores.json'
    runner = MagicMock(log_dir=str(tmp_path))
    runner.log_processor.get_log_after_epoch.return_value = {'top1': 1.}, ''
    hook.after_test_epoch(runner)
    assert [path.name for path in tmp_path.iterdir()] == ['scores.json'] * main
