import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from tiny_runs import (FINETUNE, GENERATOR, LINEAR, PRETRAIN, QUICKSTART,
                       ROOT, STGCN, flat, probe, recognition, run_tool,
                       scalars, sentence)

from mmair.datasets.readers import load_annotations, save_annotations
from mmair.datasets.synthetic import generate_annotations



def train(config, work_dir, *args, options):
    return run_tool('train.py', config, '--work-dir', work_dir, *args,
                    options=options)


def losses(work_dir):
    return [line['loss'] for line in scalars(work_dir) if 'loss' in line]


def test_pretraining_writes_what_the_next_steps_need(pretrained):
    found = torch.load(pretrained / 'backbone.pth')
    student = torch.load(pretrained / 'epoch_2.pth')['state_dict']
    assert found['meta'] == dict(layout='ebedb')
    assert all(isinstance(v, torch.Tensor)
               for v in found['state_dict'].values())
    backbone = {k[len('student.backbone.'):]: v for k, v in student.items()
                if k.startswith('student.backbone.')}
    assert list(backbone) == list(found['state_dict'])
    assert all(torch.equal(v, found['state_dict'][k])
               for k, v in backbone.items())
    logged = set().union(*scalars(pretrained))
    assert {'loss_body', 'loss_limb', 'z_std', 'knn/k20_macro_f1',
            'knn/effective_rank', 'labels/usage_8', 'labels/flips_8',
            'labels/ami_emotion_8', 'labels/ami_actor_8',
            'labels/ami_recording_8', 'labels/agreement'} <= logged
    assert list(pretrained.glob('*/vis_data/events.out.tfevents.*'))


def test_test_scores_a_pretrained_model(pretrained, tmp_path, capsys):
    assert run_tool('test.py', QUICKSTART, pretrained / 'epoch_2.pth',
                    '--work-dir', tmp_path, options=PRETRAIN) == 0
    path, = tmp_path.glob('*/*.json')
    validated = [line for line in scalars(pretrained) if 'knn/k1_top1' in line]
    assert json.loads(path.read_text())['knn/k1_top1'] == pytest.approx(
        validated[-1]['knn/k1_top1'])


@pytest.fixture(scope='module')
def probed(ann_file, pretrained, tmp_path_factory):
    """Work directory of a linear probe."""
    work_dir = tmp_path_factory.mktemp('probed')
    assert train(LINEAR, work_dir, options=probe(
        ann_file, pretrained / 'encoder.pth')) == 0
    return work_dir


def test_linear_probe_leaves_the_encoder_alone(probed, pretrained):
    """Weights, codes and the buffers of batch norm, to the last bit."""
    before = torch.load(pretrained / 'encoder.pth')['state_dict']
    after = torch.load(probed / 'epoch_2.pth')['state_dict']
    assert any('running_mean' in k for k in before)
    for name, value in before.items():
        assert torch.equal(after[f'backbone.{name}'], value), name
    earlier = torch.load(probed / 'epoch_1.pth')['state_dict']
    assert not torch.equal(after['cls_head.fc.weight'],
                           earlier['cls_head.fc.weight'])


def test_fine_tuning_changes_the_gcn_alone(ann_file, pretrained, tmp_path):
    options = probe(ann_file, pretrained / 'encoder.pth')
    assert train(FINETUNE, tmp_path, options={
        **options, 'train_cfg.max_epochs': 1, 'val_cfg': None,
        'val_dataloader': None, 'val_evaluator': None}) == 0
    before = torch.load(pretrained / 'encoder.pth')['state_dict']
    after = torch.load(tmp_path / 'epoch_1.pth')['state_dict']
    for name in ('gcn.gcn.0.gcn.conv.weight', 'gcn.data_bn.running_mean'):
        assert not torch.equal(after[f'backbone.{name}'], before[name]), name
    for name, value in before.items():
        if name.startswith('codebook.'):
            assert torch.equal(after[f'backbone.{name}'], value), name


def test_test_scores_a_recogniser(probed, ann_file, pretrained, tmp_path):
    dump = tmp_path / 'predictions.pkl'
    assert run_tool(
        'test.py', LINEAR, probed / 'epoch_2.pth', '--work-dir', tmp_path,
        '--dump', dump, options=probe(
            ann_file, pretrained / 'encoder.pth')) == 0
    predictions = pickle.loads(dump.read_bytes())
    split = load_annotations(ann_file)['split']['xsub_test']
    # Recordings are scored, not windows.
    assert len(predictions) == len(split)
    path, = tmp_path.glob('*/*.json')
    scores = json.loads(path.read_text())
    assert {'emotion/top1', 'emotion/balanced_accuracy', 'emotion/macro_f1',
            'emotion/recall_anger'} <= set(scores)


