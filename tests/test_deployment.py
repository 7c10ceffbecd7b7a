"""Export to ONNX, quantisation and what runs without PyTorch."""
import importlib.util
import json
import os
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from project_stubs import write_checkout
from tiny_recogniser import standardise
from tiny_runs import (PRETRAIN, QUICKSTART, ROOT, recognition, run_tool,
                       sentence)

from mmair.datasets.readers import load_annotations
from mmair.datasets.transforms import (AppendMotion, FillGaps, MapLayout,
                                       NormalizeSkeleton, PackSkeletonInputs,
                                       RandomYaw, ResampleFrames,
                                       SampleWindows, ToBone)
from mmair.datasets.transforms.missing import neighbors
from mmair.datasets.transforms.normalize import median_of
from mmair.deployment import (OnnxRecognizer, RecordingGraph,
                              TrainedRecognizer, export_onnx,
                              labelled_recordings, load_recognizer)
from mmair.deployment import export as export_module
from mmair.deployment import extras, steps
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.registry import MODELS

_EXTRAS = ('onnx', 'onnxscript', 'onnxruntime')
_MISSING = [name for name in _EXTRAS if not importlib.util.find_spec(name)]
needs_onnx = pytest.mark.skipif(
    bool(_MISSING), reason=f'not installed: {", ".join(_MISSING)}')

STGCN = ROOT / 'configs/stgcn/stgcn_ebedb.py'
CLIP_LEN = 16
_SMALL = dict(base_channels=8, num_stages=2, inflate_stages=[2],
              down_stages=[2])
BACKBONES = dict(
    stgcn=dict(type='STGCN', graph_cfg=dict(mode='stgcn_spatial'), **_SMALL),
    stgcnpp=dict(type='STGCN', graph_cfg=dict(mode='spatial'),
                 gcn_adaptive='init', gcn_with_res=True, tcn_type='mstcn',
                 **_SMALL),
    aagcn=dict(type='AAGCN', graph_cfg=dict(mode='spatial'), **_SMALL),
    ctrgcn=dict(type='mmair.CTRGCN', graph_cfg=dict(), **_SMALL),
    msg3d=dict(type='mmair.MSG3D', graph_cfg=dict(), base_channels=6,
               num_gcn_scales=3, num_g3d_scales=2))


def movement(layout, recordings, frames, missing=0., seed=0):
    """Positions ``(N, T, V, 3)`` that drift, with some of them missing."""
    rng = np.random.default_rng(seed)
    shape = (recordings, frames, len(layout))
    x = (rng.normal(0, .5, (recordings, 1, len(layout), 3))
         + rng.normal(0, .03, (*shape, 3)).cumsum(1) + 2)
    if layout.dims == 2:
        x[..., 2] = rng.uniform(.2, 1, shape)
    gone = rng.random(shape if layout.dims == 2 else
                      (*shape[:2], 1)) < missing
    return np.where(gone[..., None], 0, x).astype(np.float32)


def randomise(model):
    """Weights and statistics that leave no part of the network idle."""
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith(('running_var', 'alpha')) or (
                value.ndim == 1 and name.endswith('weight')):
            value.uniform_(.5, 1.5)
        elif name.endswith('running_mean'):
            value.normal_(0, .2)
    torch.nn.init.normal_(model.cls_head.fc.weight)


def fit_codebook(recognizer, x):
    """Fit it to what the test pipeline lets it see."""
    seen, backbone = [], recognizer.model.backbone
    hook = backbone.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0]))
    for one in x:
        recognizer(one)
    hook.remove()
    backbone.codebook.fit(torch.cat(seen).flatten(0, 1))


def spread(probabilities):
    """How far recordings differ in the probability of a class."""
    return np.ptp(np.asarray(list(probabilities)), axis=0).max()


