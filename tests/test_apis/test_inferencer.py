import csv
import json
import os
import pickle
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from tiny_runs import QUICKSTART, ROOT, run_tool, sentence

import mmair.visualization.emotion as emotion
from mmair.apis import EmotionInferencer, write_json, write_table
from mmair.compat import get_pred_score
from mmair.datasets.readers import (load_annotations, read_bvh,
                                    save_annotations)
from mmair.datasets.synthetic import EMOTIONS
from mmair.datasets.transforms import MapLayout
from mmair.errors import InputError
from mmair.registry import MODELS

#: Where only the grouping of a sum may differ.
CLOSE = dict(rtol=0, atol=2e-6)


def scores(result):
    return np.array(list(result['scores'].values()))


def said_by_test_tool(trained, tmp_path, ann_file, split=None):
    """What tools/test.py says of each recording of a file."""
    dump = tmp_path / 'dump.pkl'
    options = {'test_dataloader.dataset.ann_file': ann_file,
               'test_dataloader.dataset.split': split}
    assert run_tool('test.py', trained.config, trained.checkpoint, '--dump',
                    dump, '--work-dir', tmp_path, options=options) == 0
    with open(dump, 'rb') as file:
        return {s['frame_dir']: get_pred_score(s).numpy()
                for s in pickle.load(file)}


@pytest.fixture(scope='module')
def body(trained):
    """A recording of 3 seconds or so, (T, V, 3)."""
    return load_annotations(trained.data)['annotations'][0]['keypoint'][0]


def test_an_annotation_file_is_scored_as_tools_test_does(
        trained, inferencer, tmp_path):
    expected = said_by_test_tool(trained, tmp_path, trained.data, 'xsub_test')
    found = inferencer(trained.data, split='xsub_test')
    assert found['skipped'] == [] and found['classes'] == list(
        inferencer.classes)
    assert [r['recording'] for r in found['results']] == list(expected)
    for result in found['results']:
        # On a GPU the last digit depends on the size of the batch.
        assert scores(result) == pytest.approx(
            expected[result['recording']], abs=1e-6)
        assert result['emotion'] == inferencer.classes[
            expected[result['recording']].argmax()]
        assert sum(result['scores'].values()) == pytest.approx(1, abs=1e-5)
    # The comparisons of this file mean something.
    assert np.std(list(expected.values()), 0).max() > .02


def test_a_folder_of_bvh_is_scored_as_its_conversion(
        trained, inferencer, bvh_folder, tmp_path):
    data = tmp_path / 'own.pkl'
    assert run_tool(
        'dataset_converters/bvh_folder.py', bvh_folder, '--out', data,
        '--layout', 'ebedb', '--pattern', r'(?P<emotion>[a-z]+)[.]bvh',
        '--classes', *inferencer.classes) == 0
    expected = said_by_test_tool(trained, tmp_path, data)
    (bvh_folder / 'notes.md').write_text('no recording')
    found = inferencer(bvh_folder)
    assert len(found['results']) == len(EMOTIONS) == len(expected)
    for result in found['results']:
        name = result['recording'].split('/')[-1]
        np.testing.assert_allclose(scores(result), expected[name], **CLOSE)
        alone, = inferencer(result['source'])['results']
        np.testing.assert_allclose(scores(alone), expected[name], **CLOSE)


