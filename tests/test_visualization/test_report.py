import base64
import importlib.util
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmair.datasets.readers import save_annotations
from mmair.datasets.synthetic import EMOTIONS, generate_annotations
from mmair.errors import InputError

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/report.py'
RECORDS = [dict(loss=2., usage_8=.5, epoch=1, iter=3, step=3),
           {'knn/k20_macro_f1': .2, 'step': 1}]
CONFIG = ("model = dict(type='mmair.AIR', backbone=dict(type='STGCN'))\n"
          "randomness = dict(seed=7)\n"
          "train_dataloader = dict(dataset=dict(type='Some<Data>'))\n")
TABLE = dict(title='Read out', columns=['features', 'F1'],
             rows=[['<AIR>', 45.678]], note='One seed.')


@pytest.fixture
def work_dir(tmp_path):
    for time, config in (('20260101_000000', 'broken ('),
                         ('20260102_000000', CONFIG)):
        folder = tmp_path / time / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'config.py').write_text(config)
        (folder / 'scalars.json').write_text(
            '\n'.join(map(json.dumps, RECORDS)))
    (tmp_path / 'quick.py').write_text('')
    (tmp_path / 'readout.json').write_text(json.dumps(TABLE))
    return tmp_path


def report(monkeypatch, *args):
    """Run the tool in this process, which saves its imports."""
    spec = importlib.util.spec_from_file_location('report', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(sys, 'argv', ['report.py', *map(str, args)])
    tool.main()


def pictures(page):
    found = re.findall(r'<img alt="[^"]*" src="data:image/(png|gif);base64,'
                       r'([^"]+)">', page)
    return [(kind, Image.open(io.BytesIO(base64.b64decode(data))))
            for kind, data in found]


def test_page_is_whole_and_self_contained(work_dir, monkeypatch, capsys):
    (work_dir / 'labels.json').write_text(
        json.dumps(dict(scales=[2], usage=[[3, 4]])))
    report(monkeypatch, work_dir)
    out = work_dir / 'report.html'
    assert str(out) in capsys.readouterr().out
    page = out.read_text()
    assert not re.search(r'(src|href|url)\s*[=(]\s*["\']?(?!data:)\w', page)
    assert 'http' not in re.sub(r'base64,[^"]+', '', page)
    assert '<script' not in page
    for told in ('quick.py', 'mmair.AIR', 'STGCN', '<dd>7</dd>',
                 '20260102_000000', 'Some&lt;Data&gt;', '&lt;AIR&gt;',
                 '45.7', 'One seed.', 'not felt emotion', *EMOTIONS):
        assert told in page, told
    kinds = [kind for kind, _ in pictures(page)]
    # Loss, kNN, use of codes, histogram; a strip and a GIF an emotion.
    assert kinds.count('png') == 4 + len(EMOTIONS)
    assert kinds.count('gif') == len(EMOTIONS)
    assert all(image.n_frames > 10 for kind, image in pictures(page)
               if kind == 'gif')


def test_emotions_of_an_annotation_file(work_dir, monkeypatch):
    data = generate_annotations(2, actions=('knock', ), takes=1,
                                classes=('joy', 'fear'), layout='kdae')
    path = work_dir / 'two.pkl'
    save_annotations(data, path)
    report(monkeypatch, work_dir, '--ann-file', path, '--out',
           work_dir / 'new/page.html')
    page = (work_dir / 'new/page.html').read_text()
    assert re.findall(r'emotion"><h3>(\w+)', page) == ['joy', 'fear']
    del data['meta']['layout']
    save_annotations(data, path)
    with pytest.raises(InputError, match="two.pkl: meta lacks 'layout'"):
        report(monkeypatch, work_dir, '--ann-file', path)


def test_frames_in_which_nobody_is_seen_are_not_drawn(work_dir, monkeypatch):
    """Of two persons in 2-D the second is there, and now and then."""
    x = np.random.default_rng(0).random((2, 40, 17, 2), np.float32) + 1
    score = np.ones((2, 40, 17), np.float32)
    score[0] = score[1, 5:15] = score[1, 39] = 0
    path = work_dir / 'flat.pkl'
    recording = dict(fps=25., total_frames=40, keypoint=x)
    save_annotations(dict(
        meta=dict(layout='coco', classes=['joy', 'fear']), split={},
        annotations=[dict(recording, frame_dir='a', label=0,
                          keypoint_score=score),
                     dict(recording, frame_dir='b', label=1,
                          keypoint_score=0 * score)]), path)
    report(monkeypatch, work_dir, '--ann-file', path)
    page = (work_dir / 'report.html').read_text()
    # 29 frames at 25 Hz are 1.12 s, 15 pictures.
    assert [image.n_frames for kind, image in pictures(page)
            if kind == 'gif'] == [15]
    assert '<h3>fear</h3><div>Nobody is seen in this recording.' in page


@pytest.mark.parametrize('fault, sentence', [
    (lambda d: (d / 'readout.json').unlink(), 'no readout.json in it.*after '),
    (lambda d: (d / 'readout.json').write_text('{'), 'not readable as JSON'),
    (lambda d: (d / 'readout.json').write_text('{"title": ""}'),
     'lacks columns, note, rows'),
    (lambda d: (d / 'readout.json').write_text(json.dumps(list(TABLE))),
     'lacks columns, note, rows, title'),
    *((lambda d, rows=rows: (d / 'readout.json').write_text(json.dumps(dict(
        TABLE, rows=rows))), 'its rows and columns are no table')
      for rows in (3, ['AIR'], [['AIR']])),
    (lambda d: (d / '20260102_000000/vis_data/config.py').write_text(
        'import os\nx = os.system("touch stolen")'), 'config'),
    (lambda d: [p.unlink() for p in d.glob('*/vis_data/scalars.json')],
     'no .*scalars.json in it'),
])
def test_missing_input_is_told_in_a_sentence(work_dir, monkeypatch, fault,
                                             sentence):
    fault(work_dir)
    monkeypatch.chdir(work_dir)
    with pytest.raises(InputError, match=sentence):
        report(monkeypatch, work_dir)
    assert not (work_dir / 'report.html').exists()
    assert not (work_dir / 'stolen').exists()


def test_a_page_that_cannot_be_written_is_not_drawn(work_dir, monkeypatch):
    monkeypatch.setattr('mmair.visualization.draw_curves', None)
    for out in (work_dir, work_dir / 'quick.py/page.html'):
        with pytest.raises(InputError, match=f'{out}: cannot be written'):
            report(monkeypatch, work_dir, '--out', out)
