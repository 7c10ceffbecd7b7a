"""docs/inference.md, followed to the letter."""
import json
import re
import shlex

from tiny_runs import ROOT, run_tool

from mmair.apis.messages import parse_frame
from mmair.datasets.readers import load_annotations
from mmair.layouts import SkeletonLayout

PAGE = (ROOT / 'docs/inference.md').read_text()
#: What a test cannot wait for.
SMALL = ['train_cfg.max_epochs=1', 'train_cfg.val_interval=2',
         'train_dataloader.batch_size=7', 'model.backbone.base_channels=4',
         'model.backbone.num_stages=3', 'model.backbone.inflate_stages=[2]',
         'model.backbone.down_stages=[3]', 'model.cls_head.in_channels=8']


def blocks(language):
    return re.findall(rf'```{language}\n(.*?)```', PAGE, re.S)


def test_page(tmp_path, monkeypatch, capsys):
    for name in ('configs', 'tools'):
        (tmp_path / name).mkdir()
        for source in (ROOT / name).iterdir():
            (tmp_path / name / source.name).symlink_to(source)
    monkeypatch.chdir(tmp_path)
    small = (tmp_path / 'work_dirs/stgcn_kdae/stgcn_kdae.py').as_posix()

    def tiny(text):
        return text.replace('epoch_30', 'epoch_1').replace(
            'configs/stgcn/stgcn_kdae.py', small)

    lines = ''.join(blocks('bash')).replace('\\\n', ' ').splitlines()
    commands = [line for line in lines if line.startswith('python ')]
    assert len(commands) == 5
    for line in commands:
        _, tool, *args = shlex.split(line)
        tool = tool.removeprefix('tools/')
        if 'write_synthetic' in tool:
            args += ['--actors', '3', '--scenarios', '1']
        if tool == 'mqtt_bridge.py':
            args += ['--topic', '#']  # which it refuses before it connects
        if tool == 'train.py':
            args += SMALL
        else:
            args = [tiny(arg) for arg in args]
        assert run_tool(tool, *args) == 2 * (tool == 'mqtt_bridge.py'), line
    out = tmp_path / 'work_dirs/infer'
    assert len(list(out.glob('*.png'))) == 7
    assert len(json.loads((out / 'results.json').read_text())['results']) == 7
    capsys.readouterr()
    for text in blocks('python'):
        exec(compile(tiny(text), 'docs/inference.md', 'exec'), {})
    said = capsys.readouterr().out
    # One of the first block; of the stream two a second after two seconds.
    first = load_annotations('data/kdae.pkl')['annotations'][0]
    answers = 1 + int((first['total_frames'] / 125 - 2) * 2)
    assert answers > 1
    assert len(re.findall(r'^.*\{.*anger.*\}$', said, re.M)) == 1 + answers
    assert (out / 'test.csv').is_file()


def test_the_message_of_the_page():
    text, = blocks('json')
    three = SkeletonLayout(
        'three', ('a', 'b', 'c'), (-1, 0, 1),
        {limb: (0, 1, 2) for limb in ('left_arm', 'right_arm', 'left_leg',
                                      'right_leg')},
        ((0, ), (1, )), mirror=(0, 1, 2))
    frame, time = parse_frame(text, three)
    assert time == .033 and frame[2, 1].round(3) == 1.1
