"""The tools that look at configs, logs, checkpoints and scores."""
import hashlib
import json
import os
import pickle
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image
from sklearn.metrics import f1_score
from tiny_runs import (PRETRAIN, QUICKSTART, ROOT, STGCN, recognition,
                       run_tool, sentence)

from mmair.array_file import save_arrays
from mmair.datasets.readers import load_annotations
from mmair.evaluation.class_scores import (ClassScores, align, fuse,
                                           search_weights)
from mmair.evaluation.feature_file import RecordingFeatures
from mmair.registry import MODELS
from mmair.visualization import curve_of, draw_embedding, load_scalars

CLASSES = np.array(['anger', 'fear', 'joy'])


def tool(name, *args, options=None):
    return run_tool(f'analysis_tools/{name}.py', *args, options=options)


def is_picture(path, least=300):
    with Image.open(path) as picture:
        return min(picture.size) >= least and len(
            picture.convert('L').getcolors()) > 5


# print_config

def test_print_config_prints_what_training_runs(tmp_path, capsys):
    out = tmp_path / 'sub/whole.py'
    assert tool('print_config', QUICKSTART, '--out', out, options={
        'train_cfg.max_epochs': 3}) == 0
    whole, original = Config.fromfile(out), Config.fromfile(QUICKSTART)
    assert '_base_' not in out.read_text()
    assert whole.train_cfg.max_epochs == 3
    assert whole.model == original.model
    assert whole.work_dir == 'work_dirs/air_stgcn_quickstart'
    capsys.readouterr()
    assert tool('print_config', QUICKSTART, '--key',
                'train_dataloader.dataset.pipeline.0') == 0
    assert "type='mmair.SampleWindows'" in capsys.readouterr().out


def test_print_config_on_bad_input(tmp_path, capsys):
    assert tool('print_config', 'absent.py') == 2
    assert 'absent.py: no such file' in sentence(capsys)
    for key, expected in (('model.bone', "has no 'bone', but type, "),
                          ('custom_hooks.9', "no '9', but 0 to 3"),
                          ('model.type.x', "no 'x', but nothing")):
        assert tool('print_config', QUICKSTART, '--key', key) == 2
        assert expected in sentence(capsys)
    assert tool('print_config', QUICKSTART, '--out', tmp_path) == 2
    assert 'cannot be written' in sentence(capsys)


# get_flops

@MODELS.register_module(force=True)
class CountedBackbone(torch.nn.Module):
    """6 x 1 x 1 convolution of C channels."""

    def __init__(self, in_channels=3):
        super().__init__()
        self.conv = torch.nn.Conv2d(in_channels, 6, 1)

    def forward(self, x):
        return self.conv(x[:, 0].movedim(-1, 1))[:, None]


def counted(tmp_path, **model):
    path = tmp_path / 'counted.py'
    path.write_text(f'''
model = dict(type='mmair.VICReg', backbone=dict(
    type='mmair.CountedBackbone', in_channels=5), neck=dict(
    type='mmair.ProjectionNeck', in_channels=6, hid_channels=7,
    out_channels=4), **{model!r})
val_dataloader = dict(dataset=dict(pipeline=[
    dict(type='mmair.SampleWindows', clip_len=16, num_clips=3)]))
''')
    return path


def test_flops_are_those_counted_by_hand(tmp_path, capsys):
    """A convolution of 1 x 1 costs C * C' at every point."""
    path = counted(tmp_path)
    assert tool('get_flops', path) == 2
    assert 'does not tell the frames' in sentence(capsys)
    assert tool('get_flops', path, '--shape', 1, 10, 7, 5) == 0
    printed = capsys.readouterr().out
    assert f'{5 * 6 + 6} parameters' in printed
    assert 'Window        1 x 10 x 7 x 5 ' in printed
    flops = 5 * 6 * 10 * 7
    assert f': {flops:,} multiply-adds' in printed
    assert f'3 windows in the test: {3 * flops:,} ' in printed
    assert tool('get_flops', path, '--shape', 1, 10, 7, 4) == 2
    assert 'does not take windows (M, T, V, C) of (1, 10, 7, 4)' in sentence(
        capsys)