def tiny_recognizer(backbone='stgcn', layout='ebedb', source=None,
                    num_labels=0):
    """An untrained recogniser and the pipeline of the configs; with labels a
    codebook stands beside its backbone, and parts are pooled."""
    init_default_scope('mmaction')
    layout, source = get_layout(layout), get_layout(source or layout)
    cfg = dict(BACKBONES[backbone])
    cfg['graph_cfg'] = dict(cfg['graph_cfg'], layout=layout.to_dict())
    cfg.update(in_channels=6 if layout.dims == 3 else 5, num_person=1)
    head = dict(type='mmair.RecordingHead', num_classes=5,
                in_channels=24 if backbone == 'msg3d' else 16)
    if num_labels:
        cfg = dict(type='mmair.AppendageInformedGCN', gcn=cfg, codebook=dict(
            type='mmair.AppendageCodebook', layout=layout.to_dict(),
            num_labels=num_labels))
        # Codes of a limb and of its pair, in each of three streams.
        head.update(in_channels=16 + 2 * 3 * num_labels,
                    layout=layout.to_dict())
    model = MODELS.build(dict(
        type='RecognizerGCN', cls_head=head, backbone=cfg,
        data_preprocessor=dict(type='mmair.SkeletonDataPreprocessor')))
    randomise(model)
    prepare = [ResampleFrames(15), NormalizeSkeleton()]
    if layout.dims == 2:
        prepare.insert(0, FillGaps(.2))
    if source != layout:
        prepare.insert(1, MapLayout(layout.to_dict()))
    pipeline = [SampleWindows(CLIP_LEN, 4, True), AppendMotion(),
                PackSkeletonInputs()]
    if source != layout:
        pipeline.insert(1, ToBone())
    recognizer = TrainedRecognizer(
        model.eval(), [*prepare, *pipeline],
        source, tuple('abcde'))
    x = movement(source, 16, 50, .1, 7)
    if num_labels:
        fit_codebook(recognizer, x)
    standardise(recognizer, x)
    return recognizer


# Steps ---------------------------------------------------------------------


@pytest.mark.parametrize('missing', [0, .1, .6, 1])
@pytest.mark.parametrize('frames', [1, 2, 9, 40])
@pytest.mark.parametrize('layout', ['ebedb', 'nturgb+d', 'coco', 'openpose'])
def test_steps_equal_the_transforms(layout, frames, missing):
    layout = get_layout(layout)
    x = torch.as_tensor(movement(layout, 3, frames, missing))[:, None]
    for transform in (FillGaps(.2), NormalizeSkeleton(),
                      SampleWindows(7, 4, True), SampleWindows(7, 1, True)):
        step = steps.graph_step(transform)
        made = dict(keypoint=x, layout=layout, fps=15)
        step(made)
        for one, found in zip(x, made['keypoint']):
            expected = transform.transform(dict(
                keypoint=one.clone(), layout=layout, fps=15,
                total_frames=frames))['keypoint']
            assert found.shape == expected.shape
            assert torch.allclose(found, expected, atol=1e-5), transform


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_a_trunk_in_one_point_has_no_size(layout):
    layout = get_layout(layout)
    x = torch.as_tensor(movement(layout, 1, 30, 0))[:, None]
    x[..., :20, :, :2] = .3
    if layout.dims == 3:
        x[..., :20, :, 2] = .3
    made = dict(keypoint=x.clone(), layout=layout, fps=15)
    steps.graph_step(NormalizeSkeleton())(made)
    expected = NormalizeSkeleton().transform(dict(
        keypoint=x[0].clone(), layout=layout, fps=15))['keypoint']
    assert expected.abs().max() < 100
    torch.testing.assert_close(made['keypoint'][0], expected)


def test_neighbors_equal_the_running_maximum():
    seen = torch.rand(200, 9, 3, generator=torch.manual_seed(0)) < .4
    for found, expected in zip(steps.neighbors(seen), neighbors(seen)):
        assert torch.equal(found, expected)


def test_median_is_the_lower_one_of_what_is_valid():
    x = torch.tensor([5., 1, 4, 2, 3])
    for valid, expected in (([1, 1, 1, 1, 1], 3), ([1, 1, 1, 1, 0], 2),
                            ([0, 0, 1, 0, 0], 4), ([1, 0, 1, 0, 1], 4)):
        assert median_of(x, torch.tensor(valid).bool()) == expected


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_graph_equals_the_pipeline(layout):
    """In PyTorch, before any export."""
    recognizer = tiny_recognizer(layout=layout)
    graph = RecordingGraph(recognizer.model, recognizer.transforms,
                           recognizer.layout, recognizer.fps)
    for frames in (1, CLIP_LEN, 50):
        x = movement(recognizer.layout, 4, frames, .1)
        with torch.no_grad():
            found = graph(torch.as_tensor(x)).numpy()
        expected = np.stack([recognizer(one) for one in x])
        assert spread(expected) > .1  # it does tell them apart
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize('transform, words', [
    (RandomYaw(30), ['RandomYaw', 'cannot be exported']),
    (SampleWindows(16), ['at random', 'test_mode=True'])])
