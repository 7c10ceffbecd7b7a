"""The tool that tells what discrete labels are about."""
import json
import math
from collections import Counter

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from PIL import Image
from tiny_runs import PRETRAIN, QUICKSTART, ROOT, flat, run_tool, sentence

from mmair.datasets.readers import load_annotations, save_annotations
from mmair.evaluation.label_encoder import LabelEncoder
from mmair.evaluation.label_report import LabelReport
from mmair.registry import DATASETS, MODELS

EBEDB = ROOT / 'configs/air/air_stgcn_ebedb_cpu.py'
NTU_2D = ROOT / 'configs/air/air_stgcn_ntu60_2d.py'
SWAV = ROOT / 'configs/swav/swav_stgcn_quickstart.py'
#: Sizes of the model, of the windows and of the generated data.
MODEL = {key: value for key, value in PRETRAIN.items()
         if key.startswith('model.')}
OPTIONS = {**MODEL, **{key: value for key, value in PRETRAIN.items()
                       if key.startswith('val_')},
           'val_dataloader.dataset.pipeline.0.num_clips': 1}


def report(config, checkpoint, *args, options=OPTIONS):
    return run_tool('analysis_tools/label_report.py', config, checkpoint,
                    *args, options=options)


def untrained(config, options, path):
    """A checkpoint of a model as it is built."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(options)
    init_default_scope('mmaction')
    torch.manual_seed(0)
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)
    return path


#: The recordings that the prototypes of each scale point at.
EXAMPLES = ([3, 10, 17, 24], [*range(0, 28, 4), 27], [*range(16)])


@pytest.fixture(scope='module')
def checkpoint(pretrained, tmp_path_factory):
    """A training whose prototypes are the projections of recordings."""
    cfg = Config.fromfile(QUICKSTART)
    cfg.merge_from_dict(dict(OPTIONS))
    init_default_scope('mmaction')
    encoder = LabelEncoder(MODELS.build(cfg.model), 'student')
    encoder.load(str(pretrained / 'epoch_2.pth'))
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    with torch.no_grad():
        z = encoder.neck(encoder.backbone(torch.cat([
            dataset[i]['inputs'] for i in range(len(dataset))])).mean(
                (1, 3, 4)))
    state = torch.load(pretrained / 'epoch_2.pth')['state_dict']
    for n, chosen in enumerate(EXAMPLES):
        assert state[f'head.prototypes.{n}'].shape == z[chosen].shape
        state[f'head.prototypes.{n}'] = z[chosen]
    path = tmp_path_factory.mktemp('trained') / 'epoch_2.pth'
    torch.save(dict(state_dict=state), path)
    return path


@pytest.fixture(scope='module')
def reported(checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp('labels')
    assert report(QUICKSTART, checkpoint, '--network', 'student', '--nearest',
                  2, '--out', out) == 0
    return out


def test_figures_follow_from_the_codes(reported, checkpoint):
    """Counted again from the codes that the file lists, in plain Python."""
    found = json.loads((reported / 'label_report.json').read_text())
    state = torch.load(checkpoint)['state_dict']
    codes = found['codes']
    assert found['recordings'] == len(codes) == 28
    assert [s['num_labels'] for s in found['scales']] == [4, 8, 16]
    for n, scale in enumerate(found['scales']):
        sizes = Counter(own[n] for own in codes.values())
        assert scale['used'] == len(sizes) == len(EXAMPLES[n])
        assert scale['perplexity'] == pytest.approx(math.exp(-sum(
            c / 28 * math.log(c / 28) for c in sizes.values())))
        assert scale['churn'] == pytest.approx(float(
            (state['codes'][n] != state['previous_codes'][n]).float().mean()))
        for known, of in (('emotion', emotion_of), ('actor', actor_of)):
            pairs = Counter((own[n], of(name)) for name, own in codes.items())
            pure = sum(max(count for (code, _), count in pairs.items()
                           if code == c) for c in sizes)
            assert scale['about'][known]['purity'] == pytest.approx(pure / 28)


def emotion_of(name):
    return next(e for e in ('anger', 'disgust', 'fear', 'joy', 'neutral',
                            'sadness', 'surprise') if e in name)


def actor_of(name):
    return next(a for a in ('S01', 'S02') if a in name)


def test_dictionary_shows_the_recordings_nearest_to_prototypes(reported):
    found = json.loads((reported / 'label_report.json').read_text())
    names, sizes = list(found['codes']), Counter(
        own[0] for own in found['codes'].values())
    for n, examples in enumerate(EXAMPLES):
        assert [found['codes'][names[i]][n] for i in examples] == list(
            range(len(examples)))
    nearest = found['dictionary']['nearest']
    assert found['dictionary']['of'] == '4' and len(nearest) == 4
    for code, shown in enumerate(nearest):
        assert shown[0] == names[EXAMPLES[0][code]]
        assert len(shown) == min(2, sizes[code])
        assert all(found['codes'][name][0] == code for name in shown)
    text = (reported / 'label_report.md').read_text()
    assert '![dictionary_4_1.png](dictionary_4_1.png)' in text
    with Image.open(reported / 'dictionary_4_1.png') as picture:
        assert picture.size[0] > 1500 and picture.size[1] > 800
        assert len(picture.convert('L').getcolors()) > 50


@pytest.fixture(scope='module')
def segments(pretrained):
    """The label report of the codebooks, and what it is of."""
    cfg = Config.fromfile(QUICKSTART)
    cfg.merge_from_dict(dict(OPTIONS))
    cfg.val_dataloader.dataset.pipeline[0].num_clips = 2
    init_default_scope('mmaction')
    encoder = LabelEncoder(MODELS.build(cfg.model))
    encoder.load(str(pretrained / 'epoch_2.pth'))
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    return LabelReport(dataset, encoder, [None]), dataset, encoder.codebook


def test_codes_of_segments_by_hand(segments):
    """Segment by segment, as the codebook labels them."""
    report, dataset, book = segments
    assert [(c.kind, c.stream) for c in report.codebooks] == [
        (kind, stream) for kind in book.kinds for stream in book.streams]
    names = list(book.groups)
    for index in (0, 13, 27):
        x = dataset[index]['inputs'][:, 0]
        labels = book.labels(x)  # (clips, steps, groups, streams)
        for codes in report.codebooks:
            groups = [g for g in names if book.groups[g] == codes.kind]
            assert codes.shape == (2, 1, len(groups), labels.shape[1])
            stream = book.streams.index(codes.stream)
            own = labels[:, :, [names.index(g) for g in groups], stream]
            assert codes.counts[index].tolist() == torch.bincount(
                own.flatten(), minlength=book.num_labels).tolist()
            far = torch.stack([book.distances(x, codes.stream, g)
                               for g in groups], 1)[:, None]
            for code in range(book.num_labels):
                if (own == code).any():
                    where = np.unravel_index(codes.place[index, code],
                                             codes.shape)
                    assert own[where[0], where[3], where[2]] == code
                    best = far[..., code][own.transpose(1, 2)[:, None]
                                          == code].min()
                    assert far[(*where, code)] == best
                    assert codes.distance[index, code] == pytest.approx(best)
                else:
                    assert codes.distance[index, code] == np.inf


def test_dictionary_of_segments(segments, pretrained, tmp_path):
    report, dataset, book = segments
    assert run_tool(
        'analysis_tools/label_report.py', QUICKSTART,
        pretrained / 'epoch_2.pth', '--segments', 'leg', 'motion', '--nearest',
        2, '--out', tmp_path,
        options={**OPTIONS, 'val_dataloader.dataset.pipeline.0.num_clips': 2}
    ) == 0
    found = json.loads((tmp_path / 'label_report.json').read_text())
    codes, = (c for c in report.codebooks
              if (c.kind, c.stream) == ('leg', 'motion'))
    names = [r['frame_dir'] for r in dataset.recordings]
    assert found['dictionary']['of'] == 'leg_motion'
    for code, shown in enumerate(found['dictionary']['nearest']):
        distance = codes.distance[:, code]
        assert len(set(shown)) == len(shown) == min(
            2, np.isfinite(distance).sum())
        assert [distance[names.index(n)] for n in shown] == sorted(
            distance)[:len(shown)]
    assert [c['name'] for c in found['codebooks']] == [
        f'{kind}, {stream}' for kind in book.kinds for stream in book.streams]
    text = (tmp_path / 'label_report.md').read_text()
    assert 'Adjusted mutual information of segments' in text
    pictures = sorted(tmp_path.glob('dictionary_leg_motion_*.png'))
    assert len(pictures) == math.ceil(book.num_labels / 8)
    with Image.open(pictures[0]) as picture:
        assert len(picture.convert('L').getcolors()) > 50
    # A panel is the half second itself.
    code = int(codes.counts.sum(0).argmax())
    index = int(codes.distance[:, code].argmin())
    panel = report.segment(codes, code, index)
    assert 4 <= len(panel.keypoint) <= book.length
    assert np.allclose(np.diff(panel.times), 1 / 15)


def test_a_file_without_actions_says_so(checkpoint, ann_file, tmp_path,
                                        capsys):
    """And 16 codes take two pictures, beside the checkpoint."""
    data = load_annotations(ann_file)
    for annotation in data['annotations']:
        annotation.pop('action', None)
    save_annotations(data, tmp_path / 'plain.pkl')
    copy = tmp_path / 'epoch_2.pth'
    copy.write_bytes(checkpoint.read_bytes())
    assert report(EBEDB, copy, '--scale', 16, '--nearest', 1, options={
        **MODEL, 'model.head.num_labels': (4, 8, 16),
        'val_dataloader.dataset.ann_file': tmp_path / 'plain.pkl'}) == 0
    assert {p.name for p in (tmp_path / 'label_report').iterdir()} == {
        'dictionary_16_1.png', 'dictionary_16_2.png', 'label_report.json',
        'label_report.md'}
    assert '| not in the data |' in capsys.readouterr().out
    found = json.loads((tmp_path / 'label_report/label_report.json'
                        ).read_text())
    assert found['scales'][0]['about']['action'] == dict(
        lack='not in the data')


def test_swav_and_a_checkpoint_that_keeps_no_codes(tmp_path, capsys):
    options = {key: value for key, value in OPTIONS.items()
               if not any(part in key for part in (
                   'appendage', 'refiner', 'codebook'))}
    checkpoint = untrained(SWAV, options, tmp_path / 'x.pth')
    assert report(SWAV, checkpoint, '--nearest', 1, options=options) == 0
    printed = capsys.readouterr().out
    assert '| not kept |' in printed and '| 16 | ' in printed


def test_detected_joints_in_pixels(ann_files, tmp_path):
    """2-D: what was not detected is not drawn, several persons are one."""
    options = {**flat('model.backbone', dict(base_channels=4)),
               'model.neck.in_channels': 16,
               'val_dataloader.dataset.ann_file':
                   ann_files('mmair.NTU60Dataset', 'coco')}
    checkpoint = untrained(NTU_2D, {k: v for k, v in options.items()
                                    if k.startswith('model')},
                           tmp_path / 'x.pth')
    assert report(NTU_2D, checkpoint, '--nearest', 1, options=options) == 0
    assert list((tmp_path / 'label_report').glob('dictionary_*_1.png'))


def test_bad_input(pretrained, tmp_path, capsys, ann_files):
    whole = pretrained / 'epoch_2.pth'
    vicreg = ROOT / 'configs/vicreg/vicreg_stgcn_quickstart.py'
    for config, checkpoint, args, options, expected in (
            (QUICKSTART, pretrained / 'backbone.pth', [], {},
             'backbone.pth: the checkpoint has no prototypes'),
            (QUICKSTART, whole, ['--scale', 7], {},
             '--scale 7: no scale of so many codes, expected one of (4, 8, 16)'
             ),
            (QUICKSTART, whole, [], {'model.head.num_labels': (4, 6)},
             'model.head.num_labels=(4, 6); give the config of that'),
            (QUICKSTART, whole, [], {'model.backbone.base_channels': 6,
                                     'model.neck.in_channels': 12},
             'use a checkpoint of the same backbone'),
            (QUICKSTART, whole, [], {
                'val_dataloader.dataset.generator.layout': 'kdae'},
             "(layout 'kdae'), the graph of the backbone 23"),
            (QUICKSTART, whole, ['--segments', 'ear', 'joint'], {},
             '--segments ear joint: no such codebook, expected one of: arm '
             'joint, '),
            (QUICKSTART, whole, ['--out', whole], {}, 'cannot be written'),
            (SWAV, whole, ['--network', 'teacher'], None, 'has no teacher'),
            (vicreg, whole, [], None, 'a VICReg has no discrete labels'),
            (ROOT / 'configs/_base_/default_runtime.py', whole, [], None,
             'expected the config of a pre-training'),
            (QUICKSTART, tmp_path / 'no.pth', [], {}, 'no such file')):
        options = None if options is None else {**OPTIONS, **options}
        assert report(config, checkpoint, *args, options=options) == 2
        assert expected in sentence(capsys)
