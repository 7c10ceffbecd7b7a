"""The comparison tool: what it says, and that interruptions do not show."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import ROOT, run_tool, sentence

from mmair.datasets.readers import load_annotations, save_annotations
from mmair.evaluation.comparison import Comparison
from mmair.evaluation.comparison_report import report
from mmair.evaluation.metrics import emotion_scores
from mmair.evaluation.preset import load_preset
from mmair.evaluation.readout import (extract_features, logistic_regression,
                                      nearest_neighbours, out_of_fold,
                                      predict_folds, standardise_per_actor,
                                      support_vectors, tuning_folds)
from mmair.evaluation.semi_supervised import labelled_subset
from mmair.models.backbones import encoder_config
from mmair.registry import DATASETS, MODELS

PRESETS = ROOT / 'tools/benchmarks/presets'
TINY = f'''
_base_ = '{PRESETS / "tiny.py"}'
seeds = [0]
protocols = ['xsub_fixed']
percentages = [10, 100]
rows = dict(_delete_=True, **{{
    'AIR': {{{{_base_.rows['AIR']}}}},
    'Random encoder': dict(kind='random', config=_base_._config),
    'From scratch': dict(
        kind='supervised', config=_base_._config, steps=8),
    'Movement statistics': dict(kind='statistics')}})
'''
#: A pre-training and its linear readout.
SMALLER = '''
_base_ = 'tiny.py'
tracks = ['blind']
probe_percentages = []
svm = False
recogniser = None
rows = dict(_delete_=True, AIR={{_base_.rows['AIR']}})
'''


@pytest.fixture(scope='module')
def presets(tmp_path_factory):
    folder = tmp_path_factory.mktemp('presets')
    (folder / 'tiny.py').write_text(TINY.replace(
        "{{_base_.rows['AIR']}}", "_base_.rows['AIR']"))
    (folder / 'smaller.py').write_text(SMALLER.replace(
        "{{_base_.rows['AIR']}}", "_base_.rows['AIR']"))
    return folder


def compare(preset, work_dir, *args):
    return run_tool('benchmarks/compare.py', preset, '--work-dir', work_dir,
                    *args)


def results(work_dir):
    return json.loads((work_dir / 'comparison.json').read_text())


@pytest.fixture(scope='module')
def fresh(presets, tmp_path_factory):
    """Work directory of a comparison that nothing interrupted."""
    work_dir = tmp_path_factory.mktemp('fresh')
    assert compare(presets / 'tiny.py', work_dir) == 0
    return work_dir


def test_tables_say_track_and_what_was_seen(fresh):
    text = (fresh / 'comparison.md').read_text()
    blind, adapted = text.split('## Adapted')
    for part, track in ((blind, 'blind: nothing of the test actor'),
                        (adapted, 'adapted: with unlabelled statistics')):
        titles = [line for line in part.splitlines()
                  if line.startswith('**Embedded')]
        # Three scores and differences, of readouts of all labels and of
        # half of them, and of whole networks; of all labels those of the SVM
        # as well.
        assert len(titles) == 13
        assert all(track in title and 'pre-training saw test recordings, '
                   'without labels (transductive)' in title
                   for title in titles)
    assert 'adapted' not in blind

    for track in results(fresh)['tracks']:
        assert track['saw']['AIR'] == 'transductive'
        assert track['saw']['Random encoder'] == 'no pre-training'
        assert 'Batch norms of random encoders' in track['tables'][0]['note']
        scores, probes, few = (track['tables'][i] for i in (0, 5, 9))
        columns = dict(zip(scores['columns'], zip(*scores['rows'])))
        assert columns['features, readout'][:6] == (
            'AIR, linear', 'AIR, SVM', 'AIR, kNN (k = 1)',
            'Random encoder, linear', 'Random encoder, SVM',
            'Random encoder, kNN (k = 1)')
        assert columns['steps'][0] == '12'
        assert columns['backbone passes'][0] == '2 + 2'
        scratch = columns['features, readout'].index('From scratch, trained')
        assert [columns[c][scratch] for c in (
            'steps', 'batch', 'backbone passes')] == ['8', '14', '4 + 0']
        assert probes['columns'][1:-1] == ['xsub_fixed, 50 %']
        assert [row[0] for row in probes['rows']] == [
            'AIR, linear', 'Random encoder, linear',
            'Movement statistics, linear', 'Movement statistics, extra trees',
            'Movement statistics, SVM']
        assert 'trained on the same part of their labels' in probes['note']
        assert few['columns'][1:3] == ['xsub_fixed, 10 %',
                                       'xsub_fixed, 100 %']
        assert [row[0] for row in few['rows']] == ['AIR', 'From scratch']
        assert few['note'].startswith('About 4 steps each, of From scratch 8.')
        readouts = {
            'Random encoder, linear', 'Random encoder, SVM',
            'From scratch, trained', 'Movement statistics, linear',
            'Movement statistics, SVM', 'Movement statistics, extra trees'}
        for subject, others in (('AIR, SVM', readouts),
                                ('AIR, linear', readouts),
                                ('AIR', {'From scratch'})):
            assert {e['against'] for e in track['bootstrap']
                    if e['subject'] == subject} == others
        # Each difference is that of the scores in the tables.
        of = {(s['row'], s['readout']): np.mean(
            [seed['macro_f1'] for seed in s['seeds']])
            for s in track['scores']}
        for entry in track['bootstrap']:
            if entry['column'] == 'xsub_fixed':
                other = of[tuple(entry['against'].split(', '))]
                assert entry['difference'] == pytest.approx(
                    of[tuple(entry['subject'].split(', '))] - other, abs=1e-3)
    for track in ('blind', 'adapted'):
        for name in ('comparison', 'label_curves'):
            picture = f'{name}_{track}.png'
            assert (fresh / picture).stat().st_size > 5000
            assert f']({picture})' in text
    commands = (fresh / 'commands.sh').read_text().splitlines()
    configs = [Path(line.split()[2]) for line in commands
               if line.startswith('python tools/train.py')]
    assert [json.loads(path.read_text())['randomness']['seed']
            for path in configs] == [0, 0]


def test_tracks_differ_where_they_should(fresh):
    """Every number of a track comes from units of its own."""
    scores = [{(s['row'], s['readout']): s['seeds'] for s in t['scores']}
              for t in results(fresh)['tracks']]
    assert scores[0].keys() == scores[1].keys()
    same = [key for key in scores[0] if scores[0][key] == scores[1][key]]
    assert len(same) < len(scores[0]) / 2
    # Input standardised by actor: another pre-training.
    assert len(list((fresh / 'pretrain').iterdir())) == 2


def test_gcn_alone_is_the_same_training_without_codes(fresh, presets,
                                                      tmp_path):
    preset = tmp_path / 'alone.py'
    preset.write_text(
        f'_base_ = "{presets / "smaller.py"}"\n'
        'rows = dict(Alone=dict(_base_.rows["AIR"], gcn_alone=True))\n')
    comparison = comparison_of(preset, fresh)
    pretraining, = comparison.pretrainings['blind', 'Alone']
    assert comparison.done(pretraining)  # AIR's, made for the other preset
    features = {}
    for row in ('AIR', 'Alone'):
        name, = (n for n in comparison.units
                 if n.startswith(f'features/{row.lower()}-'))
        comparison.run(name)
        features[row] = np.load(comparison.units[name].output)
    # Mean and deviation of each part: the GCN's channels, then the codes.
    width = comparison.configs.pretraining('AIR').model.neck.in_channels
    whole, alone = (features[row].reshape(len(features[row]), 2, -1, channels)
                    for row, channels in (
                        ('AIR', features['AIR'].shape[1]
                         // (features['Alone'].shape[1] // width)),
                        ('Alone', width)))
    assert whole.shape[3] > width
    np.testing.assert_allclose(whole[..., :width], alone, rtol=1e-5,
                               atol=1e-6)


def comparison_of(preset, work_dir):
    return Comparison(load_preset(str(preset)), str(work_dir), str(ROOT))


@pytest.mark.parametrize('svm', [False, True])
def test_features_have_an_svm_where_it_is_asked_for(presets, tmp_path, svm):
    preset = presets / 'svm.py'
    preset.write_text(f'_base_ = "tiny.py"\nsvm = {svm}\n')
    comparison = comparison_of(preset, tmp_path)
    read = {row for _, row, readout, _ in comparison.cells
            if readout == 'SVM'}
    assert read == {'Movement statistics',
                    *(['AIR', 'Random encoder'] if svm else [])}
    # Of a part of the labels the linear readout alone.
    assert {readout for _, (row, readout), *_ in comparison.probes
            if row != 'Movement statistics'} == {'linear'}


def tuned(comparison):
    """The folds on which settings are chosen."""
    dataset = DATASETS.build(dict(
        comparison.preset.dataset, classes=comparison.data.classes))
    return tuning_folds(dataset, 'xsub_fixed', inside='xsub_fixed')


@pytest.mark.parametrize('row, readout, values, make', [
    ('AIR', 'linear', [.01, .1], logistic_regression),
    ('AIR', 'SVM', [1.], support_vectors),
    ('AIR', 'kNN (k = 1)', [1], nearest_neighbours),
    ('Random encoder', 'linear', [.01, .1], logistic_regression),
    ('Movement statistics', 'linear', [.03], logistic_regression),
    ('Movement statistics', 'SVM', [1.], support_vectors)])
@pytest.mark.parametrize('track', ['blind', 'adapted'])
def test_readouts_by_hand(fresh, presets, track, row, readout, values, make):
    """From the features that are kept, of all settings the best one; whether
    features are standardised is one of them, on the adapted track."""
    comparison = comparison_of(presets / 'tiny.py', fresh)
    (name, ), = comparison.cells[track, row, readout, 'xsub_fixed']
    unit = comparison.units[name]
    features = np.load(comparison.units[unit.needs[0]].output)
    of = {False: features, True: standardise_per_actor(
        features, comparison.data.actors)}
    scores = {(way, value): out_of_fold(
        of[way], comparison.data.labels, tuned(comparison),
        make(value))[0]['macro_f1']
        for way in ([False] if track == 'blind' else [False, True])
        for value in values}
    found = json.loads(Path(unit.output).read_text())
    assert set(found) == {'predictions', 'value', 'standardised'}
    chosen = next(choice for choice, score in scores.items()
                  if score == max(scores.values()))
    assert (found['standardised'], found['value']) == chosen
    (expected, ), = predict_folds(
        of[chosen[0]], comparison.data.labels,
        comparison.data.folds['xsub_fixed'], make(chosen[1]))
    assert found['predictions'] == expected.tolist()


@pytest.mark.parametrize('track', ['blind', 'adapted'])
def test_readouts_of_half_of_the_labels_by_hand(fresh, presets, track):
    """Every draw by itself: no other label of the training part is seen, in
    the choice of settings neither."""
    comparison = comparison_of(presets / 'tiny.py', fresh)

    def half(folds, draw):
        return [(train[labelled_subset(
            [comparison.data.names[i] for i in train],
            comparison.data.labels[train], 50, draw)], test)
            for train, test in folds]

    units = comparison.probes[track, ('AIR', 'linear'), 'xsub_fixed', 50]
    assert len(units) == 2
    probes = next(
        probe for of in results(fresh)['tracks'] if of['track'] == track
        for probe in of['probes']
        if (probe['row'], probe['split']) == ('AIR', 'xsub_fixed'))
    for draw, (name, ) in enumerate(units):
        unit = comparison.units[name]
        features = np.load(comparison.units[unit.needs[0]].output)
        of = {False: features, True: standardise_per_actor(
            features, comparison.data.actors)}
        scores = {(way, C): out_of_fold(
            of[way], comparison.data.labels, half(tuned(comparison), draw),
            logistic_regression(C))[0]['macro_f1']
            for way in ([False] if track == 'blind' else [False, True])
            for C in (.01, .1)}
        way, C = next(choice for choice, score in scores.items()
                      if score == max(scores.values()))
        folds = half(comparison.data.folds['xsub_fixed'], draw)
        (expected, ), = predict_folds(of[way], comparison.data.labels, folds,
                                  logistic_regression(C))
        found = json.loads(Path(unit.output).read_text())
        assert found == dict(predictions=expected.tolist(), value=C,
                             standardised=way)
        assert probes['runs'][draw] == emotion_scores(
            comparison.data.truth('xsub_fixed'), expected)
        (train, _), = folds
        (whole, _), = comparison.data.folds['xsub_fixed']
        assert len(train) == len(whole) / 2


#: Readouts of features that a test gives.
GIVEN = '''
_base_ = 'tiny.py'
tracks = ['blind', 'adapted']
recogniser = None
subject = None
adapt = {adapt}
rows = dict(_delete_=True, **{{
    'Movement statistics': dict(kind='statistics')}})
'''


@pytest.mark.parametrize('ways, offset, standardised', [
    ([False, True], 0, False), ([False, True], 100, True),
    (True, 0, True), (False, 100, False)])
@pytest.mark.parametrize('readout', ['linear', 'SVM'])
def test_features_are_standardised_where_that_is_better(
        presets, tmp_path, ways, offset, standardised, readout):
    """Where actors differ by more than emotions do; of equals as they are.
    What is not given as a choice is none."""
    preset = presets / 'given.py'
    # One of both has to be adapted.
    preset.write_text(GIVEN.format(adapt=dict(features=ways,
                                              input=ways is False)))
    comparison = comparison_of(preset, tmp_path)
    rng = np.random.default_rng(0)
    actors = np.unique(comparison.data.actors, return_inverse=True)[1]
    features = np.eye(7)[comparison.data.labels] * 3
    features = (features + .1 * rng.normal(size=features.shape)
                + offset * rng.normal(size=(3, 7))[actors])
    for track in ('blind', 'adapted'):
        (name, ), = comparison.cells[track, 'Movement statistics', readout,
                                     'xsub_fixed']
        unit = comparison.units[name]
        given = Path(comparison.units[unit.needs[0]].output)
        given.parent.mkdir(parents=True, exist_ok=True)
        np.save(given, features)
        assert comparison.run(name)
        found = json.loads(Path(unit.output).read_text())
        assert found['standardised'] is (standardised and track == 'adapted')
        right = (np.array(found['predictions'])
                 == comparison.data.truth('xsub_fixed')).mean()
        # Without, a new actor is far from all that was learnt.
        assert (right == 1) == (not offset or found['standardised'])


def test_settings_are_compared_without_the_test_part(presets, tmp_path):
    """Inside a fold: its own protocol too, without whom it tests."""
    preset = presets / 'inside.py'
    preset.write_text(GIVEN.format(adapt={}) + '''
inside = 'xsub_fixed'
tracks = ['blind']
protocols = ['xsub']
''')
    comparison = comparison_of(preset, tmp_path)
    whole = comparison_of(presets / 'tiny.py', tmp_path)
    tested, = (set(names) for _, names in whole.data.names_of(
        whole.data.folds['xsub_fixed']))
    kept = set(whole.data.names) - tested
    names = comparison.data.names_of(comparison.data.folds['xsub'])
    assert len(names) == 2 and {n for _, t in names for n in t} == kept
    assert all(set(train) | set(test) == kept for train, test in names)
    for unit in comparison.units.values():
        if unit.name.startswith('readout/'):
            run = comparison.units[unit.needs[0]]
            assert comparison.done(run.name) or comparison.run(run.name)
            assert comparison.run(unit.name)
    note = report(comparison)['tracks'][0]['tables'][0]['note']
    assert note.endswith('the training part of xsub_fixed alone is used.')


def steps_of(pipeline):
    return [step['type'].split('.')[-1] for step in pipeline]


def test_input_is_standardised_right_behind_the_windows(fresh):
    """Of the adapted track alone, in pre-training and recogniser."""
    for kind in ('pretrain', 'recogniser'):
        pipelines = [
            json.loads(path.read_text())['train_dataloader']['dataset'][
                'pipeline'] for path in fresh.glob(f'{kind}/*/config.json')]
        adapted = [p for p in pipelines if 'StandardizeActor' in steps_of(p)]
        assert len(pipelines) == 2 * len(adapted) > 0
        for pipeline in adapted:
            assert steps_of(pipeline)[:2] == ['SampleWindows',
                                              'StandardizeActor']
            assert Path(pipeline[1]['statistics']).is_file()
            others = [p for p in pipelines if 'StandardizeActor'
                      not in steps_of(p)]
            assert [pipeline[0], *pipeline[2:]] in others


@pytest.mark.parametrize('track', ['blind', 'adapted'])
def test_features_by_hand(fresh, presets, track):
    """Of windows that are standardised, or not, as in the pre-training."""
    comparison = comparison_of(presets / 'tiny.py', fresh)
    (name, ), = comparison.cells[track, 'AIR', 'linear', 'xsub_fixed']
    features, = comparison.units[name].needs
    cfg = comparison.configs.pretraining('AIR')
    data = cfg.val_dataloader.dataset
    if track == 'adapted':
        needed, = (n for n in comparison.units[features].needs
                   if n.startswith('statistics/'))
        data.pipeline.insert(1, dict(
            type='mmair.StandardizeActor',
            statistics=comparison.units[needed].output))
    encoder = MODELS.build(encoder_config(cfg.model)[0])
    path, = comparison.checkpoints[track, 'AIR']
    encoder.load_state_dict(torch.load(path)['state_dict'])
    expected = extract_features(
        encoder, DATASETS.build(dict(data, classes=comparison.data.classes)),
        description=None)
    np.testing.assert_allclose(np.load(comparison.units[features].output),
                               expected, atol=1e-5)


def test_input_without_windows_of_ours_is_told(presets, tmp_path, capsys):
    preset = tmp_path / 'stock.py'
    preset.write_text(f'''
_base_ = '{presets / "tiny.py"}'
tracks = ['adapted']
recogniser = None
subject = None
options = dict(_delete_=True)
rows = dict(_delete_=True, Stock=dict(
    kind='random', config='configs/air/air_stgcn_ebedb_cpu_stock.py'))
''')
    assert compare(preset, tmp_path / 'run') == 2
    assert ('has no mmair.SampleWindows, behind which the input is '
            'standardised; adapt the features alone') in sentence(capsys)


def test_recognisers_record_which_labels_they_saw(fresh, presets):
    comparison = Comparison(load_preset(str(presets / 'tiny.py')), str(fresh),
                            str(ROOT))
    (train, test), = comparison.data.folds['xsub_fixed']
    train, test = ({comparison.data.names[i] for i in part}
                   for part in (train, test))
    whole = set(comparison.data.names)
    found = {}
    for path in (fresh / 'recogniser').iterdir():
        record = json.loads((path / 'provenance.json').read_text())
        seen, labelled = (
            set(record[kind].get('SyntheticEmotionDataset', ()))
            for kind in ('unlabelled', 'labelled'))
        assert labelled <= train
        assert len(labelled) == (len(train) if '-100-' in path.name else 7)
        # Fine-tuning inherits what its pre-training saw.
        assert seen == (whole if path.name.startswith('air') else set())
        found.setdefault(path.name.split('-s0')[0], []).append(labelled)
    ten = {name: sets for name, sets in found.items() if '-10-' in name}
    assert len(ten) == 4
    # Every method gets the same labels of a draw, another draw others.
    assert set(map(frozenset, ten['air-xsub_fixed-0-10-d0'])) == set(
        map(frozenset, ten['from_scratch-xsub_fixed-0-10-d0']))
    assert ten['air-xsub_fixed-0-10-d0'] != ten['air-xsub_fixed-0-10-d1']


def outputs(work_dir):
    return {path: path.stat().st_mtime_ns for path in work_dir.rglob('*')
            if path.is_file() and path.parent != work_dir
            and path.parent.name != 'logs'}


def test_what_is_there_is_not_done_again(fresh, presets):
    before, expected = outputs(fresh), results(fresh)
    assert compare(presets / 'tiny.py', fresh) == 0
    assert outputs(fresh) == before
    assert results(fresh) == expected


def test_presets_of_one_work_directory_keep_their_tables(fresh, presets,
                                                         tmp_path):
    before, expected = outputs(fresh), results(fresh)
    out = tmp_path / 'readouts'
    assert compare(presets / 'smaller.py', fresh, '--out', out) == 0
    assert outputs(fresh) == before and results(fresh) == expected
    assert [s['row'] for s in results(out)['tracks'][0]['scores']] == [
        'AIR', 'AIR']
    assert sorted(p.name for p in out.iterdir()) == [
        'commands.sh', 'comparison.json', 'comparison.md',
        'comparison_blind.png']


def test_a_lost_unit_is_done_again_by_another_process(fresh, presets):
    expected = results(fresh)
    path = sorted((fresh / 'readout').glob('movement_statistics-svm-*'))[0]
    content = path.read_text()
    path.unlink()
    assert compare(presets / 'tiny.py', fresh, '--jobs', 2) == 0
    assert path.read_text() == content
    assert results(fresh) == expected


@pytest.fixture(scope='module')
def whole(presets, tmp_path_factory):
    """The smaller comparison, uninterrupted."""
    work_dir = tmp_path_factory.mktemp('whole')
    assert compare(presets / 'smaller.py', work_dir) == 0
    return work_dir


def same_backbone(one, other):
    (one, ), (other, ) = (list(d.glob('pretrain/*/backbone.pth'))
                          for d in (one, other))
    one, other = (torch.load(p)['state_dict'] for p in (one, other))
    return all(torch.equal(one[k], other[k]) for k in one)


def test_killed_and_resumed(whole, presets, tmp_path):
    """By SIGKILL in the middle of the pre-training."""
    threads = str(torch.get_num_threads())
    process = subprocess.Popen(
        [sys.executable, ROOT / 'tools/benchmarks/compare.py',
         presets / 'smaller.py', '--work-dir', tmp_path],
        env=dict(os.environ, OMP_NUM_THREADS=threads),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(
            tmp_path.glob('pretrain/*/epoch_1.pth')):
        time.sleep(.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(tmp_path.glob('pretrain/*/epoch_1.pth'))
    assert not (tmp_path / 'comparison.json').exists()
    assert compare(presets / 'smaller.py', tmp_path) == 0
    assert results(tmp_path) == results(whole)
    assert same_backbone(tmp_path, whole)


def test_stopped_in_time_and_resumed(whole, presets, tmp_path, capsys):
    """Between units, and inside one at the end of an epoch."""
    smaller = presets / 'smaller.py'
    assert compare(smaller, tmp_path, '--time-limit', 1e-3) == 75
    assert '4 of 4 units left' in capsys.readouterr().err
    assert not list(tmp_path.glob('pretrain/*'))

    comparison = Comparison(load_preset(str(smaller)), str(tmp_path),
                            str(ROOT))
    name, = (n for n in comparison.units if n.startswith('pretrain/'))
    assert not comparison.run(name, deadline=time.time())
    assert not comparison.done(name)
    assert comparison.share(name) == .5
    # What a kill during the next checkpoint would leave.
    folder = tmp_path / name
    (folder / 'epoch_2.pth').write_bytes(
        (folder / 'epoch_1.pth').read_bytes()[:1000])
    first = (folder / 'epoch_1.pth').stat().st_mtime_ns
    assert compare(smaller, tmp_path) == 0
    # It went on, and did not begin anew.
    assert (folder / 'epoch_1.pth').stat().st_mtime_ns == first
    assert results(tmp_path)['tracks'] == results(whole)['tracks']
    assert same_backbone(tmp_path, whole)


def test_inductive(presets, tmp_path, capsys):
    """Pre-training without the test actor, and the table says so."""
    smaller = presets / 'smaller.py'
    options = ['--cfg-options', 'pretrain_split=xsub_train', 'knn=[]']
    assert compare(smaller, tmp_path, *options) == 0
    track, = results(tmp_path)['tracks']
    assert track['saw'] == dict(AIR='inductive')
    assert 'pre-training saw no test recording (inductive)' in track[
        'tables'][0]['title']
    record, = tmp_path.glob('pretrain/*/provenance.json')
    names = json.loads(record.read_text())['unlabelled'][
        'SyntheticEmotionDataset']
    assert names and not any(name.startswith('S03') for name in names)

    assert compare(smaller, tmp_path, *options, 'protocols=[xsub]') == 2
    assert "holds 56 test recordings of 'xsub'" in sentence(capsys)


def test_weights_that_saw_test_labels_are_refused(fresh, presets, tmp_path,
                                                  capsys):
    """Those of a recogniser, given as a backbone."""
    source = next((fresh / 'pretrain').iterdir())
    tmp_path.joinpath('backbone.pth').write_bytes(
        (source / 'backbone.pth').read_bytes())
    names = json.loads((source / 'provenance.json').read_text())['unlabelled']
    preset = tmp_path / 'given.py'
    preset.write_text(
        f'_base_ = "{presets / "smaller.py"}"\nknn = []\n'
        f'rows = dict(AIR=dict(backbones=["{tmp_path}/backbone.pth"]))\n')
    # Nobody knows what it saw: told in the table.
    assert compare(preset, tmp_path / 'run') == 0
    track, = results(tmp_path / 'run')['tracks']
    assert track['saw'] == dict(AIR='not recorded')
    assert 'is not recorded' in track['tables'][0]['title']

    (tmp_path / 'provenance.json').write_text(json.dumps(
        dict(unlabelled={}, labelled=names)))
    assert compare(preset, tmp_path / 'again') == 2
    assert 'backbone.pth: its training, or an earlier one in that folder, ' \
        'saw the labels of 28 test recordings, S03_knock_anger_1 first' in (
            sentence(capsys))


@pytest.mark.parametrize('text, message', [
    ('sedes = [0]', "unknown key 'sedes'"),
    ('tracks = ["mixed"]', "track 'mixed', expected blind or adapted"),
    ('rows = dict(A=dict(kind="magic"))', "row 'A' is of kind 'magic'"),
    ('rows = dict(A=dict(kind="random"))', "row 'A' has no config"),
    ('rows = dict(A=dict(kind="random", config="configs/none.py"))',
     'configs/none.py: no such config'),
    ('rows = dict(AIR=dict(backbones=[1, 2]))', 'has 2 backbones, expected '
     '1, one a seed'),
    ('protocols = ["xfoo"]', "no folds of 'xfoo'"),
    ('rows = dict(AIR=dict(protocols=["xfoo"]))', "no folds of 'xfoo'"),
    ('seeds = [', 'not readable as a preset'),
    ('subject = "nobody"', "subject 'nobody' is no row"),
    ('subject = ["AIR", "linear"]', "subject ['AIR', 'linear'] is no row"),
    ('C_statistics = 0.1', 'C_statistics is 0.1, expected a list such as '
     '[0.1]'),
    ('classes = ["anger"]', "has the class 'anger' alone, expected two"),
    ('probe_percentages = [10, 100]', 'probe_percentages holds 100, expected '
     'more than 0 and less than 100')])
def test_a_wrong_preset_is_one_sentence(presets, tmp_path, capsys, text,
                                        message):
    path = tmp_path / 'preset.py'
    path.write_text(f'_base_ = "{presets / "smaller.py"}"\n{text}\n')
    assert compare(path, tmp_path / 'run') == 2
    assert message in sentence(capsys)


def test_data_without_classes_or_actors(presets, ann_files, tmp_path,
                                        capsys):
    """A file names its classes; who acted has to be known to adapt."""
    data = load_annotations(ann_files('mmair.EBEDBDataset', num_actors=3))
    for annotation in data['annotations']:
        del annotation['actor']
    path, preset = tmp_path / 'own.pkl', tmp_path / 'preset.py'
    save_annotations(data, path)
    text = (f'_base_ = "{presets / "smaller.py"}"\nclasses = None\n'
            'dataset = dict(_delete_=True, type="mmair.SkeletonDataset", '
            f'ann_file="{path}")\nprotocols = ["xseq_fixed"]\n'
            'splits = ["xseq_fixed"]\ntuning = "xseq_fixed"\n')
    preset.write_text(text + 'tracks = ["blind"]\n')
    found = comparison_of(preset, tmp_path / 'run')
    assert found.data.classes == list(data['meta']['classes'])
    preset.write_text(text + 'tracks = ["blind", "adapted"]\n'
                      'adapt = dict(features=True)\n')
    assert compare(preset, tmp_path / 'run') == 2
    assert 'its actor is not known' in sentence(capsys)


def test_other_positions_are_other_units(presets, ann_files, tmp_path):
    """Of the same names, as after a conversion with another axis up."""
    source, preset = tmp_path / 'own.pkl', tmp_path / 'preset.py'
    preset.write_text(
        f'_base_ = "{presets / "smaller.py"}"\ndataset = dict(_delete_=True, '
        f'type="mmair.EBEDBDataset", ann_file="{source}")\n')
    names = []
    for change in (0., 0., 1.):
        data = load_annotations(ann_files('mmair.EBEDBDataset', num_actors=3))
        data['annotations'][3]['keypoint'] = (
            data['annotations'][3]['keypoint'] + np.float32(change))
        save_annotations(data, source)
        names.append(set(comparison_of(preset, tmp_path / 'run').units))
    assert names[0] == names[1] and not names[0] & names[2]


def test_work_dir_that_cannot_be_written(presets, capsys):
    path = presets / 'smaller.py'
    assert compare(path, path) == 2
    assert f'{path}/comparison.md: cannot be written' in sentence(capsys)


def test_presets_are_plans(ann_files):
    """All but the data of the shipped presets: every config fits."""
    # Two actors to choose settings on, and the one that is tested.
    ann_file = str(ann_files('mmair.EBEDBDataset', num_actors=3))
    for path in sorted(PRESETS.glob('[a-z]*.py')):
        if path.name in ('bandai_namco.py', 'transfer.py'):
            continue  # of another skeleton: below
        options = {}
        if path.name != 'tiny.py':
            options = {'dataset.ann_file': ann_file,
                       'protocols': ['xsub_fixed'], 'splits': ['xsub_fixed'],
                       'seeds': [0], 'percentages': [10]}
        comparison = Comparison(load_preset(str(path), options), 'unused',
                                str(ROOT))
        assert comparison.units and comparison.cells


def test_a_skeleton_and_actions_without_actors(presets, tmp_path):
    """The preset of Bandai-Namco's styles, on generated bodies of that
    skeleton: settings are chosen without the first action."""
    path = presets / 'styles.py'
    path.write_text(f"""
