import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import RepeatDataset
from mmengine.optim import CosineAnnealingLR
from mmengine.registry import init_default_scope
from mmengine.runner import (BaseLoop, EpochBasedTrainLoop,
                             IterBasedTrainLoop)
from tiny_air import air_config, train_ready
from torch import nn

from mmair.engine.hooks import (DivergenceHook, FreezeHook,
                                LabelMeterHook, PretrainHook,
                                SkeletonCheckHook, ViewSeedHook)
from mmair.engine.hooks.skeleton_check_hook import check_weights
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.registry import MODELS


class Net(nn.Module):

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        self.cls_head = nn.Linear(3, 2)
        self.cls_head.num_classes = 2


class Loader:
    """Two batches."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return 2


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
    dataset = SimpleNamespace(set_epoch=lambda *args: told.append(args))

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


def test_repeats_within_an_epoch_are_other_views():
    init_default_scope('mmaction')
    dataset = RepeatDataset(
        dict(type='mmair.SyntheticEmotionDataset',
             generator=dict(num_actors=1, actions=['knock'], takes=1),
             pipeline=[dict(type='mmair.SampleWindows', clip_len=8),
                       dict(type='mmair.RandomYaw'),
                       dict(type='mmair.PackSkeletonInputs')]), times=2)

    def epoch():
        ViewSeedHook().before_train_epoch(SimpleNamespace(
            seed=1, epoch=3, rank=0,
            train_dataloader=SimpleNamespace(dataset=dataset)))
        return [dataset[i]['inputs'] for i in (0, len(dataset) // 2)]
    first, second = epoch()
    assert not torch.equal(first, second)
    for again, x in zip(epoch(), (first, second)):
        assert torch.equal(again, x)


def test_views_need_epochs():
    loop = IterBasedTrainLoop.__new__(IterBasedTrainLoop)
    with pytest.raises(InputError, match='train_cfg: IterBasedTrainLoop has '
                       'no epochs'):
        ViewSeedHook().before_run(SimpleNamespace(_train_loop=loop))
    loop = EpochBasedTrainLoop.__new__(EpochBasedTrainLoop)
    ViewSeedHook().before_run(SimpleNamespace(_train_loop=loop))
    # Of a test the training stays a config.
    ViewSeedHook().before_run(SimpleNamespace(_train_loop=dict(
        type='IterBasedTrainLoop')))


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
        model=Pretrainer(), _train_loop=Loop(dataset), max_epochs=4, epoch=1,
        seed=7, train_dataloader=Loader(dataset),
        optim_wrapper=SimpleNamespace(
            should_update=iter((False, True)).__next__),
        work_dir=str(tmp_path), logger=logging.getLogger('test'),
        _resume=False)
    hook = PretrainHook()
    hook.before_run(runner)
    hook.before_train_epoch(runner)
    for batch in range(2):
        hook.before_train_iter(runner, batch)
        hook.after_train_iter(runner, batch)
    hook.after_train_epoch(runner)
    assert calls == [('attach', recordings), ('fit', dataset, 7),
                     ('start_epoch', ), ('set_progress', .25),
                     ('set_progress', .375), ('after_step', ),
                     ('set_progress', .5), ('end_epoch', 2)]
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


def check(graph='ebedb', layout='ebedb', part=None, **loops):
    net = Net()
    net.part = part
    net.backbone.graph = (get_layout(graph).graph() if isinstance(graph, str)
                          else graph)
    net.backbone.graph = SimpleNamespace(**net.backbone.graph)
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


def test_joints_in_another_order_are_found():
    """Emilya has as many joints as EBEDB."""
    def loop(dataset):
        return dataset
    with pytest.raises(InputError, match=r"has 23 joints \(layout 'emilya'\), "
                       r"the graph of the backbone those of 'ebedb' \(23 "):
        check(layout='emilya', train=loop)
    # Bones of one's own are nobody else's.
    check(graph=dict(num_node=23, inward=[(i, i - 1) for i in range(1, 23)]),
          layout='emilya', train=loop)
    told = nn.Module()
    told.layout = 'ebedb'
    check(part=told, train=loop)
    with pytest.raises(InputError, match=r"the layout 'emilya' \(23 joints\), "
                       r"Module of the model 'ebedb' \(23 joints\)"):
        check(graph='emilya', layout='emilya', part=told, train=loop)


def test_checkpoints_tell_their_skeleton():
    runner = recogniser(train=SimpleNamespace(layout=get_layout('ebedb')))
    state = runner.model.state_dict()
    checkpoint = dict(meta={}, state_dict=dict(state))
    SkeletonCheckHook().before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta'] == dict(layout='ebedb')
    SkeletonCheckHook().after_load_checkpoint(runner, checkpoint)
    other = recogniser(test=SimpleNamespace(layout=get_layout('emilya')))
    with pytest.raises(InputError, match="x.pth: the backbone was trained on "
                       "the layout 'ebedb', the data has 'emilya'"):
        SkeletonCheckHook().after_load_checkpoint(other, checkpoint)
    mine = get_layout(dict(get_layout('ebedb').to_dict(), name='mine'))
    SkeletonCheckHook().after_load_checkpoint(
        recogniser(test=SimpleNamespace(layout=mine)), checkpoint)
    # Of a model in a wrapper.
    wrapped = {f'module.{name}': value for name, value in state.items()}
    SkeletonCheckHook().after_load_checkpoint(
        recogniser(test=labelled('a')), dict(state_dict=wrapped))
    assert wrapped.keys() == state.keys()


def test_backbones_of_another_skeleton_are_not_left_out():
    """Of a pre-training either, whose other parts may begin anew."""
    runner = recogniser(train=labelled('a'))
    runner.model.student = nn.Module()
    runner.model.student.backbone = nn.Linear(2, 3)
    runner.model.student.neck = nn.Linear(2, 3)

    def load(name):
        SkeletonCheckHook().after_load_checkpoint(runner, dict(
            state_dict=dict(runner.model.state_dict(), **{
                f'student.{name}': torch.ones(3, 5)})))
    load('neck.weight')
    with pytest.raises(InputError, match='has student.backbone.weight of '):
        load('backbone.weight')


def test_a_schedule_of_another_length_is_told(caplog):
    runner = recogniser(resume=True, train=labelled('a'))
    optimizer = torch.optim.SGD(runner.model.parameters(), lr=1.)

    def load(end):
        runner.param_schedulers = [
            CosineAnnealingLR(optimizer, T_max=end, end=end)]
        caplog.clear()
        SkeletonCheckHook().after_load_checkpoint(runner, dict(
            state_dict=runner.model.state_dict(), meta=dict(epoch=1, iter=3),
            message_hub=HUB, param_schedulers=saved))
        return caplog.text
    saved = [CosineAnnealingLR(optimizer, T_max=9, end=9).state_dict()]
    assert not load(9)
    assert 'planned for a training of another length' in load(12)


def test_weights_bring_no_state_of_other_recordings():
    """As many recordings, but others; a resumed training keeps its own."""
    model = train_ready(air_config(), num_recordings=12)
    old = model.state_dict()
    assert old['refiner.voting'] and old['refiner.agreement'].any()
    data = SimpleNamespace(recordings=[
        dict(recording=f's{i // 4}') for i in range(12)])
    for resume in (False, True):
        other = MODELS.build(air_config())
        runner = SimpleNamespace(
            model=other, _train_loop=Loop(data), seed=0, _resume=resume,
            _load_from='x.pth', work_dir='.', train_dataloader=Loader(data))
        hook, checkpoint = PretrainHook(), dict(state_dict=dict(old))
        hook.before_run(runner)
        hook.after_load_checkpoint(runner, checkpoint)
        other.load_state_dict(checkpoint['state_dict'])
        assert bool(other.refiner.voting) is resume
        assert bool(other.refiner.agreement.any()) is resume
        assert (other.codes < 0).all() != resume
        # Whose windows they are is what the data says, always.
        assert other.refiner.groups.tolist() == [i // 4 for i in range(12)]
        name = 'student.neck.layers.0.weight'
        assert torch.equal(other.state_dict()[name], old[name])


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
    with pytest.raises(InputError, match='lacks 6 of 7 weights'):
        compare(dict(state_dict=whole))
    some = {k: v for k, v in weights.items()
            if not k.endswith('num_batches_tracked')}
    assert len(some) == 6
    compare(some)
    for key in some:  # a backbone of more stages, for instance
        with pytest.raises(InputError, match='lacks 1 of 7 weights'):
            compare({k: v for k, v in some.items() if k != key})
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
    with pytest.raises(InputError, match='lacks 1 of 3 weights of the model,'
                       ' c first; use a checkpoint of the same model'):
        check_weights('x.pth', dict(a=torch.ones(3), b=torch.ones(2)),
                      expected, complete=True)
    for value in (torch.nan, torch.inf):
        with pytest.raises(InputError, match='x.pth: b is not finite'):
            check_weights('x.pth', dict(expected, b=torch.full((2, ), value)),
                          expected)


def labelled(name, classes='xy', labels=(0, 1)):
    """A dataset of a recogniser."""
    return SimpleNamespace(
        ann_file=name, metainfo=dict(classes=tuple(classes)),
        recordings=[dict(frame_dir=f'r{i}') if label is None else
                    dict(frame_dir=f'r{i}', label=label)
                    for i, label in enumerate(labels)])


def recogniser(resume=False, **datasets):
    return SimpleNamespace(
        model=Net(), _load_from='x.pth', _resume=resume, max_iters=9,
        logger=logging.getLogger('test'), param_schedulers=[], **{
            f'_{name}_loop': name in datasets and Loop(datasets[name])
            for name in ('train', 'val', 'test')})


@pytest.mark.parametrize('datasets, expected', [
    (dict(train=labelled('a'), val=labelled('b', 'yx')),
     'b: has the classes y, x in this order, the training data x, y'),
    (dict(train=labelled('a'), val=labelled('b', 'xz')), 'b: has the classes'),
    (dict(train=labelled('a', labels=(0, None, None))),
     'a: 2 of 3 recordings that are trained on have no label, r1 first'),
    (dict(train=SimpleNamespace(dataset=labelled('a', labels=[None]))),
     '1 of 1 recordings'),
    (dict(train=SimpleNamespace(datasets=[
        labelled('b'), labelled('a', labels=[None])])),
     'a: 1 of 1 recordings'),
    (dict(train=labelled('a', '', labels=[1, 2])),
     'a: r1 has the label 2, the head num_classes=2'),
    (dict(train=labelled('a'), val=labelled('b', '')), None),
    (dict(train=labelled('a', ''), val=labelled('b')), None),
    (dict(train=labelled('a'), val=labelled('b', labels=[None])), None)])
def test_classes_and_labels_are_compared(datasets, expected):
    runner = recogniser(**datasets)
    if expected is None:
        SkeletonCheckHook().before_run(runner)
    else:
        with pytest.raises(InputError, match=expected):
            SkeletonCheckHook().before_run(runner)
    del runner.model.cls_head  # pre-training: labels are not learnt
    SkeletonCheckHook().before_run(runner)


HUB = dict(log_scalars={}, runtime_info={}, resumed_keys={})


def test_what_is_tested_or_resumed_has_the_classes(caplog):
    def load(runner, classes=None, lacks=None, **meta):
        state = dict(runner.model.state_dict())
        state.pop(lacks, None)
        meta['dataset_meta'] = classes and dict(classes=classes)
        SkeletonCheckHook().after_load_checkpoint(
            runner, dict(state_dict=state, meta=meta, message_hub=HUB))
    test = recogniser(test=labelled('a'))
    tune = recogniser(train=labelled('a'))
    resume = recogniser(resume=True, train=labelled('a'))
    load(test)  # the checkpoint has no names
    load(test, 'x y'.split())
    for runner in (tune, recogniser()):  # before anything is run, too
        load(runner, 'y x'.split(), lacks='cls_head.weight')
    load(resume, 'x y'.split(), epoch=1, iter=3)
    assert not caplog.records
    load(resume, 'x y'.split(), epoch=3, iter=9)
    assert 'this training is finished' in caplog.text
    tune.model.other = nn.Linear(1, 4)
    caplog.clear()
    state = dict(tune.model.state_dict(), **{'other.bias': torch.ones(5)})
    SkeletonCheckHook().after_load_checkpoint(
        tune, dict(state_dict=state, meta={}))
    assert 'other.bias' not in state and 'other.weight' in state
    assert 'x.pth: other.bias of another shape' in caplog.text
    for runner in (test, resume):
        with pytest.raises(InputError, match='x.pth: was trained on the '
                           'classes y, x in this order, a has x, y'):
            load(runner, 'y x'.split(), epoch=1, iter=3)
        with pytest.raises(InputError, match='lacks 1 of'):
            load(runner, lacks='cls_head.weight', epoch=1, iter=3)
        for names in (['x', 'x'], 'xy', 7):
            with pytest.raises(InputError, match='x.pth: the class names'):
                load(runner, names, epoch=1, iter=3)
    with pytest.raises(InputError, match='x.pth: lacks epoch, iter, expected'):
        load(resume)


def test_a_diverged_training_ends():
    net = Net()
    runner = SimpleNamespace(model=net, epoch=0, iter=4,
                             train_dataloader=range(5))

    def step(loss, batch=4):
        DivergenceHook().after_train_iter(runner, batch, outputs=loss)
    step(dict(loss=torch.tensor(1., requires_grad=True)))
    step(dict(loss=torch.tensor(torch.nan)))  # mixed precision: left out
    step(None)
    with torch.no_grad():
        net.cls_head.weight[0, 0] = torch.nan
    nan = dict(loss=torch.tensor(torch.nan))
    step(nan, batch=3)  # neither the fiftieth nor the last of an epoch
    for number, batch in ((4, 4), (49, 3)):
        runner.iter = number
        with pytest.raises(InputError, match=f'epoch 1, iteration {number + 1}'
                           ': the training has diverged, its loss is nan; '
                           'set a smaller'):
            step(nan, batch)