def test_what_is_random_is_not_exported(transform, words):
    with pytest.raises(InputError) as error:
        steps.graph_step(transform)
    assert all(word in str(error.value) for word in words)


# ONNX ----------------------------------------------------------------------

def assert_equal_on_all_sizes(made, recognizer):
    """Lengths around that of a window, several batches, missing joints."""
    for recordings, frames in ((1, 1), (1, 2), (3, CLIP_LEN - 1),
                               (1, CLIP_LEN), (2, CLIP_LEN + 1), (5, 100)):
        for missing in (0, .1):
            x = movement(recognizer.layout, recordings, frames, missing, 1)
            expected = np.stack([recognizer(one) for one in x])
            found = made(x)
            assert found.shape == (recordings, len(made.labels))
            assert np.abs(found - expected).max() <= 1e-4
            np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert spread(found) > .05


@needs_onnx
@pytest.mark.parametrize('backbone, layout, source, num_labels', [
    ('stgcnpp', 'coco', None, 0), ('aagcn', 'nturgb+d', 'kdae', 0),
    ('stgcn', 'ebedb', None, 12)])
def test_onnx_equals_pytorch(backbone, layout, source, num_labels, tmp_path):
    """In 2-D, on bones of mapped skeletons, beside a codebook; STGCN alone:
    by the tool."""
    recognizer = tiny_recognizer(backbone, layout, source, num_labels)
    path = tmp_path / 'model.onnx'
    assert export_onnx(recognizer, path) <= 1e-4
    assert [p.name for p in tmp_path.iterdir()] == ['model.onnx']
    assert_equal_on_all_sizes(OnnxRecognizer(path, threads=1), recognizer)


@needs_onnx
@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
@pytest.mark.parametrize('backbone', ['ctrgcn', 'msg3d'])
@pytest.mark.parametrize('checkout', ['stubs', pytest.param(
    'real', marks=pytest.mark.skipif(
        'MMACTION2_ROOT' not in os.environ,
        reason='MMACTION2_ROOT is not set'))])
def test_onnx_of_project_backbones(checkout, backbone, layout, tmp_path,
                                   monkeypatch):
    """From two stub packages, and from the checkout where one is named."""
    if checkout == 'stubs':
        monkeypatch.setenv('MMACTION2_ROOT',
                           str(write_checkout(tmp_path / 'mmaction2')))
    recognizer = tiny_recognizer(backbone, layout)
    path = tmp_path / 'model.onnx'
    assert export_onnx(recognizer, path) <= 1e-4
    assert_equal_on_all_sizes(OnnxRecognizer(path, threads=1), recognizer)


def stgcn_config(ann_file):
    cfg = Config.fromfile(STGCN)
    cfg.merge_from_dict(recognition(str(ann_file)))
    return cfg


@pytest.fixture(scope='module')
def trained(ann_file, tmp_path_factory):
    """Work directory of a recogniser that tells recordings apart."""
    if _MISSING:
        pytest.skip(f'not installed: {", ".join(_MISSING)}')
    work_dir = tmp_path_factory.mktemp('trained')
    assert run_tool('train.py', STGCN, '--work-dir', work_dir, options={
        **recognition(ann_file), 'val_cfg': None, 'val_dataloader': None,
        'val_evaluator': None}) == 0
    path = work_dir / 'epoch_2.pth'
    recognizer = load_recognizer(stgcn_config(ann_file), str(path))
    recordings = load_annotations(ann_file)['annotations']
    standardise(recognizer, np.stack([a['keypoint'][0, :60:2]
                                      for a in recordings]))
    # Small: saturated scores of made-up movement would all look alike.
    torch.nn.init.normal_(recognizer.model.cls_head.fc.weight, std=.1)
    found = torch.load(path)
    found['state_dict'] = recognizer.model.state_dict()
    torch.save(found, path)
    return work_dir


@pytest.fixture(scope='module')
def exported(trained, ann_file):
    """The ONNX file of that recogniser."""
    path = trained / 'model.onnx'
    assert run_tool('deployment/export_onnx.py', STGCN,
                    trained / 'epoch_2.pth', '--out', path,
                    options=recognition(ann_file)) == 0
    return path