def test_all_formats_of_a_recording_say_the_same(inferencer, bvh_folder,
                                                 tmp_path):
    path = bvh_folder / 'A1' / f'{EMOTIONS[1]}.bvh'
    expected, = inferencer(path)['results']
    assert expected['fps'] == 60
    x = read_bvh(path).select(inferencer.layout.joints) / 100
    np.save(tmp_path / 'x.npy', x)
    np.savetxt(tmp_path / 'x.txt', x.reshape(len(x), -1), fmt='%.7f')
    header = ','.join(f'{joint}.{axis}' for joint in reversed(
        inferencer.layout.joints) for axis in 'xyz')
    np.savetxt(tmp_path / 'x.csv', x[:, ::-1].reshape(len(x), -1),
               delimiter=',', header=header, comments='', fmt='%.7f')
    z_up = np.stack((x[..., 0], -x[..., 2], x[..., 1]), -1)
    np.save(tmp_path / 'z.npy', 1000 * z_up)
    for source, options in ((tmp_path / 'x.npy', {}), (tmp_path / 'x.txt', {}),
                            (str(tmp_path / 'x.csv'), {}), (x, {}),
                            (x.astype(np.float64)[None], {}),
                            (tmp_path / 'z.npy', dict(up_axis='z'))):
        result, = inferencer(source, fps=60, **options)['results']
        np.testing.assert_allclose(scores(result), scores(expected),
                                   rtol=0, atol=1e-4)
        assert result['seconds'] == expected['seconds']
    other, = inferencer(x, fps=20)['results']
    assert np.abs(scores(other) - scores(expected)).max() > 1e-3


def test_a_store_is_read_as_the_file_it_is_of(trained, inferencer, tmp_path):
    save_annotations(load_annotations(trained.data), tmp_path / 'store')
    found = inferencer(tmp_path / 'store', split='xsub_test')['results']
    expected = inferencer(trained.data, split='xsub_test')['results']
    for one, other in zip(found, expected, strict=True):
        assert one['scores'] == other['scores']


def test_every_window_is_a_recording_of_its_own(inferencer, body):
    x = np.concatenate((body, body[::-1]))[:82]
    result, = inferencer(x, fps=30, window=1, step=.5)['results']
    spans = [(round(w['start'] * 30), round(w['end'] * 30))
             for w in result['windows']]
    # The last one ends with the recording.
    assert spans == [(0, 30), (15, 45), (30, 60), (45, 75), (52, 82)]
    for (start, end), window in zip(spans, result['windows']):
        alone, = inferencer(x[start:end], fps=30)['results']
        np.testing.assert_allclose(scores(window), scores(alone), **CLOSE)
        assert window['emotion'] == alone['emotion']
    np.testing.assert_allclose(
        scores(result), np.mean([scores(w) for w in result['windows']], 0))
    few, = inferencer(x, fps=30, window=1, step=1e308)['results']
    assert [w['start'] for w in few['windows']] == [0, 52 / 30]
    # A shorter recording is one window.
    whole, = inferencer(x, fps=30)['results']
    for window in (60, 1e308):
        short, = inferencer(x, fps=30, window=window)['results']
        assert [short['scores'], len(short['windows'])] == [whole['scores'],
                                                            1]


def test_every_person_has_a_result(inferencer, trained, body):
    other = load_annotations(trained.data)['annotations'][5]['keypoint'][0]
    frames = min(len(body), len(other))
    pair = [body[:frames], other[:frames]]
    nobody = np.zeros_like(pair[0])
    found = inferencer(np.stack([pair[0], nobody, pair[1]]), fps=30)
    assert [r['person'] for r in found['results']] == [0, 2]
    for result, x in zip(found['results'], pair):
        alone, = inferencer(x, fps=30)['results']
        assert result['persons'] == 3
        np.testing.assert_allclose(scores(result), scores(alone), **CLOSE)


def test_nan_is_missing_and_reported(inferencer, body):
    x = body[:60].copy()
    x[10:13, 14] = np.nan  # short: on the line between
    result, = inferencer(x, fps=30)['results']
    filled = x.copy()
    weight = np.array([.25, .5, .75])[:, None]
    filled[10:13, 14] = (1 - weight) * x[9, 14] + weight * x[13, 14]
    expected, = inferencer(filled, fps=30)['results']
    np.testing.assert_allclose(scores(result), scores(expected), rtol=0,
                               atol=1e-5)
    assert result['missing'] == dict(
        joints=pytest.approx(3 / 60 / len(inferencer.layout)), frames=0)
    assert expected['missing'] == dict(joints=0, frames=0)
    x[20:40] = np.nan
    result, = inferencer(x, fps=30, window=1, step=.5)['results']
    assert result['missing']['frames'] == pytest.approx(20 / 60)
    used = [w['scores'] is not None for w in result['windows']]
    assert used == [True, False, True]
    assert 'seen in 33% of the frames' in result['windows'][1]['reason']
    np.testing.assert_allclose(scores(result), np.mean(
        [scores(w) for w in result['windows'] if w['scores']], 0))