def test_no_test_on_labels_that_were_seen(probed, ann_file, pretrained,
                                          tmp_path, capsys):
    seen = load_annotations(ann_file)['split']['xsub_train']
    assert run_tool(
        'test.py', LINEAR, probed / 'epoch_2.pth', '--work-dir', tmp_path,
        options={**probe(ann_file, pretrained / 'encoder.pth'),
                 'test_dataloader.dataset.split': 'xsub_train'}) == 2
    assert (f'epoch_2.pth: its training, or an earlier one in that folder, '
            f'saw the labels of {len(seen)} test recordings') in (
                sentence(capsys))


def test_readout_and_report(pretrained, tmp_path, capsys):
    work_dir = tmp_path / 'run'
    shutil.copytree(pretrained, work_dir)
    assert run_tool(
        'benchmarks/readout.py', QUICKSTART, '--work-dir', work_dir,
        '--seeds', 1, '--protocols', 'xsub', options=PRETRAIN) == 0
    printed = capsys.readouterr().out
    table = json.loads((work_dir / 'readout.json').read_text())
    names = [row[0] for row in table['rows']]
    assert names[0] == 'AIR, linear' and 'Random encoder, linear' in names
    for row in table['rows']:
        assert 0 <= float(row[1].split()[0]) <= 100
        assert '| ' + ' | '.join(row) + ' |' in printed

    assert run_tool('analysis_tools/report.py', work_dir) == 0
    page = (work_dir / 'report.html').read_text()
    assert 'Random encoder, linear' in page and '<img' in page


@pytest.mark.parametrize('config, args, expected', [
    (ROOT / 'configs/_base_/default_runtime.py', [],
     'expected the config of a pre-training'),
    (QUICKSTART, ['--classes', 'joy'], "'joy' is the only class"),
    (QUICKSTART, ['--work-dir', QUICKSTART], 'cannot be written')])
def test_bad_input_to_the_readout(config, args, expected, tmp_path, capsys):
    assert run_tool('benchmarks/readout.py', config, '--work-dir', tmp_path,
                    *args, options=PRETRAIN if config == QUICKSTART else {}
                    ) == 2
    assert expected in sentence(capsys)
    assert not list(tmp_path.iterdir())


def test_seed_is_obeyed(tmp_path, monkeypatch):
    """Also where the config sets one, as ours do."""
    workspaces, demand = [], torch.use_deterministic_algorithms

    def demanded(*args, **kwargs):
        workspaces.append(os.environ.get('CUBLAS_WORKSPACE_CONFIG'))
        demand(*args, **kwargs)
    monkeypatch.setattr(torch, 'use_deterministic_algorithms', demanded)
    assert Config.fromfile(QUICKSTART).randomness.seed == 0
    options = {**PRETRAIN, 'train_cfg.max_epochs': 1, 'val_cfg': None,
               'val_dataloader': None, 'val_evaluator': None}
    seen = {}
    for name, seed in dict(a=3, b=3, c=4).items():
        args = () if name == 'a' else ('--deterministic', )
        assert train(QUICKSTART, tmp_path / name, '--seed', seed, *args,
                     options=options) == 0
        seen[name] = losses(tmp_path / name)
    demand(False)
    # What a GPU's matrix products need to be deterministic.
    assert workspaces == [':4096:8'] * 2
    assert seen['a'] == seen['b'] != seen['c']


def test_save_best_on_nearest_neighbours(tmp_path):
    options = {**PRETRAIN, 'train_cfg.val_interval': 1,
               'default_hooks.checkpoint.save_best': 'knn/k20_macro_f1',
               'default_hooks.checkpoint.rule': 'greater'}
    # As a job script has it, which may be started again.
    assert train(QUICKSTART, tmp_path, '--resume', options=options) == 0
    log, = tmp_path.glob('*/*.log')
    assert 'has no checkpoint to go on from, the training begins anew' in (
        log.read_text())
    scores = {line['step']: line['knn/k20_macro_f1']
              for line in scalars(tmp_path) if 'knn/k20_macro_f1' in line}
    best = max(scores, key=scores.get)
    name, = (p.name for p in tmp_path.glob('best_knn_k20_macro_f1_*.pth'))
    assert name == f'best_knn_k20_macro_f1_epoch_{best}.pth'


