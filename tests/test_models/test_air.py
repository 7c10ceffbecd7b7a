import math

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from tiny_air import (BACKBONES, WIDTH, air_config, batch, check_gradients,
                      set_gt_label, total, train_ready)

from mmair.errors import InputError
from mmair.layouts import LIMBS, get_layout
from mmair.models import SkeletonDataPreprocessor
from mmair.registry import MODELS

LAYOUTS = ['nturgb+d', 'coco', 'ebedb', 'kdae', 'emotion_gait']
#: From the whole of AIR down to AMDL alone.
ABLATIONS = [(), ('refiner', ), ('alignment', ), ('refiner', 'alignment'),
             ('refiner', 'alignment', 'appendage')]


def as_data(inputs, samples):
    """A batch as the data loader's collate function gives it."""
    return dict(inputs={k: list(v) for k, v in inputs.items()},
                data_samples=samples)


@pytest.mark.parametrize('name', BACKBONES)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_every_parameter_of_the_student_gets_a_gradient(layout, name):
    model = train_ready(air_config(layout, name))
    total(model(*batch(layout, seed=1), mode='loss')).backward()
    trained = dict(model.named_parameters())
    assert any(k.startswith('student.backbone') for k in trained)
    assert any(k.startswith('head.prototypes') for k in trained)
    check_gradients(model)


@pytest.mark.parametrize('without', ABLATIONS, ids='-'.join)
def test_every_ablation_trains(without):
    """Steps as a runner makes them lower the loss."""
    torch.manual_seed(0)
    model = MODELS.build(air_config(without=without))
    model.init_weights()
    model.attach([dict(recording=f'r{i}') for i in range(8)])
    expected = {'loss_body', 'z_std'}
    if 'appendage' not in without:
        expected |= {'loss_limb'}
    if 'refiner' not in without:
        expected |= {'refined'}
    if 'alignment' not in without:
        expected |= {'loss_sim', 'loss_var', 'loss_cov'}
    before = {k: v.clone() for k, v in model.named_parameters()}
    optim = OptimWrapper(torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad], lr=3e-3))
    history = []
    for step in range(8):
        model.set_progress(step / 8)
        model.start_epoch()
        logs = model.train_step(as_data(*batch(size=8)), optim)
        model.after_step()
        model.end_epoch(step + 1)
        assert set(logs) == expected | {'loss'}
        history.append(float(logs['loss']))
        assert float(logs['loss']) == pytest.approx(float(total(
            {k: v for k, v in logs.items() if k != 'loss'})), rel=1e-5)
    assert sum(history[-2:]) < sum(history[:2])
    for name, weight in model.named_parameters():
        assert not torch.equal(weight, before[name]), name


def test_the_loss_is_put_together_view_by_view():
    """Teacher of one view, student of the other, and the reverse."""
    model = train_ready(air_config()).eval()
    inputs, samples = batch(seed=1)
    index = torch.arange(4)
    with torch.no_grad():
        student, teacher = ([net(inputs['keypoint'][:, v],
                                 inputs['appendages'][:, v]) for v in (0, 1)]
                            for net in (model.student, model.teacher))
        queue = model.head.queue.clone(), model.head.queue_filled.clone()
        losses = model(inputs, samples, mode='loss')
        model.head.queue.copy_(queue[0])
        model.head.queue_filled.copy_(queue[1])
        labels = model.head.assign(
            torch.cat([t.body_z[:, 0] for t in teacher]))
        expected = dict.fromkeys(losses, 0.)
        for v in (0, 1):
            one, other = student[v], teacher[1 - v]
            y = [x.unflatten(0, (2, 4))[1 - v] for x in labels]
            votes = [x.exp() for x in model.head.log_probs(
                other.limb_z[:, :4])]
            said = [x.exp() for x in model.head.log_probs(
                other.body_z[:, 0])]
            refined, agreement = model.refiner(y, said, votes, index)
            part = dict(
                model.head.loss(one.body_z[:, 0], refined),
                **model.appendage_loss(
                    model.head.log_probs(one.limb_z[:, :4]), y, agreement))
            part['loss_sim'] = (
                2 - F.cosine_similarity(one.limb_z, other.body_z[:, 1:], -1)
                - F.cosine_similarity(one.body_z[:, 1:], other.limb_z, -1)
            ).mean() / 2
            part['refined'] = sum(  # mass that has left the label
                (1 - (a * b).sum(1)).mean() / 2 for a, b in zip(y, refined))
            for name, value in part.items():
                expected[name] += value / 2
        for name in ('loss_body', 'loss_limb', 'loss_sim', 'refined'):
            torch.testing.assert_close(losses[name],
                                       torch.as_tensor(expected[name]))
    assert 0 < losses['refined'] <= 0.5
    assert not torch.equal(labels[0][:4], labels[0][4:])


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_projections_of_groups_are_of_their_joints_and_limbs(layout):
    model = train_ready(air_config(layout)).eval().student
    inputs, _ = batch(layout)
    x, limbs = inputs['keypoint'][:, 0], inputs['appendages'][:, 0]
    groups = [(0, ), (1, ), (2, ), (3, ), (0, 1), (2, 3), (0, 1, 2, 3)]
    assert LIMBS == ('left_arm', 'right_arm', 'left_leg', 'right_leg')
    chains = get_layout(layout).limbs
    with torch.no_grad():
        found = model(x, limbs)
        joints = model.backbone(x)[:, 0].mean(2)  # (N, D, V)
        alone = [model.appendage.backbone(limbs[:, 0, p, None]).mean((1, 3, 4))
                 for p in range(4)]
        torch.testing.assert_close(found.body, joints.mean(2))
        torch.testing.assert_close(found.body_z[:, 0],
                                   model.neck(joints.mean(2)))
        torch.testing.assert_close(found.limbs, torch.stack(alone, 1))
        for g, group in enumerate(groups):
            members = [j for p in group for j in chains[LIMBS[p]]]
            torch.testing.assert_close(
                found.body_z[:, 1 + g],
                model.neck(sum(joints[..., j] for j in members)
                           / len(members)))
            torch.testing.assert_close(
                found.limb_z[:, g],
                model.appendage.neck(sum(alone[p] for p in group)
                                     / len(group)))
    assert found.limb_z.shape[1] == len(groups)