_base_ = '{PRESETS / 'bandai_namco.py'}'
dataset = dict(
    _delete_=True, type='mmair.SyntheticEmotionDataset',
    generator=dict(num_actors=2, actions=['knock', 'walk', 'wave'], takes=2,
                   layout='{ROOT}/configs/_base_/layouts/bandai_namco.yaml'))
classes = None
options = {{'train_cfg.max_epochs': 1, 'train_dataloader.batch_size': 28,
            'train_dataloader.dataset.pipeline.0.clip_len': 16,
            'val_dataloader.dataset.pipeline.0.clip_len': 16}}
rows = dict(AIR=dict(options={{'model.head.queue_length': 64}}))
""")
    comparison = comparison_of(path, tmp_path / 'run')
    assert len(comparison.data.folds['xact']) == 3
    actions = np.array([name.split('_')[1] for name in comparison.data.names])
    for protocol, number in (('xact', 2), ('xseq', 5)):
        assert len(comparison.data.tuning[protocol]) == number
        for fold in comparison.data.tuning[protocol]:
            assert 'knock' not in set(actions[np.concatenate(fold)])
    for name in list(comparison.units):
        if name.startswith(('pretrain/', 'features/')) and not any(
                row in name for row in ('wide', 'aimclr', 'vicreg', 'swav')):
            for needed in (*comparison.units[name].needs, name):
                if not comparison.done(needed):
                    assert comparison.run(needed)
    features = [np.load(file) for file in
                (tmp_path / 'run/features').glob('*.npy')]
    # AIR, its GCN alone, untrained; SkeletonCLR, MAMP, random, statistics.
    assert len(features) == 7
    assert all(len(x) == len(actions) and np.isfinite(x).all()
               for x in features)


def test_other_windows_are_other_features(presets, tmp_path):
    """Of the same random weights."""
    path = tmp_path / 'windows.py'
    path.write_text(f"""
