"""Pages that are followed to the letter."""
import re
import shlex

import pytest
from tiny_runs import ROOT, run_tool

PAGE = ROOT / 'docs/own_skeletons.md'
#: What a test cannot wait for: fewer actors and epochs, a smaller network.
_SMALL = dict(
    pretrain=['train_cfg.max_epochs=1', 'model.backbone.num_stages=3',
              'model.backbone.inflate_stages=[3]',
              'model.backbone.down_stages=[3]',
              'model.neck.in_channels=32', 'train_dataloader.batch_size=8'],
    linear=['train_cfg.max_epochs=1', 'model.backbone.gcn.num_stages=3',
            'model.backbone.gcn.inflate_stages=[3]',
            'model.backbone.gcn.down_stages=[3]',
            f'model.cls_head.in_channels={32 + 2 * 3 * 128}',
            'train_dataloader.batch_size=8'])


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with the configs and tools, to write the page's files in."""
    for name in ('configs', 'tools'):
        (tmp_path / name).mkdir()
        for source in (ROOT / name).iterdir():
            (tmp_path / name / source.name).symlink_to(source)
    (tmp_path / 'configs/own').mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language):
    return re.findall(rf'```{language}\n(.*?)```', PAGE.read_text(), re.S)


def test_bring_your_own_skeletons(checkout):
    layout, = blocks('yaml')
    (checkout / 'my_layout.yaml').write_text(layout)
    for name, text in zip(('pretrain', 'linear'), blocks('python')):
        (checkout / f'configs/own/{name}.py').write_text(text)
    lines = ''.join(blocks('bash')).replace('\\\n', ' ').splitlines()
    commands = [shlex.split(line)[1:] for line in lines]
    assert len(commands) == 7
    for tool, *args in commands:
        if 'write_synthetic' in tool:
            args[-1] = '3'
        if 'browse' in tool:
            args += ['--number', '1', '--no-gif']
        if 'train.py' in tool or 'readout.py' in tool:
            name = re.search(r'own/(\w+)\.py', args[0])[1]
            args += ['--cfg-options', *_SMALL[name]]
        assert run_tool(tool.removeprefix('tools/'), *args) == 0, tool
    assert (checkout / 'work_dirs/pretrain/backbone.pth').is_file()
    assert list((checkout / 'work_dirs/linear').glob('*/vis_data/*.json'))
