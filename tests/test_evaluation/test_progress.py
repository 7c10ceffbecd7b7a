"""A long comparison in the log of a job says how far it is."""
import time
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


@pytest.fixture
def lines(monkeypatch, capsys):
    monkeypatch.setattr(scheduler, '_EVERY', 1.)
    comparison, running = Halves(), {}
    with scheduler._Bar(comparison, running) as bar:
        for name in NAMES:
            bar.starts(name)
            running[0] = name
            time.sleep(2.5)  # it looks at 2 and 4 seconds
            comparison.did.add(running.pop(0))
            bar.ends(name)
    return capsys.readouterr().err.splitlines()


def test_a_log_gets_lines_of_progress(lines):
    assert len(lines) == 3
    for line, count, share, name in zip(
            lines, (0, 1, 2), (25, 75, 100), (*NAMES, NAMES[1])):
        assert f'{count} of 2 units' in line
        assert f' {share} % ' in line
        assert ' to go ' in line
        assert line.rstrip().endswith(name)