def refuse(call, *words):
    with pytest.raises(InputError) as error:
        call()
    text = str(error.value)
    assert '\n' not in text
    for word in words:
        assert word in text, text


def test_arrays_that_cannot_be_used(inferencer, body):
    def of(x, **kwargs):
        return lambda: inferencer(x, **dict(dict(fps=30), **kwargs))

    refuse(of(body[:, :17]), '17, 3', "'ebedb' (23 joints)")
    refuse(of(body[..., :2]), '23, 2', '(T, 23, 3)')
    refuse(of(body[0]), '(23, 3)')
    refuse(of(body[:0]), '0 frames', 'at least 2')
    refuse(of(body[:1]), '1 frames', 'one pose is no movement')
    refuse(of(body[None][:0]), '0 frames')
    refuse(of(np.where(body > 1, np.inf, body)), 'infinity')
    refuse(of(np.full_like(body, np.nan)), 'no joint of any person is seen')
    refuse(of(np.zeros_like(body)), 'no joint of any person is seen')
    lost = body.copy()
    lost[:, inferencer.layout.limbs['left_leg'][0]] = np.nan
    refuse(of(lost), 'LeftHip: never seen')
    refuse(of(body.astype(str)), 'expected numbers')
    refuse(of([1, 2]), 'type list')
    refuse(of(body, fps=None), 'frame rate; give fps')
    for fps in (-1, 0, 1e-5, 1e300):
        refuse(of(body, fps=fps), f'fps is {fps}', '0.1 to 10000')
    refuse(of(body, unit='mm'), "array: unit is 'mm'", 'leave it out')
    refuse(of(body, split='test'), 'for annotation files alone')
    refuse(of(body, window=-1), 'window is -1')
    refuse(of(body, window=1, step=0), 'step is 0')
    refuse(of(body, step=1), 'without a window')


def test_files_that_cannot_be_used(inferencer, trained, body, tmp_path):
    def of(name, **kwargs):
        return lambda: inferencer(tmp_path / name, **dict(
            dict(fps=30), **kwargs))

    refuse(of('none.bvh'), 'none.bvh: no such file or folder')
    (tmp_path / 'film.mp4').write_text('')
    refuse(of('film.mp4'), "'.mp4'", '.bvh, .csv, .txt, .npy')
    refuse(of('.'), 'no file ends in')
    for name, x in dict(wide=body[:, :17], one=body[:1],
                        tiny=body / 1e6).items():
        np.save(tmp_path / f'{name}.npy', x)
    refuse(of('wide.npy'), 'wide.npy', '17, 3', '(frames, 23, 3)')
    refuse(of('one.npy'), 'one.npy: has 1 frames')
    refuse(of('tiny.npy'), 'in no known unit')
    hole = body.copy()
    hole[3, 2, 1] = np.nan
    np.save(tmp_path / 'hole.npy', hole)
    refuse(of('hole.npy'), 'value [3, 2, 1] is nan')
    np.save(tmp_path / 'fine.npy', body)
    refuse(of('fine.npy', fps=None), 'frame rate; give fps')
    refuse(of('fine.npy', ignore='('), 'no regular expression')
    refuse(lambda: inferencer(trained.data, split='test'),
           "no split 'test'", 'xsub_test')
    # What would do nothing.
    for options in (dict(unit='mm'), dict(up_axis='z'), dict(ignore='x')):
        refuse(lambda options=options: inferencer(trained.data, **options),
               f'{trained.data}: {next(iter(options))} is', 'for BVH files')
    for name in ('.', 'fine.npy'):
        refuse(of(name, split='xsub_test'), "split is 'xsub_test'",
               'for annotation files alone')
    # Of a folder what is usable is used, and the rest is listed.
    found = inferencer(tmp_path, fps=30)
    assert [r['recording'] for r in found['results']] == ['fine']
    assert [s['recording'] for s in found['skipped']] == [
        'hole.npy', 'one.npy', 'tiny.npy', 'wide.npy']
    assert all(s['reason'] and str(tmp_path) not in s['reason']
               for s in found['skipped'])