@pytest.mark.parametrize('scope', [None, 'mmaction', 'mmair'])
def test_it_builds_in_a_runner_and_without(scope, monkeypatch):
    current = scope and DefaultScope(f'test_{scope}', scope_name=scope)
    monkeypatch.setattr(DefaultScope, 'get_current_instance',
                        lambda *_: current)
    model = MODELS.build(air_config())
    assert type(model.data_preprocessor) is SkeletonDataPreprocessor


def test_labels_of_recordings_are_not_looked_at():
    losses = []
    for labelled in (False, True):
        inputs, samples = batch(seed=1)
        for i, sample in enumerate(samples):
            if labelled:
                set_gt_label(sample, i % 2)
        model = train_ready(air_config())
        losses.append(float(total(model(inputs, samples, mode='loss'))))
    assert losses[0] == losses[1]


def test_the_teacher_starts_as_the_student_and_follows():
    torch.manual_seed(0)
    model = MODELS.build(air_config(momentum=0.9))
    model.init_weights()
    model.attach([dict(recording='r')])
    student, teacher = model.student, model.teacher.module

    def equal():
        return all(torch.equal(a, b) for a, b in zip(
            student.state_dict().values(), teacher.state_dict().values()))
    assert equal() and not any(p.requires_grad for p in teacher.parameters())
    for progress, momentum in ((0, 0.9), (0.5, 0.95), (1 - 1e-9, 1)):
        model.set_progress(progress)
        assert 1 - model.teacher.momentum == pytest.approx(momentum)

    model.set_progress(0.25)
    momentum = 1 - 0.1 * (1 + math.cos(math.pi / 4)) / 2
    model.after_step()  # the first time nothing has been averaged yet
    for _ in range(2):
        before = [p.clone() for p in teacher.parameters()]
        with torch.no_grad():
            for p in student.parameters():
                p.add_(torch.randn_like(p))
        model(*batch(size=1), mode='tensor')  # moves the BN statistics
        model.after_step()
        for old, new, source in zip(before, teacher.parameters(),
                                    student.parameters()):
            torch.testing.assert_close(
                new, momentum * old + (1 - momentum) * source)
    for a, b in zip(student.buffers(), teacher.buffers()):
        assert torch.equal(a, b)
    assert not equal()


def test_all_state_of_a_training_is_in_its_checkpoint():
    """Labels, queue, codes, votes and teacher of a fresh model are its own."""
    cfg = air_config()
    model, fresh = train_ready(cfg), MODELS.build(cfg)
    assert model.refiner.voting and model.refiner.agreement.any()
    fresh.attach([dict(recording=f'r{i // 2}') for i in range(12)])
    fresh.load_state_dict(model.state_dict())
    for each in (model, fresh):
        each.set_progress(0.5)
        each.start_epoch()
    losses = [each(*batch(seed=2), mode='loss') for each in (model, fresh)]
    assert all(torch.equal(losses[0][k], losses[1][k]) for k in losses[0])
    for each in (model, fresh):
        each.after_step()
    assert model.meters() == fresh.meters()
    for a, b in zip(model.state_dict().values(), fresh.state_dict().values()):
        assert torch.equal(a, b)


