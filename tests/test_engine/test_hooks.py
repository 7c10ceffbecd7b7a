import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.runner import BaseLoop
from torch import nn

from mmair.engine.hooks import (FreezeHook, LabelMeterHook, PretrainHook,
                                SkeletonCheckHook, ViewSeedHook)
from mmair.engine.hooks.skeleton_check_hook import check_weights
from mmair.errors import InputError
from mmair.layouts import get_layout


class Net(nn.Module):

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        self.cls_head = nn.Linear(3, 2)


class Loop(BaseLoop):
    """A loop over nothing but a dataset."""

    def __init__(self, dataset):
        self.dataloader = SimpleNamespace(dataset=dataset)

    def run(self):
        pass


def test_freeze_hook_freezes_weights_and_statistics():
    net = Net()
    hook, runner = FreezeHook(), SimpleNamespace(model=net)
    before = {k: v.clone() for k, v in net.backbone.state_dict().items()}
    hook.before_train(runner)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=.1)
    for _ in range(2):
        net.train()
        hook.before_train_iter(runner, 0)
        net.cls_head(net.backbone(torch.randn(4, 2))).sum().backward()
        optimizer.step()
    for name, value in net.backbone.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert net.cls_head.weight.grad.any() and net.cls_head.training
    with pytest.raises(InputError, match="no module 'body'; it has backbone"):
        FreezeHook('body').before_train(runner)


def test_view_seed_hook_knows_seed_epoch_and_rank():
    told = []
    inner = SimpleNamespace(set_epoch=lambda *args: told.append(args))
    dataset = SimpleNamespace(dataset=inner)  # e.g. a RepeatDataset

    def drawn(seed, epoch, rank):
        ViewSeedHook().before_train_epoch(SimpleNamespace(
            seed=seed, epoch=epoch, rank=rank,
            train_dataloader=SimpleNamespace(dataset=dataset)))
        return float(torch.rand(()))
    first = drawn(5, 2, 0)
    torch.rand(7)
    assert drawn(5, 2, 0) == first
    assert len({first, drawn(6, 2, 0), drawn(5, 3, 0), drawn(5, 2, 1)}) == 4
    assert told == [(5, 2), (5, 2), (6, 2), (5, 3), (5, 2)]


def test_pretrain_hook_tells_the_progress(tmp_path):
    calls = []

    class Pretrainer(Net):

        def __getattr__(self, name):
            if name in ('attach', 'fit', 'start_epoch', 'set_progress',
                        'after_step', 'end_epoch'):
                return lambda *args: calls.append((name, *args))
            return super().__getattr__(name)

    recordings = [dict(recording='r')]
    dataset = SimpleNamespace(recordings=recordings,
                              layout=get_layout('ebedb'))
    runner = SimpleNamespace(
        model=Pretrainer(), _train_loop=Loop(dataset), max_iters=8, iter=2,
        epoch=1, seed=7, train_dataloader=SimpleNamespace(dataset=dataset),
        work_dir=str(tmp_path), logger=logging.getLogger('test'))
    hook = PretrainHook()
    hook.before_run(runner)
    hook.before_train_epoch(runner)
    hook.before_train_iter(runner, 0)
    hook.after_train_iter(runner, 0)
    hook.after_train_epoch(runner)
    assert calls == [('attach', recordings), ('fit', dataset, 7),
                     ('start_epoch', ), ('set_progress', .25),
                     ('after_step', ), ('end_epoch', 2)]
    hook.after_train(runner)
    found = torch.load(tmp_path / 'backbone.pth')
    assert found['meta'] == dict(layout='ebedb')
    assert list(found['state_dict']) == list(
        runner.model.backbone.state_dict())
    assert [p.name for p in tmp_path.iterdir()] == ['backbone.pth']

    runner.model.codebook = nn.BatchNorm1d(2, affine=False)
    hook.after_train(runner)
    found = torch.load(tmp_path / 'encoder.pth')
    assert found['meta'] == dict(layout='ebedb')
    expected = {
        **{f'gcn.{name}': value for name, value in
           runner.model.backbone.state_dict().items()},
        **{f'codebook.{name}': value for name, value in
           runner.model.codebook.state_dict().items()}}
    assert list(found['state_dict']) == list(expected)
    assert all(torch.equal(value, expected[name])
               for name, value in found['state_dict'].items())

    dataset = [1, 2]
    runner._train_loop = Loop(dataset)
    runner.train_dataloader.dataset = dataset
    with pytest.raises(InputError, match='is a list, pre-training expects'):
        hook.before_run(runner)
    runner._train_loop = None  # a test: nothing to allocate
    hook.before_run(runner)


