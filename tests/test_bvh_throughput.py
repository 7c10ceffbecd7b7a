import random
import sys
from types import SimpleNamespace

import pytest
from fuzz_readers import tiny_bvh
from tiny_runs import run_tool, sentence

from mmair.datasets.readers import read_bvh

TOOL = 'benchmarks/bvh_throughput.py'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'one.bvh').write_bytes(tiny_bvh(random.Random(1)))
    (tmp_path / 'two.bvh').write_text('HIERARCHY')
    return tmp_path


def test_speed_is_printed(folder, capsys):
    assert run_tool(TOOL, folder) == 0
    assert 'mmair: 2 files (1 refused)' in capsys.readouterr().out


def test_the_other_reader_is_optional(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'bvhio', None)
    assert run_tool(TOOL, folder, '--compare', 1) == 2
    assert 'pip install bvhio' in sentence(capsys)


class Other:
    """What the tool uses of bvhio; all it reads is a thousandth larger."""

    def __init__(self, path):
        self.positions = 1.001 * read_bvh(path).positions
        self.Root, self.FrameCount = self, len(self.positions)
        self.joints = [SimpleNamespace() for _ in self.positions[0]]

    def layout(self):
        return [(joint, None, None) for joint in self.joints]

    def loadPose(self, frame, recursive):
        for joint, position in zip(self.joints, self.positions[frame]):
            joint.PositionWorld = position


def test_the_difference_of_both_readers(folder, capsys, monkeypatch):
    """The package itself is not among those that the tests need."""
    monkeypatch.setitem(sys.modules, 'bvhio', SimpleNamespace(
        readAsBvh=Other, convertBvhToHierarchy=lambda root: root))
    assert run_tool(TOOL, folder, '--compare', 2) == 0
    out = capsys.readouterr().out
    assert '1 of 2 files for both' in out and 'bvhio: 1 files' in out
    assert float(out.split()[-1]) == pytest.approx(1e-3, rel=.06)
