"""From native trees of KDAE, Emilya and EGBM to a tested model.

The trees are generated; the truth is what the generator says it wrote.
"""
import json
import math
import re
from collections import Counter

import numpy as np
import pytest
import torch
from tiny_runs import PRETRAIN, ROOT, probe, run_tool, scalars

from mmair.datasets import EGBMDataset, EmilyaDataset, KDAEDataset
from mmair.datasets.native_trees import (
    EGBM_PATTERN,
    write_egbm,
    write_emilya,
    write_kdae,
)
from mmair.datasets.readers import load_annotations
from mmair.datasets.splits import make_splits
from mmair.layouts import get_layout

DATASETS = dict(kdae=KDAEDataset, emilya=EmilyaDataset, egbm=EGBMDataset)
LAYOUTS = dict(kdae='kdae', emilya='emilya', egbm='nturgb+d')

#: Data set, writer and its arguments.
TREES = {
    'kdae': ('kdae', write_kdae, (3, 2), {}),
    'kdae-1.0.0-6-channels': ('kdae', write_kdae, (2, 1, 2),
                              dict(release='1.0.0', channels=6)),
    'emilya': ('emilya', write_emilya, (3, 2), {}),
    'emilya-older-segments': ('emilya', write_emilya, (1, 2, 1, 2),
                              dict(folders='name')),
    'egbm': ('egbm', write_egbm, (3, 2), dict(unlabelled=6)),
    'egbm-txt-no-header': ('egbm', write_egbm, (2, 1),
                           dict(suffix='txt', header=False)),
    'egbm-npy-names': ('egbm', write_egbm, (2, 1),
                       dict(suffix='npy', manifest=False)),
}


@pytest.fixture(scope='module')
def convert(tmp_path_factory):
    """Write a tree and convert it, once: truth, annotation file, output."""
    made = {}

    def make(name, capsys):
        if name not in made:
            dataset, write, sizes, options = TREES[name]
            folder = tmp_path_factory.mktemp(name)
            tree = write(folder / 'raw', *sizes, **options)
            how = []
            if dataset == 'egbm':
                how = (['--manifest', folder / 'raw/manifest.csv']
                       if options.get('manifest', True)
                       else ['--pattern', EGBM_PATTERN])
            # Both kinds of annotation file are on the road.
            out = folder / ('store' if dataset == 'emilya' else 'data.pkl')
            capsys.readouterr()
            assert run_tool(f'dataset_converters/{dataset}.py',
                            folder / 'raw', '--out', out, '--workers', 1,
                            *how) == 0
            made[name] = tree, out, capsys.readouterr().out
        return made[name]

    return make


@pytest.fixture(params=list(TREES))
def round_trip(request, convert, capsys):
    """Data set, the tree's truth, and what the converter made of it."""
    tree, path, out = convert(request.param, capsys)
    return TREES[request.param][0], tree, load_annotations(path), out


def test_same_recordings_and_labels(round_trip):
    dataset, tree, data, out = round_trip
    classes = DATASETS[dataset].METAINFO['classes']
    assert data['meta']['classes'] == list(classes)
    assert data['meta']['layout'] == LAYOUTS[dataset]
    truth = {recording['frame_dir']: recording
             for recording in tree.recordings}
    found = {a['frame_dir']: a for a in data['annotations']}
    assert sorted(found) == sorted(truth)
    for name, annotation in found.items():
        expected = truth[name]
        for key in ('actor', 'recording', 'action', 'fps', 'total_frames'):
            assert annotation.get(key) == expected.get(key), (name, key)
        assert ('label' in annotation) == ('emotion' in expected)
        if 'label' in annotation:
            assert classes[annotation['label']] == expected['emotion']
    skipped = re.findall(r'^skipped (.*?):', out, re.M)
    assert (sorted(path.rsplit('/')[-1] for path in skipped)
            == sorted(path.name for path in tree.skipped))


def test_same_positions_to_a_millimetre(round_trip):
    _, tree, data, _ = round_trip
    found = {a['frame_dir']: a['keypoint'] for a in data['annotations']}
    error = max(np.abs(found[recording['frame_dir']]
                       - recording['keypoint']).max()
                for recording in tree.recordings)
    print(f'largest error {1e3 * error:.2g} mm')
    assert error < 1e-3