def test_flops_of_a_config(capsys):
    assert tool('get_flops', QUICKSTART, '--table') == 0
    printed = capsys.readouterr().out
    assert '1 x 64 x 23 x 6' in printed and '4 windows' in printed
    model = MODELS.build(Config.fromfile(QUICKSTART).model)
    for module in (model, model.backbone):
        assert f'{sum(p.numel() for p in module.parameters()):,} param' in \
            printed
    assert 'gcn.0' in printed  # the table
    assert tool('get_flops', ROOT / 'configs/_base_/default_runtime.py') == 2
    assert 'has no model.backbone' in sentence(capsys)


# analyze_logs

def write_log(folder, offset=0.):
    """Two epochs of three iterations, and a validation after each."""
    path = folder / '20260101_000000/vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    lines = []
    for epoch in (1, 2):
        for i in (1, 2, 3):
            step = 3 * (epoch - 1) + i
            lines.append(dict(loss=9. - step + offset, lr=.1, epoch=epoch,
                              iter=step, step=step))
        lines.append({'emotion/macro_f1': 20. * epoch + offset,
                      'step': epoch})
    path.write_text(''.join(f'{json.dumps(line)}\n' for line in lines))
    return folder


def test_logs_are_drawn_and_summed_up(tmp_path, capsys):
    runs = [write_log(tmp_path / 'a'), write_log(tmp_path / 'b', 1.)]
    out = tmp_path / 'curves.png'
    assert tool('analyze_logs', *runs, '--out', out) == 0
    assert is_picture(out)
    rows = capsys.readouterr().out
    assert '| a | loss | 3 | 3 (epoch 2) | 8 (epoch 0.333) |' in rows
    assert '| b | emotion/macro_f1 | 41 | 21 (epoch 1) | 41 (epoch 2) |' in \
        rows
    assert 'lr' not in rows
    assert tool('analyze_logs', runs[0], '--keys', 'l?', '--out', out) == 0
    assert '| a | lr | 0.1' in capsys.readouterr().out


def test_curve_puts_training_and_validation_on_one_axis(tmp_path):
    records = load_scalars(next(write_log(tmp_path).rglob('scalars.json')))
    epochs, values = curve_of(records, 'loss')
    assert epochs.tolist() == pytest.approx([n / 3 for n in range(1, 7)])
    assert values.tolist() == [8, 7, 6, 5, 4, 3]
    assert curve_of(records, 'emotion/macro_f1')[0].tolist() == [1, 2]
    assert curve_of(records, 'absent') is None


def test_logs_that_were_put_elsewhere(tmp_path, capsys):
    log = next(write_log(tmp_path / 'a').rglob('scalars.json'))
    shutil.copy(log, tmp_path / 'b.json')
    assert tool('analyze_logs', log, tmp_path / 'b.json', '--out',
                tmp_path / 'curves.png') == 0
    rows = capsys.readouterr().out
    assert '| a | loss |' in rows and '| b.json | loss |' in rows
    names_of = runpy.run_path(
        ROOT / 'tools/analysis_tools/analyze_logs.py')['names_of']
    assert names_of([Path('/scalars.json')]) == ['scalars.json']


def test_analyze_logs_on_bad_input(tmp_path, capsys):
    log = write_log(tmp_path / 'a')
    for args, expected in (
            ([tmp_path / 'no'], 'no: not readable as a log'),
            ([tmp_path], 'no */vis_data/scalars.json'),
            ([log, '--keys', 'absent'], '--keys absent: nothing of that name '
             'was logged, but loss, lr, emotion/macro_f1'),
            ([log, log], 'is given twice'),
            ([log, '--out', tmp_path / 'x.doc'], 'of no kind that can be '
             'drawn')):
        assert tool('analyze_logs', *args) == 2
        assert expected in sentence(capsys)


