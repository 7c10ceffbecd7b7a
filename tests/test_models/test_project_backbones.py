"""CTR-GCN and MS-G3D from a checkout: stubs, and the real one where it is.

``MMACTION2_ROOT=/path/to/mmaction2 pytest ...`` runs all on the real one too.
"""
import copy
import os
import re
import sys

import pytest
import torch
from mmaction.registry import MODELS as MMACTION
from mmengine.config import Config
from project_stubs import write_checkout
from tiny_air import air_config, batch, check_gradients, total, train_ready
from tiny_peers import METHODS, peer_batch, peer_config, ready
from tiny_runs import ROOT

from mmair.errors import InputError
from mmair.layouts import LIMB_GRAPH, get_layout
from mmair.models.backbones import backbone_weights, load_backbone
from mmair.registry import MODELS

LAYOUTS = ['nturgb+d', 'coco', 'ebedb', 'kdae', 'emotion_gait']
NAMES = ['CTRGCN', 'MSG3D']
REAL = os.environ.get('MMACTION2_ROOT')
#: Arguments that make a small one, and its channels.
SMALL = dict(CTRGCN=(dict(base_channels=8, num_stages=2, inflate_stages=[],
                          down_stages=[2]), 8),
             MSG3D=(dict(base_channels=6, num_gcn_scales=3,
                         num_g3d_scales=2), 24))


@pytest.fixture(scope='module')
def stubs(tmp_path_factory):
    return write_checkout(tmp_path_factory.mktemp('mmaction2'))


@pytest.fixture(params=['stubs', pytest.param('real', marks=pytest.mark.skipif(
    not REAL, reason='MMACTION2_ROOT is not set'))])
def root(request, stubs, monkeypatch):
    """The checkout, named by the environment variable."""
    path = str(stubs) if request.param == 'stubs' else REAL
    monkeypatch.setenv('MMACTION2_ROOT', path)
    return path


@pytest.fixture
def nowhere(monkeypatch):
    monkeypatch.delenv('MMACTION2_ROOT', raising=False)


def config(name, layout='ebedb', in_channels=3, **changes):
    return {**dict(type=f'mmair.{name}', graph_cfg=dict(layout=layout),
                   in_channels=in_channels), **SMALL[name][0], **changes}


def windows(layout='ebedb', in_channels=3, persons=1):
    return torch.randn(2, persons, 8, len(get_layout(layout)), in_channels)


def test_both_at_once_without_a_clash(root):
    before, path = dict(MMACTION.module_dict), list(sys.path)
    nets = {name: MODELS.build(config(name)) for name in NAMES}
    for name, net in nets.items():
        assert type(net).__name__ == name
        x = net(windows())
        assert x.shape[:3] == (2, 1, SMALL[name][1])
        assert x.shape[4] == 23 == net.graph.num_node
    modules = [type(net).__module__ for net in nets.values()]
    assert len({m.split('.')[0] for m in modules}) == 2
    assert 'models' not in sys.modules and sys.path == path
    if root != REAL:
        assert [n.project for n in nets.values()] == ['ctrgcn', 'msg3d']
    # The names of MMAction2 are not taken.
    assert MMACTION.module_dict == before and 'CTRGCN' not in before
    # A file is run once, and its class is one.
    for name, net in nets.items():
        assert type(MODELS.build(config(name))) is type(net)


def test_a_project_that_is_imported_already_stays(stubs, nowhere):
    mine = type('CTRGCN', (), {})
    try:
        MMACTION.register_module(module=mine)
        net = MODELS.build(config('CTRGCN', root=str(stubs)))
        assert MMACTION.get('CTRGCN') is mine and type(net) is not mine
    finally:
        MMACTION.module_dict.pop('CTRGCN')


def test_the_argument_counts_more_than_the_environment(
        stubs, tmp_path, monkeypatch):
    monkeypatch.setenv('MMACTION2_ROOT', str(tmp_path / 'absent'))
    net = MODELS.build(config('MSG3D', root=str(stubs)))
    other = MODELS.build(config(
        'MSG3D', root=str(write_checkout(tmp_path / 'other'))))
    assert type(net) is not type(other)


@pytest.mark.parametrize('name', NAMES)
def test_one_person_unless_told_otherwise(name, root):
    assert MODELS.build(config(name)).data_bn.num_features == 23 * 3
    net = MODELS.build(config(name, num_person=2))
    assert net(windows(persons=2)).shape[1] == 2


@pytest.mark.parametrize('in_channels', [2, 3, 5, 6])
@pytest.mark.parametrize('name', NAMES)
def test_any_number_of_channels(name, in_channels, root):
    """Motion beside position is six; MS-G3D takes three by itself."""
    net = MODELS.build(config(name, in_channels=in_channels))
    x = windows(in_channels=in_channels).requires_grad_()
    net.eval()(x).square().sum().backward()
    assert (x.grad != 0).flatten(0, 3).any(0).all()  # each of them counts


def test_three_channels_are_the_checkouts_own(root):
    net = MODELS.build(config('MSG3D'))
    original = type(net)(**{k: v for k, v in config(
        'MSG3D', num_person=1, graph_cfg=dict(
            layout='ebedb', mode='binary_adj')).items() if k != 'type'})
    original.load_state_dict(net.state_dict())
    x = windows()
    assert torch.equal(original.eval()(x), net.eval()(x))