def test_odd_recordings_do_not_cost_the_others(trained, bvh_folder,
                                               tmp_path):
    folder = tmp_path / 'in'
    folder.mkdir()
    path = next(bvh_folder.rglob('*.bvh'))
    for name in ('good', 'price_$_^$', 'あ' * 60):
        (folder / f'{name}.bvh').write_bytes(path.read_bytes())
    Path(os.fsdecode(b'%s/caf\xe9.bvh' % bytes(folder))).write_bytes(
        path.read_bytes())
    assert run_tool('infer.py', trained.config, trained.checkpoint, folder,
                    '--pictures', '--out', tmp_path / 'out') == 0
    found = json.loads((tmp_path / 'out/results.json').read_text())
    assert {r['recording'] for r in found['results']} == {
        'good', 'price_$_^$', 'あ' * 60}
    assert {s['recording']: s['reason'] for s in found['skipped']} == {
        r'caf\xe9.bvh': 'has a name that is not UTF-8; rename it'}
    assert len(list((tmp_path / 'out').glob('*.png'))) == 3

    data = load_annotations(trained.data)
    data['annotations'][1]['keypoint'][0, 8:12, 3] = 1e25
    save_annotations(data, tmp_path / 'wild.pkl')
    assert run_tool('infer.py', trained.config, trained.checkpoint,
                    tmp_path / 'wild.pkl', '--out', tmp_path / 'out') == 0
    found = json.loads((tmp_path / 'out/results.json').read_text())
    assert len(found['results']) == len(data['annotations']) - 1
    assert found['skipped'] == [dict(
        recording=data['annotations'][1]['frame_dir'],
        reason='the positions are too large to be scored')]


def test_a_layout_by_another_name_is_the_same(inferencer, trained, tmp_path):
    data = load_annotations(trained.data)
    layout = dict(inferencer.layout.to_dict(), name='mine')
    data['meta']['layout'] = layout
    save_annotations(data, tmp_path / 'x.pkl')
    for one, other in zip(inferencer(tmp_path / 'x.pkl')['results'],
                          inferencer(trained.data)['results'], strict=True):
        assert one['scores'] == other['scores']


def test_names_of_a_folder_are_unique(inferencer, bvh_folder, body, tmp_path):
    shutil.copytree(bvh_folder / 'A1', tmp_path / 'in')
    found = inferencer(tmp_path / 'in')['results']
    np.save(tmp_path / 'in' / f'{EMOTIONS[1]}.npy', body)
    more = inferencer(tmp_path / 'in', fps=30)['results']
    names = sorted(r['recording'] for r in found)
    assert sorted(r['recording'] for r in more) == sorted(
        [f'{name}.bvh' for name in names] + [f'{EMOTIONS[1]}.npy'])


def test_an_annotation_file_of_another_skeleton(inferencer, ann_files,
                                                tmp_path):
    refuse(lambda: inferencer(ann_files('mmair.KDAEDataset')),
           "'kdae' (21 joints)", "'ebedb' (23 joints)")