@pytest.fixture(scope='module')
def predictions(trained, ann_file):
    """What tools/test.py says of each recording."""
    dump = trained / 'predictions.pkl'
    assert run_tool('test.py', STGCN, trained / 'epoch_2.pth', '--work-dir',
                    trained / 'test', '--dump', dump,
                    options=recognition(ann_file)) == 0
    return {p['frame_dir']: (p.get('pred_score') if 'pred_score' in p else
                             p['pred_scores']['item']).numpy()
            for p in pickle.loads(dump.read_bytes())}


def test_onnx_equals_test(exported, predictions, ann_file):
    """On recordings of another frame rate, all of the test split."""
    made = OnnxRecognizer(exported, threads=1)
    assert made.labels == ['anger', 'disgust', 'fear', 'joy', 'neutral',
                           'sadness', 'surprise']
    assert spread(predictions.values()) > .1
    compared = 0
    for annotation in load_annotations(ann_file)['annotations']:
        if annotation['frame_dir'] in predictions:
            x = ResampleFrames(made.fps).transform(dict(annotation))
            assert np.abs(
                made(x['keypoint'].numpy())[0]
                - predictions[annotation['frame_dir']]).max() <= 1e-4
            compared += 1
    assert compared == len(predictions) > 10


def test_onnx_of_the_tool_equals_pytorch(exported, trained, ann_file):
    recognizer = load_recognizer(stgcn_config(ann_file),
                                 str(trained / 'epoch_2.pth'))
    assert_equal_on_all_sizes(OnnxRecognizer(exported, threads=1), recognizer)


def test_metadata(exported):
    made = OnnxRecognizer(exported)
    assert made.layout == 'ebedb'
    assert made.joints == list(get_layout('ebedb').joints)
    assert made.channels == ['x', 'y', 'z'] and made.fps == 15
    about = made.session.get_modelmeta().custom_metadata_map
    assert json.loads(about['clip_len']) == 16
    assert json.loads(about['num_clips']) == 4
    # The exporter notes where in whose sources each operator comes from.
    content = exported.read_bytes()
    assert b'.py' not in content and str(ROOT).encode() not in content


#: Makes an import fail as where the package is not installed.
_BLOCK = '''
import sys
class Block:
    def find_spec(self, name, *args):
        if name.split('.')[0] in ('torch', 'mmaction', 'mmengine', 'mmcv',
                                  'mmair', 'onnx'):
            raise ImportError(name + ' is not here')
sys.meta_path.insert(0, Block())
try:
    import torch
except ImportError:
    pass
else:
    raise SystemExit('the block does not hold')
'''


def test_example_of_the_page_needs_no_torch(exported, predictions, ann_file,
                                            tmp_path):
    page = (ROOT / 'docs/edge.md').read_text()
    example = next(block for block in re.findall(
        r'```python\n(.*?)```', page, re.S) if 'onnxruntime' in block)
    annotation = next(a for a in load_annotations(ann_file)['annotations']
                      if a['frame_dir'] in predictions)
    assert 'fps = 125  # of this recording: put in yours' in example
    example = example.replace('125', str(annotation['fps']))
    np.save(tmp_path / 'recording.npy', annotation['keypoint'][0])
    (tmp_path / 'model.onnx').write_bytes(exported.read_bytes())
    done = subprocess.run([sys.executable, '-c', _BLOCK + example],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = dict(line.split() for line in done.stdout.splitlines())
    assert list(printed) == OnnxRecognizer(exported).labels
    np.testing.assert_allclose(
        [float(p) for p in printed.values()],
        predictions[annotation['frame_dir']], atol=6e-4)


def test_quantise(exported, predictions, ann_file, tmp_path, capsys):
    import onnx
    path = tmp_path / 'int8.onnx'
    assert run_tool('deployment/quantize_onnx.py', exported, ann_file,
                    '--out', path, '--recordings', 8) == 0
    rows = [[cell.strip() for cell in line.strip('|').split('|')]
            for line in capsys.readouterr().out.splitlines()
            if line.startswith('| ')]
    header, _, before, after = rows
    truth = {a['frame_dir']: a['label']
             for a in load_annotations(ann_file)['annotations']}
    labels = load_annotations(ann_file)['meta']['classes']
    made, small = OnnxRecognizer(exported), OnnxRecognizer(path)
    right = [made.labels[p.argmax()] == labels[truth[name]]
             for name, p in predictions.items()]
    assert float(before[header.index('top1')]) == pytest.approx(
        100 * np.mean(right), abs=.06)
    assert (small.labels, small.joints, small.fps) == (
        made.labels, made.joints, made.fps)
    tested = labelled_recordings(ann_file, 'xsub_test', made)
    both = np.stack([[model(x)[0] for x, _ in tested]
                     for model in (made, small)])
    assert float(after[header.index('top1')]) == pytest.approx(
        100 * np.mean(both[1].argmax(1) == [k for _, k in tested]), abs=.06)
    # Measured: 0.041 at most and a correlation of 0.950, of probabilities
    # that differ between recordings by 0.034; weights of 8 bits saturate
    # without VNNI, and 0.83 is left of the correlation.
    assert 1e-4 < np.abs(both[0] - both[1]).max() < .08
    assert np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1] > .9
    # Metres stay floats: nothing is rounded before the first convolution.
    nodes = onnx.load(path).graph.node
    kinds = [node.op_type for node in nodes]
    assert kinds.count('QuantizeLinear') > 3
    assert not {'QLinearConv', 'ConvInteger'} & set(kinds)
    first = kinds.index('QuantizeLinear')
    assert {'TopK', 'Atan', 'Mod'} <= set(kinds[:first])


