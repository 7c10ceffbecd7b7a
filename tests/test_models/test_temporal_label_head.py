import math

import pytest
import torch
import torch.nn.functional as F
from slow_labels import slow_similarities, slow_sinkhorn
from tiny_air import ALTERNATIVES, air_config, batch, train_ready

from mmair.errors import InputError
from mmair.models.heads import TemporalLabelHead
from mmair.models.pretrainers.air import mean_of_spans

SCALES = (1, 2, 4)
#: Which spans are of which scale.
SPANS = ([0], [1, 2], [3, 4, 5, 6])


def head(**kwargs):
    torch.manual_seed(0)
    return TemporalLabelHead(4, 3, SCALES, **kwargs).double()


def projections(seed=1, num=5):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num, 7, 4, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize('hard', [True, False])
def test_labels_are_shares_of_spans(hard):
    model, z = head(hard=hard), projections()
    q = slow_sinkhorn(slow_similarities(model, z.flatten(0, 1), 0))
    if hard:
        q = [[float(v == max(row)) for v in row] for row in q]
    found = model.assign(z)
    assert len(found) == 3
    for labels, spans in zip(found, SPANS):
        for n in range(5):
            for k in range(3):
                assert float(labels[n, k]) == pytest.approx(
                    sum(q[7 * n + s][k] for s in spans) / len(spans),
                    abs=1e-12)
    assert len(found[2].unique()) > 2


def test_every_span_predicts_every_span():
    """The loss, pair by pair."""
    model, student, teacher = head(), projections(), projections(2)
    q = slow_sinkhorn(slow_similarities(model, teacher.flatten(0, 1), 0))
    code = [row.index(max(row)) for row in q]
    similar = slow_similarities(model, student.flatten(0, 1), 0)
    expected = 0
    for spans in SPANS:
        for n in range(5):
            for s in spans:
                row = similar[7 * n + s]
                total = math.log(sum(math.exp(v / 0.1) for v in row))
                for t in spans:
                    expected -= (row[code[7 * n + t]] / 0.1 - total) / (
                        len(spans)**2 * 5 * 3)
    loss = model.loss(student, model.assign(teacher))['loss_body']
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-12)


def test_limbs_say_the_same_at_every_scale():
    model = head()
    limbs = model.log_probs(projections()[:, :4])
    assert len(limbs) == 3 and limbs[0].shape == (5, 4, 3)
    assert all(torch.equal(limbs[0], each) for each in limbs)


def test_spans_are_cut_from_the_map():
    model = train_ready(air_config(**ALTERNATIVES['temporal'])).eval()
    inputs, samples = batch()
    x, limbs = inputs['keypoint'][:, 0], inputs['appendages'][:, 0]
    with torch.no_grad():
        found = model.student(x, limbs, model.head.spans)
        maps = model.student.backbone(x)[:, 0].mean(3)  # (N, D, T')
        length = maps.shape[2]
        assert length % 4 == 0
        parts = [maps.mean(2)]
        for n in (2, 4):
            size = length // n
            parts += [maps[:, :, i * size:(i + 1) * size].mean(2)
                      for i in range(n)]
        for s, part in enumerate(parts):
            torch.testing.assert_close(found.labelled[:, s],
                                       model.student.neck(part))
    assert found.labelled.shape[1] == 7
    # Codes and meters are of windows.
    assert model.codes.shape[0] == 1 and model.head.num_labels == (5, )
    assert 'usage_5' in model.meters()


@pytest.mark.parametrize('time', [1, 2, 3, 4, 5, 7, 16])
@pytest.mark.parametrize('n', [1, 2, 3, 4])
def test_spans_of_any_map(time, n):
    x = torch.randn(2, 3, time)
    torch.testing.assert_close(mean_of_spans(x, n).transpose(1, 2),
                               F.adaptive_avg_pool1d(x, n))


@pytest.mark.parametrize('arguments', [
    dict(num_labels=(3, 5)), dict(scales=(2, 4)), dict(scales=(1, )),
    dict(scales=(1, 0))])
def test_what_is_no_scale_is_told(arguments):
    with pytest.raises(InputError, match='TemporalLabelHead: num_labels is'):
        TemporalLabelHead(4, **arguments)
