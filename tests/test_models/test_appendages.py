import pytest
import torch
from tiny_air import ALTERNATIVES, air_config, batch, train_ready

from mmair.layouts import LIMBS, get_layout


def ready(name, layout='ebedb'):
    return train_ready(air_config(layout, **ALTERNATIVES[name]))


def without_limbs(layout='ebedb'):
    inputs, samples = batch(layout)
    return inputs['keypoint'], samples


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_masked_limbs_are_the_body_without_the_rest(layout):
    model = ready('masked', layout).eval()
    x = without_limbs(layout)[0][:, 0]
    with torch.no_grad():
        found = model.student(x).limbs
        for p, limb in enumerate(LIMBS):
            alone = x.clone()
            for joint in range(len(get_layout(layout))):
                if joint not in get_layout(layout).limbs[limb]:
                    alone[..., joint, :] = 0
            torch.testing.assert_close(
                found[:, p], model.student.backbone(alone).mean((1, 3, 4)))
    assert found.shape[1] == 4


def test_masked_limbs_leave_no_trace_in_the_statistics():
    """Running statistics are those of the body; the batch's are used."""
    model = ready('masked').train()
    x, _ = without_limbs()
    before = {k: v.clone() for k, v in model.backbone.named_buffers()}
    momenta = [m.momentum for m in model.modules() if hasattr(m, 'momentum')]
    masked = model.student(x[:, 0]).limbs
    after = {k: v.clone() for k, v in model.backbone.named_buffers()}
    for name, value in before.items():
        model.backbone.get_buffer(name).copy_(value)
    model.backbone(x[:, 0])
    for name, value in model.backbone.named_buffers():
        if 'num_batches' not in name:
            assert torch.equal(value, after[name]), name
    assert any(not torch.equal(after[k], before[k]) for k in before)
    assert momenta == [m.momentum for m in model.modules()
                       if hasattr(m, 'momentum')]
    with torch.no_grad():
        assert not torch.allclose(masked, model.eval().student(x[:, 0]).limbs)


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_pooled_limbs_are_means_of_their_joints(layout):
    model = ready('pooled', layout).eval()
    x = without_limbs(layout)[0][:, 0]
    with torch.no_grad():
        found = model.student(x)
        joints = model.backbone(x)[:, 0].mean(2)
        for p, limb in enumerate(LIMBS):
            a, b, c = get_layout(layout).limbs[limb]
            torch.testing.assert_close(
                found.limbs[:, p],
                (joints[..., a] + joints[..., b] + joints[..., c]) / 3)


@pytest.mark.parametrize('name, passes', [('masked', 5), ('pooled', 1)])
def test_what_they_take_and_cost(name, passes):
    """No limbs in the batch; passes of the backbone as they are counted."""
    model = ready(name)
    assert model.backbone_passes == (2 * passes, 2 * passes)
    passed = [0, 0]
    for net, which in ((model.student, 0), (model.teacher.module, 1)):
        net.backbone.register_forward_hook(
            lambda _, args, result, i=which: passed.__setitem__(
                i, passed[i] + len(args[0])))
    x, samples = without_limbs()
    model(x, samples, mode='loss')
    assert [n / len(samples) for n in passed] == [2 * passes] * 2
    # No encoder of limbs that another layout could use.
    assert model.appendage is None