def test_benchmark(exported, trained, ann_file, capsys):
    assert run_tool(
        'deployment/benchmark_edge.py', exported, '--config', STGCN,
        '--checkpoint', trained / 'epoch_2.pth', '--seconds', 2,
        '--repeats', 5, '--warm-up', 1, options=recognition(ann_file)) == 0
    rows = [[cell.strip() for cell in line.strip('|').split('|')]
            for line in capsys.readouterr().out.splitlines()
            if line.startswith('| ')]
    header, _, eager, model = rows
    assert [eager[0], model[0]] == ['PyTorch eager', 'model.onnx']
    for row in (eager, model):
        row = dict(zip(header, row))
        assert 0 < float(row['p50, ms']) <= float(row['p99, ms'])
        assert float(row['real-time factor']) == pytest.approx(
            float(row['p50, ms']) / 2000, abs=1e-3)
    memory = header.index('memory, MB')
    # A process with PyTorch is larger than one without.
    assert float(model[memory]) < .6 * float(eager[memory])


# Bad input -----------------------------------------------------------------


def test_another_skeleton(exported, ann_files, tmp_path, capsys):
    other = ann_files('mmair.KDAEDataset')
    assert run_tool('deployment/quantize_onnx.py', exported, other, '--out',
                    tmp_path / 'int8.onnx') == 2
    told = sentence(capsys)
    assert "'kdae'" in told and "'ebedb'" in told and '23 joints' in told
    made = OnnxRecognizer(exported)
    for x, word in ((np.ones((1, 9, 25, 3)), '(1, 9, 25, 3)'),
                    (np.ones((9, 23, 3)), '(9, 23, 3)'),
                    (np.ones((1, 0, 23, 3)), '(1, 0, 23, 3)'),
                    (np.full((1, 9, 23, 3), np.nan), 'not finite')):
        with pytest.raises(InputError, match=re.escape(word)):
            made(x)


def test_files_that_are_no_such_model(exported, ann_file, tmp_path, capsys):
    import onnx
    bare = tmp_path / 'bare.onnx'
    model = onnx.load(exported)
    del model.metadata_props[:]
    onnx.save_model(model, bare)
    garbled = tmp_path / 'garbled.onnx'
    garbled.write_bytes(exported.read_bytes()[:1000])
    for path, word in ((bare, 'metadata has no labels'),
                       (garbled, 'no ONNX file that can be run'),
                       (tmp_path / 'none.onnx', 'no such file')):
        for tool, args in (('quantize_onnx', [ann_file, '--out',
                                              tmp_path / 'out.onnx']),
                           ('benchmark_edge', [])):
            assert run_tool(f'deployment/{tool}.py', path, *args) == 2
            told = sentence(capsys)
            assert word in told and str(path) in told
    assert not (tmp_path / 'out.onnx').exists()


