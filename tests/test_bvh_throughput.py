import random
import sys

import pytest
from fuzz_readers import tiny_bvh
from tiny_runs import run_tool, sentence

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


def test_both_readers_agree(folder, capsys):
    pytest.importorskip('bvhio')
    (folder / 'two.bvh').unlink()
    assert run_tool(TOOL, folder, '--compare', 1) == 0
    out = capsys.readouterr().out
    assert 'bvhio: 1 files' in out
    assert float(out.split()[-1]) < 1e-5