def test_pretraining_on_unlabelled_recordings(tmp_path):
    """Meters that need labels are left out, the others are there."""
    options = {**PRETRAIN, 'train_cfg.max_epochs': 1,
               'train_cfg.val_interval': 1}
    options.update(flat('train_dataloader.dataset.generator',
                        dict(unlabelled=1.)))
    options.update(flat('val_dataloader.dataset.generator',
                        dict(unlabelled=1.)))
    assert train(QUICKSTART, tmp_path, options=options) == 0
    logged = set().union(*scalars(tmp_path))
    assert {'labels/usage_8', 'labels/ami_actor_8',
            'knn/effective_rank'} <= logged
    assert not [name for name in logged
                if 'emotion' in name or name.startswith('knn/k')]


def test_ebedb_converter(tmp_path, capsys):
    raw = tmp_path / 'raw'
    joints = ('Hips Chest Chest2 Chest3 Chest4 Neck Head RightCollar '
              'RightShoulder RightElbow RightWrist LeftCollar LeftShoulder '
              'LeftElbow LeftWrist RightHip RightKnee RightAnkle RightToe '
              'LeftHip LeftKnee LeftAnkle LeftToe').split()
    lines = ['HIERARCHY', f'ROOT {joints[0]}', '{', 'OFFSET 0 0 0',
             'CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation '
             'Yrotation']
    for joint in joints[1:]:
        lines += [f'JOINT {joint}', '{', 'OFFSET 0 10 0',
                  'CHANNELS 3 Zrotation Xrotation Yrotation']
    lines += ['End Site', '{', 'OFFSET 0 1 0', '}'] + ['}'] * len(joints)
    frames = [' '.join(map(str, (x, 90, 0, *[0] * (3 * len(joints)))))
              for x in (1, 2, 3)]
    text = '\n'.join([*lines, 'MOTION', 'Frames: 3', 'Frame Time: 0.033333',
                      *frames, ''])
    names = [f'{actor}_ft_nr_{emotion}_{take}-{take + 9}.bvh'
             for actor in ('AnBh', 'DiMi', 'HeGa', 'PaPi')
             for emotion in ('joy', 'anger') for take in (10, 30)]
    raw.mkdir()
    for number, name in enumerate(names):
        # Copies are recognised by their content.
        (raw / name).write_text(text.replace('90', str(90 + number)))
    (raw / 'AnBh_ft_nr_joy_50-59.bvh').write_text(text[:200])
    out = tmp_path / 'out.pkl'
    assert run_tool('dataset_converters/ebedb.py', raw, '--out', out) == 0
    data = load_annotations(out)
    assert len(data['annotations']) == len(names)
    assert {'xsub_train', 'xsub_test', 'xsub_f0_test'} <= set(data['split'])
    printed = capsys.readouterr().out
    assert 'joy_50-59' in printed  # what is left out is listed
    assert run_tool('dataset_converters/ebedb.py', tmp_path / 'no', '--out',
                    out) == 2
    sentence(capsys)


# What users get wrong: exit status 2, and one sentence that names it.

@pytest.fixture(scope='module')
def hostile(tmp_path_factory):
    """A checkpoint of a stranger, and the file that it would make."""
    folder = tmp_path_factory.mktemp('hostile')
    mark, path = folder / 'mark', folder / 'hostile.pth'

    class Hostile:
        def __reduce__(self):
            return os.system, (f'touch {mark}', )
    torch.save(dict(state_dict={}, meta=Hostile()), path)
    return path, mark


def test_hostile_checkpoint_does_nothing(hostile, ann_file, tmp_path, capsys):
    path, mark = hostile
    for run in (
            lambda: run_tool('test.py', QUICKSTART, path, '--work-dir',
                             tmp_path, options=PRETRAIN),
            lambda: train(QUICKSTART, tmp_path, '--resume', path,
                          options=PRETRAIN),
            lambda: train(QUICKSTART, tmp_path,
                          options={**PRETRAIN, 'load_from': path}),
            lambda: train(FINETUNE, tmp_path,
                          options=probe(ann_file, path)),
            lambda: run_tool('benchmarks/readout.py', QUICKSTART,
                             '--backbone', path, '--work-dir', tmp_path,
                             '--protocols', 'xsub', options=PRETRAIN)):
        assert run() == 2
        assert f'{path}: not loaded' in sentence(capsys)
    assert not mark.exists()


