import numpy as np
import pytest

from mmair.visualization.comparison import draw_comparison

TRACK = dict(scores=[
    dict(row=row, readout='linear', protocol=protocol,
         seeds=[dict(macro_f1=value) for value in values])
    for row, protocol, values in (
        ('Ours', 'xseq', [30., 34.]), ('Ours', 'xsub', [20., 22.]),
        ('Other', 'xseq', [25.]))])


def test_what_is_drawn():
    """Means with deviations, and every seed, in rows from the top."""
    figure = draw_comparison(TRACK, ['xseq', 'xsub'], 'Ours', 'Title')
    xseq, xsub = figure.axes
    assert [ax.get_title() for ax in (xseq, xsub)] == ['xseq', 'xsub']
    assert [t.get_text() for t in xseq.get_yticklabels()] == [
        'Ours, linear', 'Other, linear']
    top, bottom = xseq.get_ylim()[::-1]
    assert top < bottom  # the first row is above
    ours, other = xseq.containers
    assert ours.lines[0].get_xydata().tolist() == [[32, 0]]
    low, high = ours.lines[2][0].get_segments()[0][:, 0]
    assert (low, high) == pytest.approx(
        (32 - np.sqrt(8), 32 + np.sqrt(8)))
    assert other.lines[0].get_xydata().tolist() == [[25, 1]]
    assert not other.lines[2]  # one seed has no deviation
    rings = [line for line in xseq.lines
             if line.get_markerfacecolor() == 'white']
    assert [r.get_xdata().tolist() for r in rings] == [[30, 34]]
    assert len(xsub.containers) == 1
    colors = [c.lines[0].get_color() for c in xseq.containers]
    assert colors[0] != colors[1]
