"""What all methods beside AIR have in common."""
import pytest
import torch
from mmengine.optim import OptimWrapper
from tiny_air import (BACKBONES, air_config, batch, check_gradients, total,
                      train_ready)
from tiny_peers import METHODS, peer_batch, peer_config, ready

from mmair.errors import InputError
from mmair.registry import MODELS


@pytest.mark.parametrize('layout, name', [
    *(('ebedb', name) for name in BACKBONES), ('coco', 'ST-GCN')])
@pytest.mark.parametrize('method', METHODS)
def test_every_parameter_gets_a_gradient(method, layout, name):
    model = ready(peer_config(method, layout, name))
    total(model(*peer_batch(method, layout, seed=1), mode='loss')).backward()
    assert any(p is q for k, p in model.named_parameters()
               if not k.startswith('teacher.')
               for q in model.backbone.parameters())
    check_gradients(model)


@pytest.mark.parametrize('method', [*METHODS, 'AIR'])
def test_backbone_passes_are_those_of_a_step(method):
    model, (inputs, samples) = (
        (train_ready(air_config()), batch()) if method == 'AIR' else
        (ready(peer_config(method)), peer_batch(method)))
    passed = [0, 0]

    def count(module, args, result):
        passed[0 if result.requires_grad else 1] += len(args[0])
    model.backbone.register_forward_hook(count)
    if hasattr(model, 'teacher'):
        model.teacher.module.backbone.register_forward_hook(count)
    model(inputs, samples, mode='loss')
    assert [n / len(samples) for n in passed] == list(model.backbone_passes)


@pytest.mark.parametrize('method', METHODS)
def test_steps_of_a_runner_lower_the_loss(method):
    """Batches of any size, with limbs that nobody looks at."""
    torch.manual_seed(0)
    model = MODELS.build(peer_config(method))
    model.init_weights()
    model.attach([dict(recording=f'r{i}') for i in range(9)])
    before = {k: v.clone() for k, v in model.named_parameters()}
    optim = OptimWrapper(torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad], lr=1e-2))
    history = []
    for step in range(6):
        inputs, samples = peer_batch(method, size=5 + step % 2)
        # What mines neighbours has another loss from then on.
        model.set_progress(0.4 * step / 6)
        model.start_epoch()
        logs = model.train_step(dict(
            inputs={k: list(v) for k, v in inputs.items()},
            data_samples=samples), optim)
        model.after_step()
        model.end_epoch(step + 1)
        history.append(logs['loss'].item())
    assert sum(history[-2:]) < sum(history[:2])
    for name, weight in model.named_parameters():
        assert not torch.equal(weight, before[name]), name
    assert isinstance(model.meters(), dict)


@pytest.mark.parametrize('method', METHODS)
def test_all_state_of_a_training_is_in_its_checkpoint(method):
    cfg = peer_config(method)
    model, fresh = ready(cfg), MODELS.build(cfg)
    for seed in range(2):
        model(*peer_batch(method, seed=seed), mode='loss')
        model.after_step()
    fresh.attach([dict(recording='r')] * 16)
    fresh.load_state_dict(model.state_dict())
    for each in (model, fresh):
        each.set_progress(0.5)
    losses = [each(*peer_batch(method, seed=2), mode='loss')
              for each in (model, fresh)]
    assert all(torch.equal(losses[0][k], losses[1][k]) for k in losses[0])
    for each in (model, fresh):
        each.after_step()
    for a, b in zip(model.state_dict().values(), fresh.state_dict().values()):
        assert torch.equal(a, b)


@pytest.mark.parametrize('method', METHODS)
def test_bfloat16_does_not_break_the_losses(method):
    losses = {}
    for half in (False, True):
        model = ready(peer_config(method))
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            losses[half] = model(*peer_batch(method, size=8), mode='loss')
        total(losses[half]).backward()
        assert all(torch.isfinite(p.grad).all()
                   for p in model.backbone.parameters())
    for name, value in losses[True].items():
        assert value.dtype == torch.float32 or name == 'z_std', name
    assert total(losses[True]).item() == pytest.approx(
        total(losses[False]).item(), rel=0.1)


@pytest.mark.parametrize('method', METHODS)
def test_what_is_missing_is_told(method):
    model = MODELS.build(peer_config(method))
    model.attach([dict(recording='r')] * 4)
    inputs, samples = peer_batch(method)
    with pytest.raises(InputError, match=f'{method}.*PretrainHook'):
        model(inputs, samples, mode='loss')
    model.set_progress(0.)
    with pytest.raises(InputError,
                       match=f'1 views, expected {model.num_views}'):
        model(inputs['keypoint'][:, :1], samples, mode='loss')


@pytest.mark.parametrize('method', METHODS)
def test_predict_gives_a_feature(method):
    model = ready(peer_config(method)).eval()
    inputs, samples = peer_batch(method)
    with torch.no_grad():
        model(inputs, samples, mode='predict')
        expected = model(inputs['keypoint'], mode='tensor')
    torch.testing.assert_close(
        torch.stack([s.feature for s in samples]), expected)
