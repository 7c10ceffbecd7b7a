import re
import runpy

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from PIL import Image
from tiny_runs import (FINETUNE, GENERATOR, QUICKSTART, ROOT, flat, run_tool,
                       sentence)

from mmair.datasets.readers import load_annotations, save_annotations
from mmair.datasets.synthetic import generate_annotations
from mmair.layouts import get_layout
from mmair.registry import DATASETS, MODELS

TOOL = 'visualizations/browse_dataset.py'
DATA = flat('train_dataloader.dataset.generator', GENERATOR)


def browse(config, out, *args, options=DATA):
    return run_tool(TOOL, config, '--out', out, *args, options=options)


def test_pictures_and_page(tmp_path, capsys):
    out = tmp_path / 'new/folder'
    assert browse(QUICKSTART, out, '--number', 1) == 0
    page = (out / 'index.html').read_text()
    names = re.findall('src="([^"]+)"', page)
    assert sorted(names) == sorted(
        path.name for path in out.iterdir() if path.name != 'index.html')
    assert [name[-4:] for name in names] == ['.png', '.gif']
    for name in names:
        with Image.open(out / name) as picture:
            assert picture.width > 600
            assert getattr(picture, 'n_frames', 1) > 10 or (
                name.endswith('.png'))
    title, = re.findall('<h2>([^<]+)</h2>', page)
    assert re.fullmatch(r'anger, actor S0[12], \d\.\d s, S0[12]_\w+_anger_1',
                        title)
    assert 'RandomYaw(degrees=30' in page
    printed = capsys.readouterr().out
    assert 'index.html' in printed and 'not on the page' not in printed

    assert browse(QUICKSTART, out, '--number', 1, '--no-gif') == 0
    assert (f'pictures beside it that are not on the page: 1, such as '
            f'{names[1]}' in capsys.readouterr().out)


def test_classes_are_drawn_in_turn():
    with DefaultScope.overwrite_default_scope('mmaction'):
        browser = browser_of(tiny(QUICKSTART))
    chosen = browser.choose(16)
    labels = [browser.views.data_list[index]['label'] for index in chosen]
    assert labels == [*range(7), *range(7), 0, 1]
    assert len(set(chosen)) == 16 and browser.choose(99) != chosen


def test_seed_decides(tmp_path):
    seen = {}
    for name, seed in dict(a=0, b=0, c=1).items():
        assert browse(QUICKSTART, tmp_path / name, '--number', 1, '--no-gif',
                      '--seed', seed) == 0
        path, = (tmp_path / name).glob('*.png')
        seen[name] = path.name, path.read_bytes()
    assert seen['a'] == seen['b'] != seen['c']


def browser_of(cfg, seed=0):
    module = runpy.run_path(str(ROOT / 'tools' / TOOL))
    args = type('Args', (), dict(config='config', split=None, seed=seed))
    return module['Browser'](cfg, args)


def tiny(path):
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(DATA)
    return cfg


