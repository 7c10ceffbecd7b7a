import pytest
import torch
from slow_labels import distributions, slow_divergence

from mmair.errors import InputError
from mmair.models.losses import ScaleConsistencyLoss, coarse_given_fine

NUM_LABELS = (2, 3, 5)
#: A code of the finest scale is unused, a recording has not been seen.
CODES = torch.tensor([[0, 1, 1, 0, 1, 1, -1], [2, 0, 0, 1, 1, 0, -1],
                      [4, 3, 3, 0, 1, 0, -1]])


def allocated(**kwargs):
    loss = ScaleConsistencyLoss(**kwargs)
    loss.allocate(NUM_LABELS)
    return loss.double()


def test_shares_of_coarse_codes_by_hand():
    m = coarse_given_fine(*CODES[:2], 2, 3)
    torch.testing.assert_close(m, torch.tensor(
        [[0, 1 / 2, 1], [1, 1 / 2, 0]], dtype=torch.float64))
    # Of 6 recordings the coarse codes are 0 thrice, 1 twice, 2 once.
    m = coarse_given_fine(*CODES[1:], 3, 5)
    torch.testing.assert_close(m[:, 2], torch.tensor(
        [3 / 6, 2 / 6, 1 / 6], dtype=torch.float64))
    for r in (0, 1):
        m = coarse_given_fine(CODES[r], CODES[r + 1], *NUM_LABELS[r:r + 2])
        torch.testing.assert_close(m.sum(0), torch.ones_like(m[0]))


def test_loss_is_the_slow_one():
    loss = allocated(loss_weight=0.3)
    p = [distributions(4, k, seed=k) for k in NUM_LABELS]
    log_p = [x.log() for x in p]
    assert loss(log_p)['loss_consistency'] == 0  # nothing known yet
    loss.refresh(CODES)
    expected = 0
    for r in (0, 1):
        m = coarse_given_fine(CODES[r], CODES[r + 1],
                              *NUM_LABELS[r:r + 2]).tolist()
        for n in range(4):
            implied = [sum(a * b for a, b in zip(row, p[r + 1][n].tolist()))
                       for row in m]
            expected += slow_divergence(p[r][n].tolist(), implied) / 4 / 2
    assert float(loss(log_p)['loss_consistency']) == pytest.approx(
        0.3 * expected)


def test_it_vanishes_where_scales_are_nested():
    """Two fine codes make a coarse one, and predictions say so."""
    loss = ScaleConsistencyLoss()
    loss.allocate((2, 4))
    loss.double()
    fine = torch.arange(40) % 4
    loss.refresh(torch.stack((fine // 2, fine)))
    p = distributions(6, 4)
    coarse = torch.stack((p[:, :2].sum(1), p[:, 2:].sum(1)), 1)
    assert float(loss([coarse.log(), p.log()])['loss_consistency']) == \
        pytest.approx(0, abs=1e-12)
    assert loss([coarse.flip(1).log(), p.log()])['loss_consistency'] > 1e-3


def test_both_scales_learn_and_unused_codes_do_no_harm():
    loss = allocated()
    codes = CODES.clone()
    codes[0] = codes[0].clamp(max=0)  # a row of M is 0
    loss.refresh(codes)
    logits = [torch.randn(4, k, dtype=torch.float64, requires_grad=True)
              for k in NUM_LABELS]
    loss([x.log_softmax(1) for x in logits])['loss_consistency'].backward()
    for x in logits:
        assert torch.isfinite(x.grad).all() and x.grad.any()
    assert not any(m.requires_grad for m in loss.given)


def test_one_scale_alone_is_told():
    with pytest.raises(InputError, match='num_labels=.8,., expected two'):
        ScaleConsistencyLoss().allocate((8, ))
