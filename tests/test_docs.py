"""Pages that are followed to the letter."""
import re
import runpy
import shlex
import subprocess

import numpy as np
import pytest
from tiny_runs import ROOT, run_tool

from mmair.datasets.synthetic import generate_recording

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


def blocks(page, language):
    text = (ROOT / 'docs' / page).read_text()
    return re.findall(rf'```{language}\n(.*?)```', text, re.S)


def commands_of(page):
    lines = ''.join(blocks(page, 'bash')).replace('\\\n', ' ').splitlines()
    return [shlex.split(line) for line in lines]


def test_bring_your_own_skeletons(checkout):
    page = 'own_skeletons.md'
    layout, = blocks(page, 'yaml')
    (checkout / 'my_layout.yaml').write_text(layout)
    for name, text in zip(('pretrain', 'linear'), blocks(page, 'python')):
        (checkout / f'configs/own/{name}.py').write_text(text)
    commands = [words[1:] for words in commands_of(page)]
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


def test_many_recordings_of_a_sensor(checkout, capfd):
    rng = np.random.default_rng(0)
    for folder in ('streams', 'data/raw', 'poses'):
        (checkout / folder).mkdir(parents=True)
    for home in range(3):
        stream = np.concatenate([
            generate_recording(emotion, home, 'talk', take, 0, 'nturgb+d',
                               30.)['keypoint'][0]
            for take in range(3) for emotion in ('joy', 'anger', 'sadness')])
        stream[100:120, 7] = np.nan
        np.savetxt(checkout / f'streams/home{home}.csv',
                   stream.reshape(len(stream), -1), '%.4f', ',')
        for take in range(12):
            place = 99 * rng.random((1, 17, 2)) + 300
            np.savez(checkout / f'poses/home{home}_{take}.npz',
                     xy=place + rng.normal(size=(40, 17, 2)).cumsum(0),
                     score=rng.random((40, 17)))
    page = 'sensors.md'
    for text in blocks(page, 'python'):
        (checkout / text.split('\n')[0].removeprefix('# ')).write_text(text)
    cut, *commands = commands_of(page)
    assert cut[:2] == ['split', '-d'] and len(commands) == 5
    for home in range(3):
        subprocess.run([word.replace('900', '90').replace('home7',
                                                          f'home{home}')
                        for word in cut], check=True)
    runpy.run_path('convert_poses.py')
    few = ['model.head.num_labels=(4,8)', 'model.head.queue_length=32',
           'model.codebook.num_labels=16']
    for _, tool, *args in commands:
        if 'train.py' in tool:
            args += ['--cfg-options', *_SMALL['pretrain'], *few]
        if 'report' in tool:
            args = [arg.replace('epoch_10', 'epoch_1') for arg in args]
            args += ['--cfg-options', *_SMALL['pretrain'], *few]
        assert run_tool(tool.removeprefix('tools/'), *args) == 0, (
            tool, capfd.readouterr())
    assert 'joints that were not seen: in 3 of' in capfd.readouterr().out
    for run in ('homes', 'camera'):
        assert (checkout / f'work_dirs/{run}/encoder.pth').is_file()
    assert (checkout / 'work_dirs/homes/labels/label_report.md').is_file()
