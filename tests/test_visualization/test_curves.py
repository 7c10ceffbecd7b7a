import json

import pytest

from mmair.errors import InputError
from mmair.visualization import (draw_code_histogram,
                                 draw_curves, load_scalars)

RECORDS = [
    dict(loss=3., loss_body=2., epoch=1, iter=5, step=5),
    dict(loss=2., loss_body=1., epoch=1, iter=10, step=10),
    {'knn/top1': .3, 'step': 1},
    dict(loss=1., epoch=2, iter=20, step=20),
    {'knn/top1': .5, 'step': 2},
    {'time': .1},
]


def series(fig):
    return {line.get_label(): line.get_xydata().tolist()
            for line in fig.axes[0].lines}


def test_iterations_and_epochs_share_the_axis():
    assert series(draw_curves(RECORDS, '(loss)', 'loss')) == \
        dict(loss=[[.5, 3], [1, 2], [2, 1]])
    assert series(draw_curves(RECORDS, 'knn/(.*)', 'kNN')) == \
        dict(top1=[[1, .3], [2, .5]])


def test_keys_are_matched_whole_and_may_be_absent():
    fig = draw_curves(RECORDS, 'loss_(.*)', 'loss', name='of the {}',
                      reference=(.3, 'alarm'))
    assert list(series(fig)) == ['of the body', 'alarm']
    assert draw_curves(RECORDS, '(los)', 'loss') is None
    assert draw_curves([], '(loss)', 'loss') is None


def test_scalars_are_read_and_faults_told(tmp_path):
    path = tmp_path / 'scalars.json'
    path.write_text('\n'.join(map(json.dumps, RECORDS)))
    assert load_scalars(path) == RECORDS
    path.write_text('{"loss": 1}\n{"loss": ')
    with pytest.raises(InputError, match='line 2'):
        load_scalars(path)
    with pytest.raises(InputError, match='not readable'):
        load_scalars(tmp_path / 'absent.json')


def test_every_code_has_a_bar():
    fig = draw_code_histogram([[3, 0, 5], [1, 2, 3, 2]])
    assert [[bar.get_height() for bar in ax.patches] for ax in fig.axes] == \
        [[5, 3, 0], [3, 2, 2, 1]]
    assert [ax.lines[0].get_ydata()[0] for ax in fig.axes] == [8 / 3, 2]