def test_mutual_information_is_about_what_is_known():
    """Codes that say who moves, and nothing of how; half are unlabelled."""
    rng = np.random.default_rng(0)
    actor = np.arange(400) % 4
    label = rng.integers(0, 3, 400)
    recordings = [dict(actor=f'A{a}', recording=f'R{i}',
                       **(dict(label=int(y)) if i % 2 else {}))
                  for i, (a, y) in enumerate(zip(actor, label))]
    unseen = np.arange(400) < 9
    codes = np.stack([np.where(unseen, -1, actor),
                      np.where(np.arange(400) % 2, label, 2 - label)])
    found = LabelMeterHook.mutual_information(codes, (4, 3), recordings)
    assert found['ami_actor_4'] == pytest.approx(1)
    assert found['ami_emotion_4'] == pytest.approx(0, abs=.03)
    # Of the second scale the labelled half says all about emotion.
    assert found['ami_emotion_3'] == pytest.approx(1)
    assert found['ami_actor_3'] == pytest.approx(0, abs=.03)

    alone = [dict(recording=f'R{i // 2}') for i in range(400)]
    assert set(LabelMeterHook.mutual_information(codes, (4, 3), alone)) == {
        'ami_recording_4', 'ami_recording_3'}


def check(joints=23, layout='ebedb', **loops):
    net = Net()
    net.backbone.graph = SimpleNamespace(num_node=joints)
    dataset = SimpleNamespace(layout=get_layout(layout), ann_file='a.pkl')
    runner = SimpleNamespace(
        model=net, **{f'_{name}_loop': None
                      for name in ('train', 'val', 'test')})
    for name, wrap in loops.items():
        setattr(runner, f'_{name}_loop', Loop(wrap(dataset)))
    SkeletonCheckHook().before_run(runner)
    return runner


@pytest.mark.parametrize('loop', ['train', 'val', 'test'])
def test_data_and_graph_are_compared(loop):
    def wrapped(dataset):  # as ConcatDataset's siblings do
        return SimpleNamespace(dataset=dataset)
    for wrap in (wrapped, lambda dataset: dataset):
        check(**{loop: wrap})
        with pytest.raises(InputError, match='this data has 25 joints .layout '
                           "'nturgb.d'., the graph of the backbone 23"):
            check(layout='nturgb+d', **{loop: wrap})


def test_pretrained_weights_are_compared_before_a_training(tmp_path):
    path = tmp_path / 'backbone.pth'
    hook, net = SkeletonCheckHook(), Net()
    weights = net.backbone.state_dict()

    def compare(checkpoint, layout='ebedb', **cfg):
        torch.save(checkpoint, path)
        hook.check_pretrained(dict(checkpoint=str(path), **cfg), net.backbone,
                              get_layout(layout))
    compare(dict(state_dict=weights, meta=dict(layout='ebedb')))
    compare(weights)  # no meta: nothing is known
    whole = net.state_dict()
    compare(dict(state_dict=whole), prefix='backbone')
    compare(dict(state_dict=whole), prefix='backbone.')
    with pytest.raises(InputError, match='lacks 7 of 7 weights'):
        compare(dict(state_dict=whole))
    with pytest.raises(InputError, match="'emilya', the data has 'ebedb'"):
        compare(dict(state_dict=weights, meta=dict(layout='emilya')))


def test_check_weights():
    expected = dict(a=torch.ones(3), b=torch.ones(2), c=torch.ones(1))
    check_weights('x.pth', dict(expected), expected)
    # A recogniser's new head is not in the checkpoint.
    check_weights('x.pth', dict(state_dict=dict(
        a=torch.ones(3), b=torch.ones(2), d=torch.ones(9))), expected)
    with pytest.raises(InputError, match=r'x.pth: .* of the layout .kdae. has '
                       r'a of shape \(4,\), the model \(3,\)'):
        check_weights('x.pth', dict(state_dict=dict(a=torch.ones(4)),
                                    meta=dict(layout='kdae')), expected)
    with pytest.raises(InputError, match='lacks 2 of 3 weights of the model,'
                       ' b first'):
        check_weights('x.pth', dict(a=torch.ones(3)), expected)
