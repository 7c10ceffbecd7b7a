"""A long comparison in the log of a job says how far it is."""
from types import SimpleNamespace

import pytest

from mmair.evaluation import scheduler

NAMES = ('pretrain/air-s0', 'features/air-s0')


class Halves:
    """Two units, of which the one that runs is half done."""
    units = {name: SimpleNamespace(cost=10., needs=()) for name in NAMES}

    def __init__(self):
        self.did = set()

    def done(self, name):
        return name in self.did

    def share(self, name):
        return .5


@pytest.mark.parametrize('every, expected', [
    (0., [(0, 25, 0), (1, 75, 1), (2, 100, 1)]),
    (3600., [(0, 25, 0), (2, 100, 1)])])
def test_a_log_gets_lines_of_progress(monkeypatch, capsys, every, expected):
    """As often as it may, and at the end."""
    monkeypatch.setattr(scheduler, '_EVERY', every)
    comparison, running = Halves(), {}
    bar = scheduler._Bar(comparison, running)

    def looks():
        for name in NAMES:
            bar.starts(name)
            running[0] = name
            yield False
            comparison.did.add(running.pop(0))
            bar.ends(name)
        yield True

    look = looks()
    monkeypatch.setattr(bar.stop, 'wait', lambda seconds: next(look))
    with bar.progress:
        bar.watch()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(expected)
    for line, (count, share, name) in zip(lines, expected):
        assert f'{count} of 2 units' in line
        assert f' {share} % ' in line
        assert ' to go ' in line
        assert line.rstrip().endswith(NAMES[name])
