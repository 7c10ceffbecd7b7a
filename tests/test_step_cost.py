"""What a step costs, of several methods."""
import re

import pytest
from tiny_runs import PRETRAIN, ROOT, STGCN, run_tool, sentence

TOOL = 'benchmarks/step_cost.py'
METHODS = {'air': '2 + 2', 'skeletonclr': '2 + 2', 'vicreg': '2 + 0'}


def test_each_method_over_its_own_passes(capsys, tmp_path):
    configs = [ROOT / f'configs/{m}/{m}_stgcn_quickstart.py' for m in METHODS]
    shared = {key: value for key, value in PRETRAIN.items()
              if not key.startswith(('model.appendage', 'model.refiner',
                                     'model.codebook', 'model.head'))}
    assert run_tool(TOOL, *configs, '--repeats', 2, '--warm-up', 0,
                    options=dict(shared, work_dir=tmp_path)) == 0
    rows = [line.strip('| ').split(' | ') for line in
            capsys.readouterr().out.splitlines() if '.py' in line]
    assert [row[0] for row in rows] == [str(c) for c in configs]
    assert [row[1] for row in rows] == list(METHODS.values())
    for row in rows:
        step, bare = (float(re.match(r'\d+', cell)[0]) for cell in row[2:4])
        assert step > bare * .5 and float(row[4]) > .5


@pytest.mark.parametrize('config, expected', [
    (STGCN, 'stgcn_ebedb.py: RecognizerGCN is no pre-training'),
    (ROOT / 'configs/_base_/default_runtime.py', 'has no model, expected')])
def test_config_of_something_else(config, expected, capsys):
    assert run_tool(TOOL, config) == 2
    assert expected in sentence(capsys)
