import numpy as np
import pytest

from mmair.visualization.label_curves import draw_label_curves


def runs(*values):
    return [dict(macro_f1=value) for value in values]


TRACK = dict(
    probes=[
        dict(row=row, readout='linear', split=split, percentage=percentage,
             runs=runs(*values))
        for row, split, percentage, values in (
            ('Ours', 'xseq', 50, (20, 24)), ('Ours', 'xseq', 5, (10, 14)),
            ('Other', 'xseq', 5, (9, 9)), ('Ours', 'xsub', 5, (8, 8)))
    ],
    scores=[
        dict(row='Ours', readout='linear', protocol='xseq', seeds=runs(30)),
        dict(row='Ours', readout='kNN (k = 1)', protocol='xseq',
             seeds=runs(99))
    ])


def test_what_is_drawn():
    """A line a row, from few labels to all of them, with deviations."""
    figure = draw_label_curves(TRACK, ['xseq', 'xsub'], 'Ours', 'Title')
    xseq, xsub = figure.axes
    assert [ax.get_title() for ax in (xseq, xsub)] == ['xseq', 'xsub']
    assert [t.get_text() for t in figure.legends[0].texts] == [
        'Ours, linear', 'Other, linear']
    ours, other = xseq.containers
    x, y = ours.lines[0].get_xydata().T
    # Moved aside by less than a twentieth.
    np.testing.assert_allclose(x, (5, 50, 100), rtol=.05)
    assert y.tolist() == [12, 22, 30]
    bars = [segment[:, 1] for segment in ours.lines[2][0].get_segments()]
    assert np.ptp(bars, axis=1) == pytest.approx([2 * 8**.5, 2 * 8**.5, 0])
    assert other.lines[0].get_xydata()[0, 0] != x[0]
    assert ours.lines[0].get_lw() > other.lines[0].get_lw()
    assert [t.get_text() for t in xseq.get_xticklabels()] == ['5', '50',
                                                              '100']
    assert [t.get_text() for t in xsub.get_xticklabels()] == ['5']
    assert len(xsub.containers) == 1