def test_a_recording_of_a_set_that_is_too_short_is_listed(
        inferencer, trained, tmp_path):
    annotations = load_annotations(trained.data)['annotations'][:3]
    annotations[1].update(keypoint=annotations[1]['keypoint'][:, :1],
                          total_frames=1)
    save_annotations(dict(meta={}, split={}, annotations=annotations),
                     tmp_path / 'x.pkl')
    found = inferencer(tmp_path / 'x.pkl')
    assert len(found['results']) == 2
    (skipped, ) = found['skipped']
    assert skipped['recording'] == annotations[1]['frame_dir']
    assert 'has 1 frames' in skipped['reason']


def changed(trained, tmp_path, change):
    path = str(tmp_path / 'changed.pth')
    found = torch.load(trained.checkpoint)
    change(found)
    torch.save(found, path)
    return path


def test_class_names(trained, tmp_path):
    def forget(found):
        del found['meta']['dataset_meta']

    path = changed(trained, tmp_path, forget)
    cfg = Config.fromfile(trained.config)
    # The config names them, too.
    known = EmotionInferencer(cfg, path).classes
    assert known == tuple(cfg.classes)
    cfg.test_dataloader.dataset.type = 'mmair.SkeletonDataset'
    del cfg.test_dataloader.dataset['classes']
    # Those of the checkpoint come first.
    assert EmotionInferencer(cfg, trained.checkpoint).classes == known
    refuse(lambda: EmotionInferencer(cfg, path), path, 'no class names',
           'give the names of its 7 classes')
    given = EmotionInferencer(cfg, path, classes=list('abcdefg'))
    assert given.classes == tuple('abcdefg')
    refuse(lambda: EmotionInferencer(cfg, path, classes=['a'] * 7),
           'classes: the class names', 'none is twice')
    refuse(lambda: EmotionInferencer(cfg, path, classes=['a', 'b']),
           'a, b, expected 7')


def test_models_that_do_not_fit(trained, tmp_path):
    def make(config=trained.config, checkpoint=trained.checkpoint, **kwargs):
        return lambda: EmotionInferencer(config, checkpoint, **kwargs)

    refuse(make(config='none.py'), 'none.py: no such file')
    refuse(make(checkpoint='none.pth'), 'none.pth: no such file')
    refuse(make(layout='kdae'), "'kdae' (21 joints)", '23 joints')
    refuse(make(layout='nobody'), "unknown layout 'nobody'")
    refuse(make(layout='emilya'), "was trained on the layout 'ebedb', the "
           "data has 'emilya' (23 joints)")
    refuse(make(device='nowhere'), "device: 'nowhere'")
    refuse(make(device='meta'), "device: 'meta'")
    refuse(make(cfg_options={'test_dataloader.batch_size': 0}),
           'test_dataloader.batch_size is 0')
    refuse(make(cfg_options={'model.cls_head.num_classes': 3}),
           'of shape')
    lacks = changed(trained, tmp_path, lambda f: f['state_dict'].pop(
        next(iter(f['state_dict']))))
    refuse(make(checkpoint=lacks), 'the checkpoint lacks')
    refuse(make(config=str(QUICKSTART)), 'expected the config of a recogniser')
    cfg = Config.fromfile(trained.config)
    cfg.test_dataloader.dataset.type = 'PoseDataset'
    refuse(make(config=cfg), 'PoseDataset', 'expected one of mmair')
    cfg = Config.fromfile(trained.config)
    graph = dict(num_node=23, inward=[(i, 0) for i in range(1, 23)], center=0)
    cfg.model.backbone.graph_cfg.layout = graph
    refuse(make(config=cfg), 'give the layout of the data')
    cfg.test_dataloader.dataset.prepare.insert(
        0, dict(type='mmair.MapLayout', to='ebedb'))
    mapped = make(config=cfg)()
    assert mapped.layout is None
    refuse(lambda: mapped(np.zeros((5, 21, 3)), fps=30),
           'give the layout of the data')