def test_readout_of_bare_weights(pretrained, tmp_path, capsys):
    """With and without a state_dict around them the scores are the same."""
    encoder, bare = pretrained / 'encoder.pth', tmp_path / 'bare.pth'
    torch.save(torch.load(encoder)['state_dict'], bare)
    torch.save({}, tmp_path / 'empty.pth')

    def read(path):
        return run_tool(
            'benchmarks/readout.py', QUICKSTART, '--backbone', path,
            '--work-dir', tmp_path, '--seeds', 1, '--protocols', 'xsub',
            options=PRETRAIN)
    rows = []
    for path in (encoder, bare):
        assert read(path) == 0
        rows.append(json.loads(
            (tmp_path / 'readout.json').read_text())['rows'][0])
    assert rows[0] == rows[1]
    capsys.readouterr()
    assert read(tmp_path / 'empty.pth') == 2
    assert 'empty.pth: the checkpoint lacks' in sentence(capsys)


def test_config_text_in_a_checkpoint_is_not_run(pretrained, tmp_path):
    """mmengine runs it as Python when it resumes."""
    mark, path = tmp_path / 'mark', tmp_path / 'epoch_1.pth'
    checkpoint = torch.load(pretrained / 'epoch_1.pth')
    checkpoint['meta']['config'] = f'open({str(mark)!r}, "w")\na = 1'
    torch.save(checkpoint, path)
    assert train(QUICKSTART, tmp_path, '--resume', path,
                 options=PRETRAIN) == 0
    assert (tmp_path / 'epoch_2.pth').exists() and not mark.exists()


def bad_train(changes, expected, *args, config=QUICKSTART):
    return pytest.param(config, args, changes, expected, id=expected[:30])


@pytest.mark.parametrize('config, args, changes, expected', [
    bad_train({}, 'no_such.py: no such file', config='no_such.py'),
    bad_train({}, 'no_such.pth: no such file', '--resume', 'no_such.pth'),
    bad_train({'load_from': 'no_such.pth'},
              'no_such.pth: no such checkpoint'),
    bad_train({'train_cfg.max_epochs.x': 1}, '--cfg-options: do not fit'),
    bad_train({'model.neck.in_channels': 4}, 'ProjectionNeck: in_channels is '
              '4, the backbone gives 8 channels; set neck.in_channels=8'),
    bad_train({'model.cls_head.in_channels': 4}, 'RecordingHead: in_channels '
              'is 4, the backbone gives 8; set model.cls_head.in_channels=8',
              config=STGCN),
    bad_train({}, "--launcher mpi: the environment variable 'OMPI_COMM",
              '--launcher', 'mpi'),
    bad_train({'model.backbone.graph_cfg.layout': 'nturgb+d'},
              "this data has 23 joints (layout 'ebedb'), the graph of the "
              'backbone 25'),
    bad_train({'train_dataloader.dataset.generator.layout': 'nturgb+d'},
              "this data has 25 joints (layout 'nturgb+d'), the graph of the "
              'backbone 23'),
    bad_train({'model.cls_head.num_classes': 5}, 'has the 7 classes anger, '
              'disgust, fear, joy, neutral, sadness, surprise, the head '
              'num_classes=5; set model.cls_head.num_classes=7',
              config=STGCN),
    bad_train({'model.backbone.graph_cfg.layout': 'mystery'},
              "unknown layout 'mystery'"),
    bad_train({'train_dataloader.dataset.split': 'mystery'},
              "there is no split 'mystery'; the file has "),
    bad_train({'train_dataloader.dataset.classes': ['boredom']},
              "unknown class 'boredom'; the data has anger"),
    bad_train({'train_dataloader.batch_size': 64},
              'no batch of 28 recordings with batch_size=64 and drop_last'),
    bad_train({'train_dataloader.dataset.generator.actions': ['fly']},
              'actions: found fly, expected from'),
    bad_train({}, 'tests: is a folder, expected a file',
              config=Path(__file__).parent),
    bad_train({}, 'seed of randomness is -1', '--seed', -1),
    bad_train({'train_cfg.max_epochs': 0}, 'train_cfg.max_epochs is 0, '
              'expected a positive whole number'),
    bad_train({'train_cfg.val_interval': 'x'}, "train_cfg.val_interval is "
              "'x'"),
    bad_train({'default_hooks.checkpoint.interva': 4},
              'default_hooks.checkpoint.interva is no argument of '
              "CheckpointHook, expected 'interval'"),
    bad_train({'optim_wrapper.optimizer.lr': 1e30},
              'the training has diverged, its loss is nan', config=STGCN),
    bad_train({'val_dataloader.dataset.classes':
               'joy,anger,disgust,fear,neutral,sadness,surprise'},
              'has the classes joy, anger, disgust, fear', config=STGCN),
    bad_train({'train_dataloader.dataset.ann_file': 'no_such.pkl'},
              'no_such.pkl: cannot be read', config=STGCN),
    bad_train({'train_dataloader.dataset.ann_file': __file__},
              'test_tools.py: is no annotation file', config=STGCN),
    bad_train({'model.backbone.init_cfg.checkpoint': 'no_such.pth'},
              'no_such.pth: no such checkpoint', config=FINETUNE),
])
def test_bad_input_to_training(config, args, changes, expected, ann_file,
                               tmp_path, capsys):
    options = (probe(ann_file, 'absent.pth') if config == FINETUNE else
               recognition(ann_file) if config == STGCN else PRETRAIN)
    assert train(config, tmp_path, *args,
                 options={**options, **changes}) == 2
    assert expected in sentence(capsys)
    assert not list(tmp_path.glob('*/vis_data/scalars.json'))  # no epoch


