"""Other readings of AIR's parts, each chosen by its type."""
import pytest
import torch
from tiny_air import (ALTERNATIVES, air_config, batch, check_gradients,
                      train_ready)

from mmair.registry import MODELS

everyone = pytest.mark.parametrize('name', ALTERNATIVES)


def ready(name):
    return train_ready(air_config(**ALTERNATIVES[name]))


@everyone
def test_every_parameter_gets_a_gradient(name):
    model = ready(name)
    losses = model(*batch(seed=1), mode='loss')
    assert losses['refined'] > 0
    if name == 'consistency':
        assert losses['loss_consistency'] > 0
    model.parse_losses(losses)[0].backward()
    check_gradients(model)


@everyone
def test_it_is_no_other_name_of_the_default(name):
    """Of the same weights the losses differ; without it they are the same."""
    def losses(**changes):
        model = train_ready(air_config(**changes))
        if hasattr(model.refiner, 'agreement'):
            model.refiner.agreement.copy_(model.refiner.measured_agreement())
        return {k: float(v.detach()) for k, v in model(
            *batch(seed=1), mode='loss').items()}
    assert losses() == losses()
    assert losses(**ALTERNATIVES[name]) != losses()


@everyone
def test_all_state_is_in_the_checkpoint(name):
    """A fresh model goes on bit for bit, over the end of an epoch too."""
    cfg = air_config(**ALTERNATIVES[name])
    model, fresh = train_ready(cfg), MODELS.build(cfg)
    fresh.attach([dict(recording=f'r{i // 2}') for i in range(12)])
    assert set(fresh.state_dict()) == set(model.state_dict())
    fresh.load_state_dict(model.state_dict())
    for seed in (2, 3):
        losses = []
        for each in (model, fresh):
            each.set_progress(0.5)
            each.start_epoch()
            losses.append(each(*batch(seed=seed), mode='loss'))
            each.after_step()
            each.end_epoch(2)
        assert all(torch.equal(losses[0][k], losses[1][k])
                   for k in losses[0])
    assert model.meters() == fresh.meters()
    for key, value in model.state_dict().items():
        assert torch.equal(value, fresh.state_dict()[key]), key


def test_the_default_keeps_what_it_always_kept():
    """Checkpoints of the default know nothing of the alternatives."""
    state = train_ready(air_config()).state_dict()
    kept = {k for k in state if k.split('.')[0] in (
        'head', 'refiner', 'alignment', 'codes', 'previous_codes')}
    assert kept == {
        'codes', 'previous_codes', 'head.prototypes.0', 'head.prototypes.1',
        'head.queue', 'head.queue_filled', 'refiner.body_bank',
        'refiner.limb_bank', 'refiner.agreement', 'refiner.chance_ratio',
        'refiner.voting'}
