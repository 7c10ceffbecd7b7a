import pickle
import shutil

import numpy as np
import pytest
import torch
from mmengine.runner import EpochBasedTrainLoop
from tiny_runs import FINETUNE, PRETRAIN, QUICKSTART, probe, run_tool, scalars

from mmair.models.backbones import AppendageCodebook

N = 2


def same(a, b):
    """Equal to the last bit, types included."""
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return pickle.dumps(a) == pickle.dumps(b)


def interrupted_equals_whole(config, options, tmp_path):
    """2N epochs, and what was interrupted after N and resumed."""
    options = {**options, 'train_cfg.max_epochs': 2 * N,
               'train_cfg.val_interval': 1,
               'default_hooks.checkpoint.max_keep_ckpts': -1}
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    assert run_tool('train.py', config, '--work-dir', whole,
                    options=options) == 0
    # What an interruption after N epochs leaves behind.
    resumed.mkdir()
    shutil.copy(whole / f'epoch_{N}.pth', resumed)
    path = resumed / f'epoch_{N}.pth'
    (resumed / 'last_checkpoint').write_text(str(path))
    assert run_tool('train.py', config, '--work-dir', resumed, '--resume',
                    options=options) == 0

    expected, found = (torch.load(folder / f'epoch_{2 * N}.pth')
                       for folder in (whole, resumed))
    start = torch.load(path)
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert same(expected[part], found[part]), part
        assert not same(expected[part], start[part]), part
    # mmengine saves before it validates: of scores, epoch N's is not there.
    history = expected['message_hub']['log_scalars']
    for name, values in found['message_hub']['log_scalars'].items():
        if name.startswith('train/') and 'time' not in name:
            assert same(values.data, history[name].data), name

    steps, later = scalars(whole), scalars(resumed)
    assert 0 < len(later) < len(steps)
    assert steps[-len(later):] == later
    return expected


@pytest.fixture(scope='module')
def one_process(tmp_path_factory):
    return interrupted_equals_whole(QUICKSTART, PRETRAIN,
                                    tmp_path_factory.mktemp('workers0'))


def test_pretraining(one_process):
    """All that a step of AIR can depend on had come to life at the break."""
    state = one_process['state_dict']
    assert state['refiner.voting'] and state['refiner.agreement'].any()
    assert state['head.queue_filled'] == 32
    assert (state['codes'] >= 0).all()
    assert not torch.equal(state['codes'], state['previous_codes'])
    assert state['teacher.steps'] == 4 * 2 * N


#: Other readings of three parts, and one that is off by default.
READINGS = f"""
_base_ = '{QUICKSTART}'
model = dict(
    appendage=dict(
        _delete_=True, type='mmair.PooledAppendages',
        neck=dict(type='mmair.ProjectionNeck', in_channels=8,
                  hid_channels=16)),
    refiner=dict(_delete_=True, type='mmair.BatchAgreementRefiner'),
    head=dict(assigner=dict(type='mmair.KMeansAssigner')),
    consistency=dict(type='mmair.ScaleConsistencyLoss'))
"""


def test_other_readings_of_the_parts(tmp_path):
    """What k-means, agreement in the batch and scales of labels keep."""
    config = tmp_path / 'readings.py'
    config.write_text(READINGS)
    options = {key: value for key, value in PRETRAIN.items() if not
               key.startswith(('model.appendage.', 'model.refiner.'))}
    state = interrupted_equals_whole(config, options, tmp_path)['state_dict']
    assert state['head.assigner.clustered'] and state['consistency.known']
    assert state['refiner.voting'] and state['refiner.last_agreement'] > 0
    # There is no encoder of limbs to be used elsewhere.
    assert (tmp_path / 'whole/backbone.pth').exists()
    assert not (tmp_path / 'whole/appendage.pth').exists()


def test_ctrl_c_within_an_epoch(one_process, tmp_path, monkeypatch, capfd):
    """What was saved before goes on to the same end."""
    options = {**PRETRAIN, 'train_cfg.max_epochs': 2 * N,
               'train_cfg.val_interval': 9}
    run_iter = EpochBasedTrainLoop.run_iter

    def pressed(loop, index, batch):
        if (loop.epoch, index) == (N, 1):
            raise KeyboardInterrupt
        run_iter(loop, index, batch)

    with monkeypatch.context() as patch:
        patch.setattr(EpochBasedTrainLoop, 'run_iter', pressed)
        assert run_tool('train.py', QUICKSTART, '--work-dir', tmp_path,
                        options=options) == 130
    told = capfd.readouterr().err
    assert told.endswith('Stopped\n') and 'Traceback' not in told
    # The codebook of the checkpoint is not fitted again.
    monkeypatch.setattr(AppendageCodebook, 'fit', None)
    assert run_tool('train.py', QUICKSTART, '--work-dir', tmp_path,
                    '--resume', options=options) == 0
    found = torch.load(tmp_path / f'epoch_{2 * N}.pth')
    assert same(found['state_dict'], one_process['state_dict'])


@pytest.mark.parametrize('persistent', [False, True])
def test_pretraining_with_workers(persistent, one_process, tmp_path):
    options = {**PRETRAIN, 'train_dataloader.num_workers': 2,
               'train_dataloader.persistent_workers': persistent}
    state = interrupted_equals_whole(QUICKSTART, options, tmp_path)
    # The number of workers is no part of the experiment either.
    assert same(state['state_dict'], one_process['state_dict'])


def test_recogniser_with_dropout(ann_file, pretrained, tmp_path):
    options = probe(ann_file, pretrained / 'encoder.pth')
    options['model.cls_head.dropout'] = .5
    interrupted_equals_whole(FINETUNE, options, tmp_path)