def test_a_mapped_skeleton(trained, inferencer, ann_files):
    """Scored as tools/test.py would: through the mapping."""
    cfg = Config.fromfile(trained.config)
    cfg.test_dataloader.dataset.prepare.insert(
        0, dict(type='mmair.MapLayout', to='ebedb'))
    mapped = EmotionInferencer(cfg, trained.checkpoint)
    data = ann_files('mmair.KDAEDataset')
    found = mapped(data)['results']
    first = load_annotations(data)['annotations'][0]
    x = MapLayout('ebedb', 'kdae')(dict(
        keypoint=first['keypoint']))['keypoint'].numpy()
    expected, = inferencer(x, fps=first['fps'])['results']
    np.testing.assert_allclose(scores(found[0]), scores(expected), **CLOSE)
    given = EmotionInferencer(cfg, trained.checkpoint, layout='kdae')
    one, = given(first['keypoint'], fps=first['fps'])['results']
    np.testing.assert_allclose(scores(one), scores(expected), **CLOSE)


def test_2d_and_several_persons_as_tools_test_does(ann_files, tmp_path):
    """MMAction2's own pickles: no frame rate, no meta, padded persons."""
    data = str(ann_files('mmair.NTU60Dataset', 'coco'))
    cfg = Config.fromfile(ROOT / 'configs/stgcn/stgcn_ntu60_2d.py')
    cfg.merge_from_dict({'model.backbone.base_channels': 4,
                         'model.cls_head.in_channels': 16})
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.ann_file = data
    cfg.dump(tmp_path / 'config.py')
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(cfg.model)
    model.init_weights()
    torch.nn.init.normal_(model.cls_head.fc.weight, std=.2)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'x.pth')
    there = SimpleNamespace(config=str(tmp_path / 'config.py'),
                            checkpoint=str(tmp_path / 'x.pth'))
    expected = said_by_test_tool(there, tmp_path, data)
    inferencer = EmotionInferencer(there.config, there.checkpoint)
    found = inferencer(data)['results']
    names = [r['recording'] + f'#{r["person"]}' for r in found]
    assert len(found) == len(expected) > len({r['recording'] for r in found})
    for name, result in zip(names, found):
        score = expected.get(name, expected.get(name[:-2]))
        np.testing.assert_allclose(scores(result), score, **CLOSE)
        assert result['fps'] == 30
    # An array with scores, or with NaN where nothing was seen, says the same.
    a = load_annotations(data)['annotations'][0]
    x, score = a['keypoint'][:1], a['keypoint_score'][:1].copy()
    score[0, 3:5, 7] = 0
    lost = np.concatenate((x, score[..., None]), -1).astype(np.float32)
    one, = inferencer(lost, fps=30)['results']
    lost[0, 3:5, 7, 0] = np.nan
    other, = inferencer(lost, fps=30)['results']
    np.testing.assert_allclose(scores(one), scores(other), **CLOSE)
    assert other['missing']['joints'] == one['missing']['joints'] > 0


def test_files_of_results(inferencer, body, tmp_path):
    x = body[:60].copy()
    x[20:40] = np.nan
    found = inferencer(x, fps=30, window=1, step=.5)
    write_json(found, tmp_path / 'new/found.json')
    assert json.loads((tmp_path / 'new/found.json').read_text()) == found
    write_table(found, tmp_path / 'found.csv')
    rows = list(csv.DictReader(open(tmp_path / 'found.csv')))
    assert list(rows[0]) == ['recording', 'person', 'start', 'end', 'emotion',
                             *inferencer.classes]
    windows = found['results'][0]['windows']
    for row, window in zip(rows, windows, strict=True):
        assert float(row['start']) == pytest.approx(window['start'], abs=1e-3)
        for name in inferencer.classes:
            if window['scores'] is None:
                assert row[name] == row['emotion'] == ''
            else:
                assert float(row[name]) == pytest.approx(
                    window['scores'][name], abs=1e-6)
    refuse(lambda: write_table(found, tmp_path / 'found.csv' / 'x'),
           'cannot be written')