@pytest.mark.parametrize('args, changes, expected', [
    (['--amp'], {}, '--amp: mixed precision needs a GPU'),
    (['--launcher', 'pytorch'], {'sync_bn': 'torch'},
     'sync_bn: synchronised batch norm needs GPUs')])
def test_what_needs_a_gpu_says_so(args, changes, expected, tmp_path, capsys,
                                  monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert train(QUICKSTART, tmp_path, *args,
                 options={**PRETRAIN, **changes}) == 2
    assert expected in sentence(capsys)


def test_config_that_cannot_be_read(tmp_path, capsys):
    path = tmp_path / 'bad.py'
    for text, reason in (('model = (', 'Error'), ('1 / 0', 'ZeroDivision'),
                         ("_base_ = 'absent.py'", 'absent.py')):
        path.write_text(text)
        assert train(path, tmp_path, options={}) == 2
        line = sentence(capsys)
        assert 'bad.py: not readable as a config' in line and reason in line
    path.write_text("train_cfg = dict(type='EpochBasedTrainLoop')")
    assert train(path, tmp_path, '--auto-scale-lr', options={}) == 2
    assert 'bad.py has no auto_scale_lr' in sentence(capsys)


def test_weights_that_do_not_fit(pretrained, ann_file, tmp_path, capsys):
    path = tmp_path / 'other.pth'
    backbone = torch.load(pretrained / 'encoder.pth')
    options = probe(ann_file, path)

    backbone['meta']['layout'] = 'emilya'  # as many joints, other ones
    torch.save(backbone, path)
    assert train(FINETUNE, tmp_path, options=options) == 2
    assert ("was trained on the layout 'emilya', the data has 'ebedb' (23 "
            'joints)') in sentence(capsys)

    backbone['meta']['layout'] = 'ebedb'
    name = 'gcn.data_bn.weight'
    backbone['state_dict'][name] = torch.ones(25 * 6)
    torch.save(backbone, path)
    assert train(FINETUNE, tmp_path, options=options) == 2
    assert 'has gcn.data_bn.weight of shape (150,), the model (138,)' in (
        sentence(capsys))

    # Of another kind of model: tested, resumed.
    path = pretrained / 'epoch_2.pth'
    assert run_tool('test.py', FINETUNE, path, '--work-dir', tmp_path,
                    options=options) == 2
    assert "epoch_2.pth: the checkpoint of the layout 'ebedb' lacks" in (
        sentence(capsys))
    path = pretrained / 'backbone.pth'
    assert train(QUICKSTART, tmp_path, '--resume', path,
                 options=PRETRAIN) == 2
    assert 'backbone.pth: the checkpoint of the layout' in sentence(capsys)


def test_what_a_test_is_not_given(pretrained, tmp_path, capsys):
    """Told before anything is run."""
    whole, path = pretrained / 'epoch_2.pth', tmp_path / 'part.pth'
    found = torch.load(whole)
    found['state_dict'].pop('student.backbone.data_bn.weight')
    torch.save(found, path)
    for checkpoint, args, changes, expected in (
            (path, (), {},
             "part.pth: the checkpoint of the layout 'ebedb' lacks 1 of"),
            (whole, ('--dump', f'{path}/x.pkl'), {},
             'part.pth cannot be made a folder'),
            (whole, (), {'val_dataloader': None},
             'has no test_dataloader, expected')):
        assert run_tool('test.py', QUICKSTART, checkpoint, '--work-dir',
                        tmp_path, *args, options={**PRETRAIN, **changes}) == 2
        assert expected in sentence(capsys)


def test_data_of_another_layout(tmp_path, capsys):
    path = tmp_path / 'kinect.pkl'
    save_annotations(generate_annotations(**GENERATOR, layout='nturgb+d'),
                     path)
    assert train(STGCN, tmp_path, options=recognition(path)) == 2
    assert (f"{path}: this data has 25 joints (layout 'nturgb+d'), the graph "
            'of the backbone 23') in sentence(capsys)