def test_views_are_what_training_sees():
    """From the pipeline, or from the data preprocessor."""
    cfg = tiny(QUICKSTART)
    *steps, pack = cfg.train_dataloader.dataset.pipeline
    with DefaultScope.overwrite_default_scope('mmaction'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
        dataset.set_epoch(3, 0)
        batch = MODELS.build(cfg.data_preprocessor)(
            pseudo_collate(dataset.__getitems__([4])), training=True)
        view = batch['inputs']['keypoint'][0, :, 0, ..., :3]
        drawn = browser_of(tiny(QUICKSTART), seed=3).panels(4)

        cfg = tiny(QUICKSTART)
        cfg.train_dataloader.dataset.pipeline = [steps[0], pack]
        cfg.data_preprocessor.transforms = steps[1:]
        moved = browser_of(cfg, seed=3).panels(4)
    assert [p.title for p in drawn] == ['as recorded', 'normalised', 'view 1',
                                        'view 2']
    for expected, panel, other in zip(view.numpy(), drawn[2:], moved[2:]):
        lost = ~expected.any((0, 2))
        lost[0] = False  # the root is 0 anyway
        assert np.isnan(panel.keypoint[:, lost]).all()
        assert np.array_equal(panel.keypoint[:, ~lost], expected[:, ~lost])
        assert np.array_equal(panel.keypoint, other.keypoint, equal_nan=True)
        assert panel.times[-1] == pytest.approx(63 / 15)
        names = [panel.layout.joints[j] for j in np.flatnonzero(lost)]
        assert all(name in panel.note for name in names[:3])
    raw, normalised = drawn[:2]
    generator = cfg.train_dataloader.dataset.generator
    found = generate_annotations(**generator)['annotations'][4]
    assert np.array_equal(raw.keypoint, found['keypoint'][0])
    trunk = np.linalg.norm(np.diff(raw.keypoint[:, :6], axis=1), axis=-1)
    assert raw.size == pytest.approx(np.median(trunk.sum(1)))
    assert torch.equal(torch.tensor(normalised.keypoint).float(),
                       dataset.get_data_info(4)['keypoint'][0])


def test_config_of_a_recogniser(ann_file, tmp_path, capsys):
    """Its windows are single; and who has no label or actor says so."""
    data = load_annotations(ann_file)
    for annotation in data['annotations']:
        del annotation['label'], annotation['actor']
    path = tmp_path / 'data.pkl'
    save_annotations(data, path)
    out = tmp_path / 'out'
    assert browse(FINETUNE, out, '--number', 1, '--no-gif', '--split',
                  'xsub_test', options={
                      'train_dataloader.dataset.ann_file': path,
                      'train_dataloader.dataset.classes': None}) == 0
    page = (out / 'index.html').read_text()
    name, = re.findall('<h2>unlabelled, unknown actor, .* s, (.*)</h2>', page)
    assert name in data['split']['xsub_test']


def test_two_dimensions(tmp_path):
    """Pixels, a second person that is padding, and a wrist not seen."""
    layout = get_layout('coco')
    rng = np.random.default_rng(0)
    keypoint = np.zeros((2, 40, 17, 2), np.float32)
    keypoint[0] = rng.normal(500, 90, (40, 17, 2))
    keypoint[0, :, :, 1] += 200 * (np.arange(17) > 10)
    score = np.ones((2, 40, 17), np.float32)
    score[1] = 0
    score[0, :, 9] = 0
    score[0, :5] = 0
    save_annotations(dict(meta=dict(layout='coco'), annotations=[dict(
        frame_dir='../a', fps=30., total_frames=40, keypoint=keypoint,
        keypoint_score=score)]), tmp_path / 'flat.pkl')
    dataset = dict(
        type='mmair.SkeletonDataset', ann_file=str(tmp_path / 'flat.pkl'),
        prepare=[dict(type='mmair.NormalizeSkeleton')],
        pipeline=[dict(type='mmair.SampleWindows', clip_len=30, num_clips=2),
                  dict(type='mmair.AppendMotion'),
                  dict(type='mmair.PackSkeletonInputs')])
    config = tmp_path / 'flat.py'
    config.write_text(f'train_dataloader = dict(dataset={dataset!r})')
    panels = browser_of(Config.fromfile(config)).panels(0)
    raw = panels[0]
    assert raw.keypoint.shape == (35, 17, 3) and raw.times[0] == 5 / 30
    assert raw.note == ('40 frames at 30 Hz, 1.3 s; lost joints: left_wrist; '
                        '5 frames show nobody, not drawn')
    for panel in panels:
        wrist = panel.points()[:, layout.joints.index('left_wrist')]
        assert np.isnan(wrist).all()
        assert np.isfinite(panel.points()).any(-1).sum(1).max() == 16
        height = np.nanmean(panel.points()[..., 1], axis=0)
        assert height[:5].mean() > height[15:].mean() + .5  # upright
    assert browse(config, tmp_path / 'out', '--no-gif', options={}) == 0
    assert (tmp_path / 'out/01_a.png').exists()  # no name leaves the folder


@pytest.mark.parametrize('config, args, options, expected', [
    ('no_such.py', [], {}, 'no_such.py: no such file'),
    (ROOT / 'configs/_base_/default_runtime.py', [], {},
     'train_dataloader has no dataset'),
    (QUICKSTART, ['--split', 'mystery'], DATA, "no split 'mystery'"),
    (FINETUNE, [], {'train_dataloader.dataset.ann_file': 'no.pkl'},
     'no.pkl: cannot be read'),
])
def test_bad_input(config, args, options, expected, tmp_path, capsys):
    assert browse(config, tmp_path, *args, options=options) == 2
    assert expected in sentence(capsys)


def test_folder_that_cannot_be_written(tmp_path, capsys):
    path = tmp_path / 'file'
    path.write_text('')
    assert browse(QUICKSTART, path) == 2
    assert f'{path}: cannot be written' in sentence(capsys)
    assert browse(QUICKSTART, tmp_path, '--number', '0') == 2
    assert 'no whole number from 1 to' in capsys.readouterr().err