# test.py --dump, confusion_matrix, fuse_scores

@pytest.fixture(scope='module')
def recognised(ann_file, tmp_path_factory):
    """Folder of a recogniser of one epoch, and its scores."""
    work_dir = tmp_path_factory.mktemp('recognised')
    options = {**recognition(ann_file),
               'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 9}
    assert run_tool('train.py', STGCN, '--work-dir', work_dir,
                    options=options) == 0
    assert run_tool('test.py', STGCN, work_dir / 'epoch_1.pth',
                    '--work-dir', work_dir, '--dump',
                    work_dir / 'scores.npz', options=options) == 0
    return work_dir


def test_dumped_scores_are_what_was_tested(recognised, ann_file):
    scores = ClassScores.load(recognised / 'scores.npz')
    data = load_annotations(ann_file)
    assert sorted(scores.frame_dir) == sorted(data['split']['xsub_test'])
    names = data['meta']['classes']
    truth = {a['frame_dir']: names[a['label']] for a in data['annotations']}
    assert [scores.classes[i] for i in scores.label] == [
        truth[name] for name in scores.frame_dir]
    logged = json.loads(next(recognised.glob('*/2*.json')).read_text())
    assert scores.scores()['macro_f1'] == pytest.approx(
        logged['emotion/macro_f1'])


def test_dump_says_what_it_cannot(pretrained, tmp_path, capsys):
    checkpoint = pretrained / 'epoch_2.pth'
    for name, expected in (('x.csv', 'must end in .npz or .pkl'),
                           ('x.npz', 'gives features, no class scores')):
        assert run_tool('test.py', QUICKSTART, checkpoint, '--work-dir',
                        tmp_path, '--dump', tmp_path / name,
                        options=PRETRAIN) == 2
        assert expected in sentence(capsys)


def some(score, label=(0, 1, 2, 2), names='abcd', classes=CLASSES):
    return ClassScores(np.array(list(names)), np.array(label),
                       np.array(score, float), np.array(classes))


#: Right about a and b; about c and d; both in other orders.
FIRST = some([[.8, .1, .1], [.1, .8, .1], [.5, .1, .4], [.1, .5, .4]])
SECOND = some([[.1, .2, .7], [.1, .1, .8], [.4, .3, .3], [.2, .4, .4]],
              (2, 2, 0, 1), 'dcab')


def test_fusion_by_hand():
    first, second = align([FIRST, SECOND], ['1', '2'])
    assert second.frame_dir.tolist() == list('abcd')
    assert second.label.tolist() == [0, 1, 2, 2]
    fused = fuse([first, second], [2, 1])
    assert fused.score[0].tolist() == pytest.approx(
        [(2 * .8 + .4) / 3, (2 * .1 + .3) / 3, (2 * .1 + .3) / 3])
    assert fused.score[3].tolist() == pytest.approx(
        [.1, (1 + .2) / 3, (.8 + .7) / 3])
    assert fused.scores()['top1'] == 100
    assert first.scores()['top1'] == 50


def test_search_finds_the_best_weights_and_prefers_even_ones():
    """Against all multiples of a tenth, by sklearn."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 60)
    names = [str(n) for n in range(60)]
    streams = []
    for strength in (1.5, .6, 0):
        logits = rng.normal(size=(60, 3))
        logits[np.arange(60), label] += strength
        score = np.exp(logits)
        streams.append(some(score / score.sum(1, keepdims=True), label,
                            names))
    best, value = search_weights(streams)
    every = {}
    for i in range(11):
        for j in range(11 - i):
            weights = np.array([i, j, 10 - i - j]) / 10
            mean = sum(w * s.score for w, s in zip(weights, streams))
            every[tuple(weights)] = 100 * f1_score(
                label, mean.argmax(1), average='macro')
    assert sum(best) == pytest.approx(1)
    assert value == pytest.approx(max(every.values()))
    assert every[min(every, key=lambda w: np.abs(
        np.subtract(w, best)).sum())] == pytest.approx(value)
    assert search_weights([streams[0]] * 2)[0] == (.5, .5)


def test_fuse_scores_tool(tmp_path, capsys):
    paths = [tmp_path / f'{name}.npz' for name in ('joint', 'bone', 'val1',
                                                   'val2', 'out')]
    FIRST.save(paths[0])
    SECOND.save(paths[1])
    # On validation recordings the second stream is always wrong.
    truth = np.eye(3)[[0, 1, 2, 2]]
    some(truth, names='efgh').save(paths[2])
    some(truth[:, [1, 2, 0]], names='efgh').save(paths[3])
    assert tool('fuse_scores', *paths[:2], '--weights', 2, 1, '--out',
                paths[4]) == 0
    assert '| fused |  | 100.0 | 100.0 | 100.0 |' in capsys.readouterr().out
    assert ClassScores.load(paths[4]).frame_dir.tolist() == list('abcd')
    assert tool('fuse_scores', *paths[:2], '--validation', *paths[2:4]) == 0
    printed = capsys.readouterr().out
    assert '4 validation recordings, 100.0 %: 0.6 0.4' in printed
    for out in (tmp_path / 'f.txt', paths[0] / 'f.npz'):
        assert tool('fuse_scores', *paths[:2], '--out', out) == 2
        printed, told = capsys.readouterr()
        assert not printed and f'error: {out}: ' in told


def test_streams_without_labels_are_fused(tmp_path, capsys):
    paths = [tmp_path / name for name in ('a.npz', 'b.npz', 'out.npz')]
    for path, stream in zip(paths, (FIRST, SECOND)):
        stream._replace(label=np.full(4, -1)).save(path)
    assert tool('fuse_scores', *paths[:2], '--out', paths[2]) == 0
    printed = capsys.readouterr().out
    assert 'No recording has a label: nothing is scored\n' in printed
    assert 'macro-F1' not in printed
    found = ClassScores.load(paths[2])
    assert (found.label == -1).all() and found.score[0].tolist() == (
        pytest.approx([.6, .2, .2]))


@pytest.mark.parametrize('streams, args, expected', [
    ([FIRST], [], 'one stream alone'),
    ([FIRST, SECOND], ['--weights', '1'], '1 numbers, expected 2'),
    ([FIRST, SECOND], ['--weights', '0', '0'], 'not all 0'),
    ([FIRST, SECOND], ['--weights', '1', 'nan'], 'not all 0'),
    ([FIRST, SECOND], ['--validation', '0'], '1 files, expected 2'),
    ([FIRST, SECOND], ['--validation', '0', '1'],
     "4 of its recordings are tested in"),
    ([FIRST, some(SECOND.score, SECOND.label, 'dcax')], [],
     "2 recordings are not in both this file and"),
    ([FIRST, some(SECOND.score, (2, 2, 1, 1), 'dcab')], [],
     "'a' has another label than in"),
    ([FIRST, SECOND._replace(classes=CLASSES[::-1])], [],
     'has the classes joy, fear, anger'),
    ([FIRST, FIRST._replace(label=np.full(4, -1))], [], 'has another label'),
])
def test_fuse_scores_on_bad_input(streams, args, expected, tmp_path, capsys):
    paths = []
    for number, stream in enumerate(streams):
        paths.append(tmp_path / f'{number}.npz')
        stream.save(paths[-1])
    args = [paths[int(a)] if args[0] == '--validation' and a.isdigit()
            else a for a in args]
    assert tool('fuse_scores', *paths, *args) == 2
    assert expected in sentence(capsys)


class Hostile:

    def __reduce__(self):
        return os.system, ('touch hostile_mark', )


def test_files_of_strangers_run_no_code(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickled, arrays = tmp_path / 'a.pkl', tmp_path / 'a.npz'
    pickled.write_bytes(pickle.dumps([Hostile()]))
    np.savez(arrays, **dict(FIRST._asdict(), score=np.array(
        [Hostile()], dtype=object)))
    for path, expected in ((pickled, 'a pickle may run any code'),
                           (arrays, 'is no .npz of plain arrays')):
        assert tool('confusion_matrix', path) == 2
        assert expected in sentence(capsys)
    pickled.rename(arrays)
    assert tool('plot_tsne', arrays) == 2
    assert 'is no .npz of plain arrays (no zip' in sentence(capsys)
    assert not (tmp_path / 'hostile_mark').exists()


@pytest.mark.parametrize('name, dtype, expected', [
    ('frame_dir', '<f4', "'frame_dir': 100000000000, "),
    ('classes', '<U5', 'expected at most 10000 names')])
def test_no_huge_array_is_unpacked(name, dtype, expected, tmp_path, capsys):
    """It is refused by its header; what follows is not even there."""
    path = tmp_path / 'scores.npz'
    arrays = FIRST._asdict()
    del arrays[name]
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, 'a') as file:
        with file.open(f'{name}.npy', 'w') as array:
            np.lib.format.write_array_header_1_0(array, dict(
                descr=dtype, fortran_order=False, shape=(10**11, )))
    assert tool('confusion_matrix', path) == 2
    assert expected in sentence(capsys)


def test_confusion_matrix(recognised, tmp_path, capsys):
    out = tmp_path / 'confusion.png'
    assert tool('confusion_matrix', recognised / 'scores.npz', '--out',
                out) == 0
    assert is_picture(out)
    path = tmp_path / 'some.npz'
    some(FIRST.score, (0, 1, 2, -1)).save(path)
    capsys.readouterr()
    assert tool('confusion_matrix', path, '--out', out) == 0
    printed = capsys.readouterr().out
    assert '3 recordings, 1 without a label left out' in printed
    assert '   joy    1    0    0\n' in printed


@pytest.mark.parametrize('changes, expected', [
    (dict(score=FIRST.score * 2), 'its scores are no probabilities'),
    (dict(score=FIRST.score[:, :2]), 'expected (recordings, classes)'),
    (dict(label=np.array([0, 1, 2, 3])), 'has the label 3'),
    (dict(frame_dir=np.array(list('abca'))), "has 'a' 2 times"),
    (dict(label=np.array([0, 1])), 'expected one length'),
    (dict(classes=np.array(['joy', 'joy', 'fear'])), 'none is twice or empty'),
])
def test_confusion_matrix_on_bad_input(changes, expected, tmp_path, capsys):
    path = tmp_path / 'scores.npz'
    save_arrays(path, **FIRST._replace(**changes)._asdict())
    assert tool('confusion_matrix', path) == 2
    assert expected in sentence(capsys)


# extract_features, plot_tsne

DATA = {k: v for k, v in PRETRAIN.items()
        if any(part in k for part in ('backbone', 'val_dataloader', 'neck',
                                      'codebook'))}


def test_features_and_their_picture(pretrained, tmp_path, capsys):
    """The same of encoder.pth and of the whole checkpoint."""
    paths = [tmp_path / f'{name}.npz' for name in 'abc']
    for path, checkpoint in zip(paths, ('encoder.pth', 'epoch_2.pth',
                                        'backbone.pth')):
        assert tool('extract_features', QUICKSTART, pretrained / checkpoint,
                    '--out', path, options=DATA) == 0
    found, same, gcn = map(RecordingFeatures.load, paths)
    assert np.array_equal(found.feature, same.feature)
    # Mean and deviation of three parts; 8 channels, and labels: fine and
    # coarse ones of three streams.
    width = 8 + 2 * 3 * PRETRAIN['model.codebook.num_labels']
    assert found.feature.shape == (28, 2 * 3 * width)
    np.testing.assert_allclose(
        found.feature.reshape(28, 6, width)[..., :8].reshape(28, -1),
        gcn.feature, atol=1e-6)
    assert set(found.actor) == {'S01', 'S02'} and len(found.classes) == 7
    assert all(found.classes[label] in name
               for label, name in zip(found.label, found.frame_dir))
    out = tmp_path / 'tsne.png'
    assert tool('plot_tsne', paths[0], '--out', out) == 0
    assert is_picture(out)

    assert tool('extract_features', QUICKSTART, pretrained / 'backbone.pth',
                '--out', tmp_path / 'a.pkl', options=DATA) == 2
    assert 'must end in .npz' in sentence(capsys)
    # Before the checkpoint is read, which is none.
    assert tool('extract_features', QUICKSTART, paths[0], '--out',
                paths[0] / 'a.npz', options=DATA) == 2
    assert 'a.npz: cannot be written' in sentence(capsys)
    assert tool('extract_features', QUICKSTART, pretrained / 'encoder.pth',
                '--out', paths[1], options={
                    **DATA, 'val_dataloader.dataset.generator.layout':
                    'kdae'}) == 2
    assert "21 joints (layout 'kdae'), the graph of the backbone 23" in (
        sentence(capsys))
    assert tool('extract_features', QUICKSTART, pretrained / 'backbone.pth',
                '--out', paths[0], '--split', 'mystery', options=DATA) == 2
    assert "no split 'mystery'" in sentence(capsys)
    other = {**DATA, 'model.backbone.base_channels': 6}
    assert tool('extract_features', QUICKSTART, pretrained / 'backbone.pth',
                '--out', paths[0], options=other) == 2
    assert 'use a checkpoint of the same backbone' in sentence(capsys)


def test_tsne_of_a_selection(tmp_path, capsys, monkeypatch):
    names = np.array([f'r{i}' for i in range(40)])
    RecordingFeatures(
        np.random.default_rng(0).normal(size=(40, 3)), names,
        np.arange(40) % 3, names, names, CLASSES).save(tmp_path / 'all.npz')
    drawn = []

    def draw(points, groups, title):
        drawn.append((len(points), title, *map(tuple, groups.values())))
        return draw_embedding(points, groups, title)

    monkeypatch.setattr('mmair.visualization.draw_embedding', draw)
    for args in ([], ['--most', 40], *[['--most', 9, '--seed', s]
                                       for s in (0, 0, 1)]):
        assert tool('plot_tsne', tmp_path / 'all.npz', '--out',
                    tmp_path / 'tsne.png', *args) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(' drawn')[0] for line in said] == (
        2 * ['40 recordings'] + 3 * ['9 of 40 recordings'])
    assert drawn[0] == drawn[1] and drawn[0][3] == tuple(names)
    some, same, other = drawn[2:]
    assert some == same and some[3] != other[3]
    assert some[0] == len(set(some[3])) == 9
    assert some[1].startswith('t-SNE of 9 of 40 recordings, perplexity')
    assert all(emotion == CLASSES[int(name[1:]) % 3]
               for emotion, name in zip(*some[2:]))


def test_tsne_on_bad_input(tmp_path, capsys):
    path, names = tmp_path / 'few.npz', np.array(list('abcd'))
    few = RecordingFeatures(np.ones((4, 3)), names, np.zeros(4, int), names,
                            names, CLASSES)
    many = RecordingFeatures(*(np.concatenate((field, field))
                               for field in few[:5]), CLASSES)
    for data, args, expected in (
            (few, [], 'holds 4 recordings, expected at least 5'),
            (few._replace(feature=np.full((4, 3), np.nan)), [],
             'not finite'),
            (few._replace(feature=np.ones(4)), [], 'shape (4,)'),
            (many, [], '0 of 3 columns of its features differ'),
            (many._replace(feature=np.arange(8.)[:, None]), [],
             '1 of 1 columns'),
            (few._replace(label=np.full(4, -2)), [], 'label -2 or -2,'),
            (few._replace(label=np.full(4, 3)), [], 'has the label 3')):
        data.save(path)
        assert tool('plot_tsne', path, *args) == 2
        assert expected in sentence(capsys)
    FIRST.save(path)
    assert tool('plot_tsne', path) == 2
    assert 'lacks feature, actor, recording' in sentence(capsys)


def test_every_point_is_drawn_once_and_named():
    points = np.random.default_rng(0).normal(size=(60, 2))
    groups = np.array([f'a{n % 24:02d}' if n else '' for n in range(60)])
    by_actor, by_class = draw_embedding(
        points, dict(actor=groups, kind=np.array(['x', 'y'] * 30))).axes
    drawn = np.concatenate([c.get_offsets() for c in by_actor.collections])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, points))
    names = [t.get_text() for t in by_actor.get_legend().get_texts()]
    assert len(names) == 21 and names[-2:] == ['5 others', 'unknown']
    x, y = by_class.collections
    assert np.array_equal(x.get_offsets(), points[::2])


# publish_model

def published(out):
    path, = out.parent.glob(f'{out.name}-*.pth')
    return path


def test_published_recogniser(recognised, tmp_path):
    """Its weights and classes alone, under the hash of the file."""
    assert tool('publish_model', recognised / 'epoch_1.pth', '--out',
                tmp_path / 'zoo/model.pth', '--layout', 'ebedb') == 0
    path = published(tmp_path / 'zoo/model')
    assert path.stem == 'model-' + hashlib.sha256(
        path.read_bytes()).hexdigest()[:8]
    # Read without mmair, which allows more types.
    script = ('import sys, torch; x = torch.load(sys.argv[1], '
              'weights_only=True); print(sorted(x), sorted(x["meta"]))')
    done = subprocess.run([sys.executable, '-c', script, str(path)],
                          capture_output=True, text=True)
    assert done.stdout == ("['meta', 'state_dict'] ['dataset_meta', "
                           "'layout', 'mmair_version']\n"), done.stderr
    whole = torch.load(recognised / 'epoch_1.pth')
    found = torch.load(path)
    assert found['state_dict'].keys() == whole['state_dict'].keys()
    assert all(torch.equal(v, whole['state_dict'][k])
               for k, v in found['state_dict'].items())
    assert found['meta']['dataset_meta'] == dict(
        classes=list(whole['meta']['dataset_meta']['classes']))
    assert path.stat().st_size < .6 * (
        recognised / 'epoch_1.pth').stat().st_size


def test_of_a_pretraining_the_encoder_is_published(pretrained, tmp_path,
                                                   capsys):
    """Not the features of the recordings, which the rest holds."""
    for name, same in (('epoch_2.pth', 'encoder.pth'),
                       ('encoder.pth', 'encoder.pth'),
                       ('backbone.pth', 'backbone.pth')):
        out = tmp_path / name[:5]
        assert tool('publish_model', pretrained / name, '--out', out) == 0
        found = torch.load(published(out))['state_dict']
        expected = torch.load(pretrained / same)['state_dict']
        assert found.keys() == expected.keys()
        assert all(torch.equal(v, expected[k]) for k, v in found.items())
    assert torch.load(published(out))['meta']['layout'] == 'ebedb'

    assert tool('publish_model', 'absent.pth', '--out', out) == 2
    assert 'absent.pth: no such file' in sentence(capsys)
    path = tmp_path / 'hostile.pth'
    torch.save(dict(state_dict={}, meta=Hostile()), path)
    assert tool('publish_model', path, '--out', out) == 2
    assert 'not loaded' in sentence(capsys)
    torch.save(dict(state_dict=dict(a=1)), path)
    assert tool('publish_model', path, '--out', out) == 2
    assert 'holds no state_dict of tensors' in sentence(capsys)
    assert tool('publish_model', pretrained / 'backbone.pth', '--out', out,
                '--layout', 'mystery') == 2
    assert 'leave --layout out' in sentence(capsys)


def test_what_is_not_published(recognised, tmp_path, capsys):
    def refused(expected, *args, **changes):
        found = torch.load(recognised / 'epoch_1.pth')
        for part, values in changes.items():
            found[part].update(values)
        torch.save(found, tmp_path / 'x.pth')
        assert tool('publish_model', tmp_path / 'x.pth', '--out',
                    tmp_path / 'out', *args) == 2
        assert expected in sentence(capsys)
    unknown = dict(layout=None)  # as of other programs
    refused("unknown layout 'mystery'", '--layout', 'mystery', meta=unknown)
    refused("its graph has 23 joints, the layout 'kdae' (21 joints)",
            '--layout', 'kdae', meta=unknown)
    refused("is of the layout 'ebedb', not 'emilya'", '--layout', 'emilya')
    refused('the class names are', meta=dict(dataset_meta=dict(
        classes=['joy'] * 7)))
    refused('x.pth: cls_head.fc.bias is not finite', state_dict={
        'cls_head.fc.bias': torch.full((7, ), torch.nan)})
    assert not list(tmp_path.glob('out*'))


# collect_env

def test_collect_env_finds_nothing_missing(capsys, monkeypatch):
    monkeypatch.delenv('MMACTION2_ROOT', raising=False)
    assert not tool('collect_env')
    printed = capsys.readouterr().out
    assert 'Nothing is missing.' in printed
    assert 'AIR, AimCLR' in printed and 'EBEDBDataset' in printed
    assert f'torch            {torch.__version__}' in printed


@pytest.fixture
def doctor():
    module = runpy.run_path(str(ROOT / 'tools/analysis_tools/collect_env.py'))
    return module['Doctor'](), module['Doctor'].packages.__globals__


def test_collect_env_says_how_to_mend(doctor, capsys, monkeypatch, tmp_path):
    doctor, names = doctor
    monkeypatch.setitem(names, 'requirements', lambda: [
        ('no-such-package', '2.0'), ('numpy', '99.1'), ('pytest', None)])
    doctor.packages()
    monkeypatch.setenv('MMACTION2_ROOT', str(tmp_path))
    doctor.checkout()
    problems = dict(doctor.missing)
    assert f'{sys.executable} -m pip install "no-such-package>=2.0"' == \
        problems['no-such-package: missing']
    assert any('expected 99.1 or newer' in p for p in problems)
    assert problems[f'MMACTION2_ROOT: {tmp_path} has no projects/ctrgcn'
                    ].startswith('git clone')
    assert len(problems) == 3
    assert names['older']('2.13.0+cpu', '2.6') is False
    assert names['older']('0.10.6', '0.10.7') is True


def test_collect_env_tells_what_the_registries_hide(doctor, monkeypatch):
    doctor, names = doctor

    def broken(name):
        raise ImportError("cannot import name 'x'")
    monkeypatch.setattr(names['importlib'], 'import_module', broken)
    doctor.mmair()
    (problem, remedy), = doctor.missing
    assert problem == ("mmair: cannot be imported (ImportError: cannot "
                       "import name 'x')")
    assert 'pip install -e' in remedy


def test_collect_env_needs_nothing_but_python(tmp_path):
    """Where nothing is installed, it says so, and exits with 1."""
    done = subprocess.run(
        [sys.executable, '-I', '-S',
         str(ROOT / 'tools/analysis_tools/collect_env.py')],
        capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and not done.stderr
    assert 'torch            missing' in done.stdout
    assert 'To be mended:' in done.stdout