def test_checkpoint_that_cannot_be_measured(exported, ann_file, capsys):
    """The sentence of the process that measures, and nothing around it."""
    readme = ROOT / 'README.md'
    assert run_tool('deployment/benchmark_edge.py', exported, '--config',
                    STGCN, '--checkpoint', readme,
                    options=recognition(ann_file)) == 2
    assert sentence(capsys).startswith(
        f'error: {readme}: not loaded, a checkpoint of tensors and numbers '
        'was expected (')


def test_unknown_split(exported, ann_file, tmp_path, capsys):
    assert run_tool('deployment/quantize_onnx.py', exported, ann_file,
                    '--out', tmp_path / 'x.onnx', '--test-split', 'xyz') == 2
    assert "no split 'xyz'" in sentence(capsys)


def test_what_cannot_be_exported(trained, pretrained, ann_file, tmp_path,
                                 capsys):
    def told(config, checkpoint, options):
        assert run_tool('deployment/export_onnx.py', config, checkpoint,
                        '--out', tmp_path / 'model.onnx',
                        options=options) == 2
        assert not list(tmp_path.iterdir())
        return sentence(capsys)

    options, checkpoint = recognition(ann_file), trained / 'epoch_2.pth'
    assert 'lacks' in told(STGCN, pretrained / 'backbone.pth', options)
    assert 'no test_dataloader' in told(
        QUICKSTART, pretrained / 'epoch_2.pth', PRETRAIN)
    assert 'expected mmair.RecordingHead' in told(
        STGCN, checkpoint, {**options, 'model.cls_head.type': 'GCNHead'})
    assert 'cannot be exported' in told(STGCN, checkpoint, {
        **options,
        'test_dataloader.dataset.pipeline.1.type': 'mmair.RandomMirror'})
    assert 'test_mode=True' in told(STGCN, checkpoint, {
        **options, 'test_dataloader.dataset.pipeline.0.test_mode': 'False'})
    assert 'of shape' in told(STGCN, checkpoint, {
        **options, 'model.backbone.graph_cfg.layout': 'kdae'})


@needs_onnx
def test_nothing_is_written_that_differs(exported, tmp_path, monkeypatch):
    import onnx
    other = onnx.load(exported)
    monkeypatch.setattr(export_module, '_trace', lambda recognizer: other)
    recognizer = tiny_recognizer()
    model = recognizer.model
    model.cls_head.fc = torch.nn.Linear(32, 7)  # seven classes, as trained
    model.cls_head.num_classes = 7
    with pytest.raises(InputError, match='differ from those of PyTorch'):
        export_onnx(recognizer, tmp_path / 'model.onnx')
    assert not list(tmp_path.iterdir())


class _Odd(torch.nn.Module):
    """A backbone that does what a graph cannot."""

    def __init__(self, inner, does):
        super().__init__()
        self.inner, self.does = inner, does

    def forward(self, x):
        if self.does == 'branch' and x.sum() > 0:
            x = -x
        if self.does == 'fix':
            x = x.view(8, 1, CLIP_LEN, 23, 6) if len(x) == 8 else x
        x = self.inner(x)
        if self.does == 'lack':
            x = x + torch.linalg.eigvals(torch.eye(3)).real.sum()
        return x


@needs_onnx
@pytest.mark.parametrize('does, reason', [
    ('branch', 'Could not guard on data-dependent expression'),
    ('fix', 'Got invalid dimensions for input'),
    ('lack', 'No ONNX function found for')])
def test_backbone_that_cannot_be_exported(does, reason, tmp_path, capfd):
    recognizer = tiny_recognizer()
    recognizer.model.backbone = _Odd(recognizer.model.backbone, does)
    with pytest.raises(InputError) as caught:
        export_onnx(recognizer, tmp_path / 'model.onnx')
    told = str(caught.value)
    assert told.startswith('the backbone _Odd cannot be exported to ONNX (')
    assert reason in told and '\n' not in told
    assert not list(tmp_path.iterdir())
    said = capfd.readouterr()  # not the whole graph
    assert said.out == said.err == ''


def test_missing_package(monkeypatch, tmp_path):
    monkeypatch.setattr(extras.importlib.util, 'find_spec',
                        lambda name: None)
    with pytest.raises(InputError, match='pip install onnx onnxscript'):
        export_onnx(None, tmp_path / 'model.onnx')