_base_ = {str(presets / 'tiny.py')!r}
rows = {{'Short windows': dict(
    kind='random', config=_base_._config, options={{
        **_base_._backbone, f'val_dataloader.{{_base_._short}}': 8}})}}
""")
    comparison = comparison_of(path, tmp_path / 'work')
    random = [name for name in comparison.units if name.startswith(
        ('features/random_encoder', 'features/short_windows'))]
    assert len(random) == 2 * 2  # rows, tracks


def test_from_another_skeleton(presets, ann_files, tmp_path):
    """The preset of transfer: what was pre-trained on bodies of that skeleton
    reads EBEDB's."""
    layout = f'{ROOT}/configs/_base_/layouts/bandai_namco.yaml'
    path = presets / 'other_bodies.py'
    path.write_text(f"""
_base_ = '{PRESETS / 'transfer.py'}'
dataset = dict(ann_file='{ann_files('mmair.EBEDBDataset', num_actors=3)}')
seeds = [0]
protocols = ['xsub_fixed']
_few = {{'train_cfg.max_epochs': 1, 'train_dataloader.batch_size': 28,
        'train_dataloader.dataset.pipeline.0.clip_len': 16,
        'model.head.queue_length': 64, 'model.codebook.num_labels': 16}}
rows = dict(AIR=dict(
    options=_few, pretrain_dataset=dict(
        _delete_=True, type='mmair.SyntheticEmotionDataset',
        generator=dict(num_actors=2, takes=1, layout='{layout}'))))
for _name in ('AIR, GCN alone', 'AIR, of EBEDB itself', 'SkeletonCLR',
              'SkeletonCLR, of EBEDB itself', 'Random encoder',
              'Movement statistics'):
    rows[_name] = dict(_delete_=True, kind='statistics')
""")
    comparison = comparison_of(path, tmp_path / 'run')
    (pretraining, ) = comparison.pretrainings['blind', 'AIR']
    for name in [n for n in comparison.units if '/air-' in n]:
        for needed in (*comparison.units[name].needs, name):
            assert comparison.done(needed) or comparison.run(needed)
    folder = tmp_path / 'run' / pretraining
    saw = json.loads((folder / 'provenance.json').read_text())
    assert list(saw['unlabelled']) == ['SyntheticEmotionDataset']
    weights = torch.load(folder / 'encoder.pth')['state_dict']
    assert len(weights['gcn.data_bn.weight']) == 21 * 6
    (features, ) = (tmp_path / 'run/features').glob('air*.npy')
    assert np.isfinite(np.load(features)).all()