def test_same_splits(round_trip):
    dataset, tree, data, _ = round_trip
    split = data['split']
    classes = DATASETS[dataset].METAINFO['classes']
    names = {recording['frame_dir'] for recording in tree.recordings}
    assert all(set(split[key]) <= names for key in split)
    # Actors and actions, one left out after the other, worked out here.
    for prefix, key in (('xsub', 'actor'), ('xact', 'action')):
        groups = sorted({r.get(key) for r in tree.recordings} - {None})
        groups = groups if len(groups) > 1 else []
        assert sum(bool(re.fullmatch(rf'{prefix}_f\d+_test', name))
                   for name in split) == len(groups)
        for fold, group in enumerate(groups):
            test = {r['frame_dir'] for r in tree.recordings
                    if r[key] == group}
            assert set(split[f'{prefix}_f{fold}_test']) == test
            assert set(split[f'{prefix}_f{fold}_train']) == names - test
    # No session on both sides; every recording is tested once.
    session = {r['frame_dir']: r.get('recording') for r in tree.recordings}
    for prefix, of in (('xrec', session), ('xseq', None), ('random', None)):
        tests = [name for name in split
                 if re.fullmatch(rf'{prefix}_f\d+_test', name)]
        if tests:
            assert Counter(n for test in tests for n in split[test]) == (
                dict.fromkeys(names, 1))
        for test in tests if of else ():
            train = test.replace('_test', '_train')
            assert not ({of[n] for n in split[test]}
                        & {of[n] for n in split[train]})
    # All of them, as the truth alone would be divided.
    fixed = {recording['actor'] for recording in tree.recordings
             if recording['frame_dir'] in split.get('xsub_test', ())}
    annotations = sorted(({
        **{key: value for key, value in r.items() if key != 'emotion'},
        **({'label': classes.index(r['emotion'])} if 'emotion' in r else {})}
        for r in tree.recordings), key=lambda r: r['frame_dir'])
    expected = make_splits(annotations, sorted(fixed))
    assert {key: set(value) for key, value in split.items()} == {
        key: set(value) for key, value in expected.items()}


def test_trees_cover_what_they_should(convert, capsys):
    """Else the comparisons above would prove little."""
    trees = {name: convert(name, capsys)[0] for name in TREES}
    sizes = {name: len(tree.recordings) for name, tree in trees.items()}
    assert sizes == {
        'kdae': 42, 'kdae-1.0.0-6-channels': 24, 'emilya': 48,
        'emilya-older-segments': 32, 'egbm': 42, 'egbm-txt-no-header': 14,
        'egbm-npy-names': 14}
    assert [len(trees[name].skipped) for name in
            ('emilya', 'emilya-older-segments')] == [10, 4]
    assert sum('emotion' not in recording
               for recording in trees['egbm'].recordings) == 7


@pytest.mark.parametrize('name', list(DATASETS))
def test_full_road(name, convert, capsys, tmp_path):
    """Convert, pre-train, probe, test."""
    tree, ann_file, _ = convert(name, capsys)
    configs = ROOT / 'configs/air'
    options = {key: value for key, value in PRETRAIN.items()
               if '.generator.' not in key}
    options.update({
        'train_cfg.max_epochs': 1, 'model.head.num_labels': (4, 8),
        'train_dataloader.dataset.ann_file': ann_file,
        'val_dataloader.dataset.ann_file': ann_file})
    pretrained = tmp_path / 'pretrained'
    assert run_tool('train.py', configs / f'air_stgcn_{name}.py',
                    '--work-dir', pretrained, options=options) == 0
    logged = scalars(pretrained)
    steps = [line['loss'] for line in logged if 'loss' in line]
    assert steps and all(map(math.isfinite, steps))
    assert any('knn/k1_top1' in line for line in logged)
    backbone = torch.load(pretrained / 'backbone.pth')
    assert backbone['meta']['layout'] == LAYOUTS[name]

    probed, linear = tmp_path / 'probed', (
        configs / f'benchmarks/linear_stgcn_{name}.py')
    options = probe(ann_file, pretrained / 'encoder.pth')
    options['train_cfg.max_epochs'] = 1
    assert run_tool('train.py', linear, '--work-dir', probed,
                    options=options) == 0
    assert run_tool('test.py', linear, probed / 'epoch_1.pth', '--work-dir',
                    tmp_path / 'tested', options=options) == 0
    path, = (tmp_path / 'tested').glob('*/*.json')
    scores = json.loads(path.read_text())
    assert 0 <= scores['emotion/macro_f1'] <= 100
    # The head has an output a class, the backbone an input a joint.
    state = torch.load(probed / 'epoch_1.pth')['state_dict']
    assert (len(state['cls_head.fc.weight'])
            == len(DATASETS[name].METAINFO['classes']))
    assert state['backbone.gcn.gcn.0.gcn.A'].shape[-1] == len(
        get_layout(LAYOUTS[name]))
