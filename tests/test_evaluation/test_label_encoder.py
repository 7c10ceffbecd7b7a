import pytest
import torch
from tiny_air import NUM_LABELS, air_config, batch, train_ready
from tiny_peers import peer_config, ready

from mmair.errors import InputError
from mmair.evaluation.label_encoder import LabelEncoder
from mmair.registry import MODELS


def saved(model, tmp_path, **changes):
    state = {**model.state_dict(), **changes}
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict={k: v for k, v in state.items()
                                if v is not None}, meta={}), path)
    return str(path)


@pytest.mark.parametrize('method, network', [
    ('AIR', 'teacher'), ('AIR', 'student'), ('SwAV', 'student')])
def test_likeness_is_that_of_the_whole_model(method, network, tmp_path):
    """Window by window against the parts that were loaded."""
    cfg = air_config() if method == 'AIR' else peer_config(method)
    model = train_ready(cfg) if method == 'AIR' else ready(cfg)
    model.codes.random_(3)
    encoder = LabelEncoder(MODELS.build(cfg), network)
    codes, previous = encoder.load(saved(model, tmp_path))
    assert (codes == model.codes.numpy()).all()
    assert (previous == model.previous_codes.numpy()).all()
    model.eval()
    inputs, _ = batch()
    windows, limbs = (inputs[key].flatten(0, 1)
                      for key in ('keypoint', 'appendages'))
    with torch.no_grad():
        found = encoder(windows)
        for n in range(len(windows)):
            x = windows[n:n + 1]
            z = (getattr(model, network)(x, limbs[n:n + 1]).body_z[:, 0]
                 if method == 'AIR' else model.student(x))
            for scale, prototypes in zip(found, model.head.prototypes):
                assert torch.allclose(scale[n], torch.cosine_similarity(
                    z, prototypes), atol=1e-5)
    assert [s.shape for s in found] == [(8, k) for k in NUM_LABELS]


class Windows:
    """A dataset of windows at random, ``(R, num_clips, M, T, V, C)``."""

    def __init__(self):
        self.inputs = 3 + 2 * torch.cat([batch(seed=n)[0]['keypoint']
                                         for n in range(3)])

    def __len__(self):
        return len(self.inputs)

    def __getitems__(self, indices):
        return [dict(inputs=self.inputs[i]) for i in indices]


@pytest.mark.parametrize('network', ['teacher', 'student'])
def test_recordings_are_the_mean_of_their_windows(network, tmp_path):
    """And batches change nothing but the statistics of a teacher."""
    model, data = train_ready(air_config()), Windows()
    encoder = LabelEncoder(MODELS.build(air_config()), network)
    encoder.load(saved(model, tmp_path))
    with torch.no_grad():
        as_loaded = encoder(data.inputs[:, 0])[0]
        found = encoder.similarities(data, 12, progress=False)
        one, two = (encoder(data.inputs[:, n]) for n in (0, 1))
    for scale, a, b in zip(found, one, two):
        assert torch.allclose(torch.from_numpy(scale), (a + b) / 2,
                              atol=1e-5)
    kept = torch.allclose(one[0], as_loaded, atol=1e-5)
    assert kept == (network == 'student')


def test_teacher_labels_by_statistics_of_the_data(tmp_path):
    """As in the training, where they are those of the batch."""
    model, data = train_ready(air_config()), Windows()
    encoder = LabelEncoder(MODELS.build(air_config()))
    encoder.load(saved(model, tmp_path))
    found = encoder.similarities(data, len(data), progress=False)
    teacher = model.teacher.module.train()
    with torch.no_grad():
        z = teacher.neck(teacher.backbone(data.inputs[:, 0]).mean((1, 3, 4)))
        first = encoder(data.inputs[:, 0])
    assert len(found[0]) == len(data)
    for scale, expected in zip(first, model.head.similarities(z)):
        # The running variance is unbiased, that of a batch is not.
        assert torch.allclose(scale, expected, atol=.02)


def test_statistics_are_of_all_actors_at_once(tmp_path):
    """Though a file lists one actor after the other."""
    model, data = train_ready(air_config()), Windows()
    data.inputs[:6] += 30
    encoder = LabelEncoder(MODELS.build(air_config()))
    encoder.load(saved(model, tmp_path))
    encoder.similarities(data, 6, progress=False)
    found = encoder.backbone.data_bn.running_var
    assert found.min() > .5 * 15**2  # inside an actor it is below 50


def test_checkpoints_that_do_not_fit(tmp_path):
    model = train_ready(air_config())
    encoder = LabelEncoder(MODELS.build(air_config()))
    none = {key: None for key in model.state_dict()
            if key.startswith('head.prototypes')}
    weight = 'teacher.module.neck.layers.0.weight'
    for changes, expected in (
            (none, r'has no prototypes \(head.prototypes.0\), expected one'),
            ({'head.prototypes.1': torch.ones(4, 12)},
             r'has scales of \(3, 4\) codes, the config '
             r'model.head.num_labels=\(3, 5\)'),
            ({weight: torch.ones(2, 2)}, f'has {weight} of shape'),
            ({weight: None}, f'lacks 1 weights of the model, {weight} first'),
            ({'epoch': 3}, 'holds no state_dict of tensors')):
        with pytest.raises(InputError, match=expected):
            encoder.load(saved(model, tmp_path, **changes))
    with pytest.raises(InputError, match='a VICReg has no discrete labels'):
        LabelEncoder(MODELS.build(peer_config('VICReg')))
    with pytest.raises(InputError, match='a SwAV has no teacher, expected '):
        LabelEncoder(MODELS.build(peer_config('SwAV')), 'teacher')


def test_codes_of_epochs_may_be_missing(tmp_path):
    model = train_ready(air_config())
    encoder = LabelEncoder(MODELS.build(air_config()))
    codes, previous = encoder.load(saved(
        model, tmp_path, codes=None, previous_codes=torch.zeros(5)))
    assert codes is None and previous is None