def of_air(name, layout):
    cfg = air_config(layout)
    width, dims = SMALL[name][1], get_layout(layout).dims
    cfg['backbone'] = config(name, layout, dims)
    cfg['neck'] = dict(cfg['neck'], in_channels=width)
    cfg['appendage'] = dict(
        cfg['appendage'], neck=cfg['neck'],
        backbone=config(name, LIMB_GRAPH, 2 * dims))
    return cfg


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('name', NAMES)
def test_air_trains_every_parameter(name, layout, root):
    model = train_ready(of_air(name, layout))
    assert type(model.backbone).__name__ == name
    total(model(*batch(layout, seed=1), mode='loss')).backward()
    check_gradients(model)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('name', NAMES)
def test_peers_train_every_parameter(name, method, root):
    cfg = peer_config(method)
    cfg['backbone'] = config(name)
    takes_features = 'neck' if 'neck' in cfg else 'head'
    cfg[takes_features] = dict(cfg[takes_features],
                               in_channels=SMALL[name][1])
    model = ready(cfg)
    total(model(*peer_batch(method, seed=1), mode='loss')).backward()
    check_gradients(model)


@pytest.mark.parametrize('name', NAMES)
def test_recogniser_starts_from_pretrained_weights(name, root, tmp_path):
    pretrained = train_ready(of_air(name, 'ebedb'))
    path = str(tmp_path / 'epoch_1.pth')
    torch.save(dict(state_dict=pretrained.state_dict()), path)
    recogniser = MODELS.build(dict(
        type='RecognizerGCN', backbone=config(name),
        cls_head=dict(type='mmair.RecordingHead', num_classes=7,
                      in_channels=SMALL[name][1])))
    load_backbone(recogniser.backbone, path)
    for key, value in pretrained.backbone.state_dict().items():
        assert torch.equal(recogniser.backbone.state_dict()[key], value), key
    features, _ = recogniser.extract_feat(windows()[:, None])
    assert recogniser.cls_head(features).shape == (2, 7)


def test_weights_of_whatever_checkpoint(stubs, tmp_path):
    net = MODELS.build(config('CTRGCN', root=str(stubs)))
    state = net.state_dict()
    for prefix in ('', 'backbone.', 'student.backbone.'):
        whole = {prefix + k: v for k, v in state.items()}
        if prefix:
            whole['head.x'] = torch.zeros(1)
        found = backbone_weights(whole)
        assert found.keys() == state.keys()
    path, lost = tmp_path / 'backbone.pth', dict(state)
    lost.pop('data_bn.weight')
    torch.save(lost, path)
    with pytest.raises(InputError, match='lacks 1 weights of the backbone, '
                       'data_bn.weight first'):
        load_backbone(copy.deepcopy(net), str(path))
    torch.save(dict(state, more=torch.zeros(1)), path)
    with pytest.raises(InputError, match='has beside them 1 weights of the '
                       'backbone, more first'):
        load_backbone(net, str(path))


# What users get wrong.

@pytest.mark.parametrize('name', NAMES)
def test_no_checkout_is_named(name, stubs, nowhere):
    with pytest.raises(InputError, match=f'mmair.{name}: the code is in '
                       f'projects/{name.lower()} of MMAction2.*`root`.*'
                       'MMACTION2_ROOT.*git clone'):
        MODELS.build(config(name))


def test_what_is_named_is_no_checkout(stubs, tmp_path):
    with pytest.raises(InputError, match=f'{re.escape(str(tmp_path))}: is no '
                       'checkout of MMAction2, it has no '
                       'projects/ctrgcn/models/__init__.py'):
        MODELS.build(config('CTRGCN', root=str(tmp_path)))


def test_a_project_that_cannot_be_imported(stubs, tmp_path):
    root = write_checkout(tmp_path)
    path = root / 'projects/ctrgcn/models/ctrgcn.py'
    before = dict(MMACTION.module_dict)
    for text, expected in (
            ('from .utils import absent', "ImportError: cannot import name"),
            ('1 / 0', 'ZeroDivisionError')):
        path.write_text(text)
        with pytest.raises(InputError, match=f'models: cannot be imported '
                           f'.{expected}'):
            MODELS.build(config('CTRGCN', root=str(root)))
        assert MMACTION.module_dict == before
    path.write_text('CTRGCN = 1')
    with pytest.raises(InputError, match='models: has no class CTRGCN'):
        MODELS.build(config('CTRGCN', root=str(root)))


def test_msg3d_refuses_graphs_of_which_it_reads_a_part(stubs):
    with pytest.raises(InputError, match="graph_cfg.mode is 'spatial', "
                       "expected 'binary_adj'"):
        MODELS.build(config('MSG3D', root=str(stubs),
                            graph_cfg=dict(layout='ebedb', mode='spatial')))


@pytest.mark.parametrize('number', [0, 1])
def test_configs_of_the_page(number, root, tmp_path):
    """docs/backbones.md: whole configs, built from what it says."""
    page = (ROOT / 'docs/backbones.md').read_text()
    text = [t for t in re.findall('```python\n(.*?)```', page, re.S)
            if '_base_' in t][number]
    (tmp_path / 'configs/air').mkdir(parents=True)
    for name in ('configs/_base_', 'configs/air/air_stgcn_ebedb.py'):
        (tmp_path / name).symlink_to(ROOT / name)
    path = tmp_path / 'configs/air/own.py'
    path.write_text(text)
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    assert type(model.backbone).__name__ == NAMES[number]
    x = torch.randn(1, 1, 16, 23, 6)
    assert model.backbone(x).shape[2] == model.student.neck.in_channels
    limb = torch.randn(1, 1, 4, 16, 3, 6)
    assert model.appendage(limb).shape[
        2] == model.student.appendage.neck.in_channels