def test_codes_are_the_raw_nearest_prototypes():
    """Of both views, without balancing; kept where the recording is."""
    model = train_ready(air_config(without=('refiner', ))).eval()
    inputs, samples = batch(size=3, first=5)
    with torch.no_grad():
        model(inputs, samples, mode='loss')
        for codes, prototypes in zip(model.codes, model.head.prototypes):
            assert codes[:5].eq(-1).all() and codes[8:].eq(-1).all()
            views = [F.normalize(model.teacher(
                inputs['keypoint'][:, v],
                inputs['appendages'][:, v]).body_z[:, 0], dim=1)
                for v in (0, 1)]
            mean = sum(views) @ F.normalize(prototypes, dim=1).T
            assert codes[5:8].tolist() == mean.argmax(1).tolist()


def test_meters():
    model = train_ready(air_config())
    model.codes[:] = torch.tensor([[0, 1, 2] * 4, [4] * 12])
    model.start_epoch()
    model.codes[:, :3] = torch.tensor([[1], [4]])
    model.codes[:, 3:6] = -1  # not seen yet
    model.codes[0, 6:] = torch.tensor([0, 0, 0, 1, 1, 2])
    meters = model.meters()
    share = [3 / 9, 5 / 9, 1 / 9]
    assert meters['usage_3'] == pytest.approx(
        math.exp(-sum(p * math.log(p) for p in share)) / 3)
    assert meters['usage_5'] == pytest.approx(1 / 5)
    assert meters['flips_3'] == pytest.approx(5 / 9)
    assert meters['flips_5'] == 0
    assert meters['agreement'] == pytest.approx(
        float(model.refiner.agreement.mean()))
    assert 1 <= meters['rank_body'] <= WIDTH
    assert 0 <= meters['cka_body_limbs'] <= 1


@pytest.mark.parametrize('num_clips', [1, 4])
def test_predict_gives_the_feature_of_the_recording(num_clips):
    model = train_ready(air_config()).eval()
    x = torch.randn(3, num_clips, 1, 16, 23, 3)
    _, samples = batch(size=3)
    with torch.no_grad():
        model(x, samples, mode='predict')
        maps = torch.stack([model.backbone(window)[:, 0].mean(3)
                            for window in x.unbind(1)], 2)  # (B, D, W, T')
    for sample, values in zip(samples, maps.flatten(2)):
        pooled = torch.cat((
            values.mean(1), (values.var(1, unbiased=False) + 1e-6).sqrt()))
        assert (pooled >= 0).all()  # behind a ReLU: a root has no sign
        torch.testing.assert_close(sample.feature,
                                   (pooled + 1e-4).sqrt() - .01)
    torch.testing.assert_close(
        model(x, mode='tensor'), torch.stack([s.feature for s in samples]))


def test_bfloat16_does_not_break_the_losses():
    losses = {}
    for half in (False, True):
        model = train_ready(air_config())
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            losses[half] = model(*batch(seed=1, size=8), mode='loss')
        total(losses[half]).backward()
        for name, weight in model.student.named_parameters():
            assert torch.isfinite(weight.grad).all(), name
    for name in ('loss_body', 'loss_limb', 'loss_sim', 'loss_var'):
        assert float(losses[True][name].detach()) == pytest.approx(
            float(losses[False][name].detach()), rel=0.2), name


def test_what_is_missing_is_told():
    inputs, samples = batch()
    model = MODELS.build(air_config())
    model.attach([dict(recording='r')] * 4)
    with pytest.raises(InputError, match='PretrainHook'):
        model(inputs, samples, mode='loss')
    model.set_progress(0.)
    with pytest.raises(InputError, match='AppendagePartition'):
        model(inputs['keypoint'], samples, mode='loss')
    one_view = {k: v[:, :1] for k, v in inputs.items()}
    with pytest.raises(InputError, match='1 views, expected 2'):
        model(one_view, samples, mode='loss')
    for part in ('refiner', 'alignment'):
        with pytest.raises(InputError, match='need appendage'):
            MODELS.build(air_config(without={
                'appendage', 'refiner', 'alignment'} - {part}))