def test_names_of_an_annotation_file_are_escaped(trained, tmp_path, capsys):
    annotations = load_annotations(trained.data)['annotations'][:2]
    for number, name in enumerate(('n\u00e4\u4e00 1', '\x1b[2Jb\nc: joy 1.0')):
        annotations[number]['frame_dir'] = name
    save_annotations(dict(meta={}, split={}, annotations=annotations),
                     tmp_path / 'x.pkl')
    assert run_tool('infer.py', trained.config, trained.checkpoint,
                    tmp_path / 'x.pkl') == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith('n\u00e4\u4e00 1: ') and last[:2] == '2 '
    assert second.startswith(r'\x1b[2Jb\nc: joy 1.0: ')


@pytest.mark.parametrize('error', [
    KeyboardInterrupt(), OSError(28, 'No space left on device')])
def test_what_there_is_when_the_tool_is_stopped(trained, tmp_path, capsys,
                                                monkeypatch, error):
    def draw(*args, **kwargs):
        if drawn:
            raise error
        drawn.append(0)
        return SimpleNamespace(savefig=drawn.append)

    drawn = []
    monkeypatch.setattr(emotion, 'draw_emotion_strip', draw)
    args = ('infer.py', trained.config, trained.checkpoint, trained.data,
            '--pictures', '--out', tmp_path)
    assert run_tool(*args) == (2 if isinstance(error, OSError) else 130)
    said = capsys.readouterr().err
    assert 'Not finished: the first 2 results are in' in said
    assert isinstance(error, KeyboardInterrupt) or 'No space left' in said
    assert {p.name for p in tmp_path.iterdir()} == {
        'partial_results.json', 'partial_results.csv'}
    found = json.loads((tmp_path / 'partial_results.json').read_text())
    names = [a['frame_dir']
             for a in load_annotations(trained.data)['annotations']]
    assert [r['recording'] for r in found['results']] == names[:2]


def test_tool(trained, bvh_folder, tmp_path, capsys):
    (tmp_path / 'in').mkdir()
    for name in EMOTIONS[:2]:
        path, = bvh_folder.rglob(f'{name}.bvh')
        (tmp_path / 'in' / path.name).write_bytes(path.read_bytes())
    (tmp_path / 'in' / 'broken.bvh').write_text('HIERARCHY\nROOT')
    model = trained.config, trained.checkpoint
    out = tmp_path / 'out'
    assert run_tool('infer.py', *model, tmp_path / 'in', '--out', out,
                    '--window', 1, '--pictures', '--gifs') == 0
    said = capsys.readouterr().out
    assert re.search(r'skipped broken.bvh: (?!.*broken)', said)
    assert '2 recordings recognised, 1 skipped' in said
    names = {f'{name}.{kind}' for name in EMOTIONS[:2]
             for kind in ('png', 'gif')}
    assert {p.name for p in out.iterdir()} == names | {'results.json',
                                                       'results.csv'}
    found = json.loads((out / 'results.json').read_text())
    inferencer = EmotionInferencer(*model)
    assert found == inferencer(tmp_path / 'in', window=1)
    capsys.readouterr()
    for args, word in (((tmp_path / 'in/broken.bvh', ), 'broken.bvh'),
                       ((tmp_path / 'in', '--pictures'), 'give --out'),
                       ((tmp_path / 'in', '--step', 1), 'without a window'),
                       ((tmp_path / 'in', '--out', out / 'results.csv'),
                        'cannot be made')):
        assert run_tool('infer.py', *model, *args) == 2
        assert word in sentence(capsys)
    for path in (tmp_path / 'in').glob('[!b]*'):
        path.unlink()
    assert run_tool('infer.py', *model, tmp_path / 'in') == 2
    assert 'none of the 1 recordings could be used' in sentence(capsys)
