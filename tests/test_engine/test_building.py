"""What a config gets wrong is told by its field."""
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from tiny_runs import PRETRAIN, QUICKSTART, ROOT, run_tool, sentence

from mmair.engine.building import building
from mmair.errors import InputError
from mmair.registry import DATASETS, MODELS

STGCN = ROOT / 'configs/stgcn/stgcn_kdae.py'
TYPO = {'model.backbone.type': 'STGCNN'}
TOLD = ("model.backbone.type is 'STGCNN', which is registered nowhere, "
        "expected 'STGCN' or 'mmair.CTRGCN'; a class of your own needs its "
        'module in custom_imports')


@pytest.mark.parametrize('tool, args', [
    ('train.py', [QUICKSTART]),
    ('test.py', [QUICKSTART, 'CHECKPOINT']),
    ('infer.py', [STGCN, 'CHECKPOINT', ROOT / 'docs']),
    ('deployment/export_onnx.py', [STGCN, 'CHECKPOINT', '--out', 'OUT']),
    ('analysis_tools/get_flops.py', [QUICKSTART]),
    ('analysis_tools/extract_features.py',
     [QUICKSTART, 'CHECKPOINT', '--out', 'OUT.npz']),
    ('benchmarks/step_cost.py', [QUICKSTART])])
def test_every_tool_names_the_field(tool, args, tmp_path, capsys):
    (tmp_path / 'checkpoint').write_text('not looked at')
    args = [str(a).replace('CHECKPOINT', str(tmp_path / 'checkpoint'))
            .replace('OUT', str(tmp_path / 'out')) for a in args]
    options = dict(TYPO)
    if args[0] == str(QUICKSTART):
        options = {**PRETRAIN, **TYPO, 'work_dir': tmp_path / 'run'}
    assert run_tool(tool, *args, options=options) == 2
    assert sentence(capsys) == f'error: {args[0]}: {TOLD}'


def told(changes, config=QUICKSTART, build=None):
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(changes)
    init_default_scope('mmaction')
    with pytest.raises(InputError) as caught, building(cfg):
        (build or (lambda cfg: MODELS.build(cfg.model)))(cfg)
    path, rest = str(caught.value).split(': ', 1)
    assert path == str(config)
    return rest


def test_names_like_what_was_found_in_every_scope():
    assert told({'model.type': 'AIR'}).startswith(
        "model.type is 'AIR', which is registered nowhere, expected "
        "'mmair.AIR'")
    assert told({'model.neck.type': 'zzz'}).startswith(
        "model.neck.type is 'zzz', which is registered nowhere, expected a "
        'model;')

    def data(cfg):
        DATASETS.build(cfg.train_dataloader.dataset)
    assert told({'train_dataloader.dataset.pipeline.0.type':
                 'mmair.SampleWindow'}, build=data).startswith(
        "train_dataloader.dataset.pipeline.0.type is 'mmair.SampleWindow', "
        "which is registered nowhere, expected 'mmair.SampleWindows'")


def test_parts_that_mmengine_looks_up_by_itself(tmp_path):
    def train(cfg):
        cfg.merge_from_dict({**PRETRAIN, 'work_dir': str(tmp_path)})
        cfg.merge_from_dict(changes)
        Runner.from_cfg(cfg).train()
    for changes, start in (
            ({'optim_wrapper.optimizer.type': 'SDG'},
             "optim_wrapper.optimizer.type is 'SDG', which is registered "
             "nowhere, expected 'SGD'"),
            ({'param_scheduler.0.type': 'CosineAnneallingLR'},
             "param_scheduler.0.type is 'CosineAnneallingLR', which is "
             "registered nowhere, expected 'CosineAnnealingLR'")):
        assert told(changes, build=train).startswith(start)


def test_unknown_and_missing_arguments():
    # MMAction2's ST-GCN hands what it does not know to its blocks.
    assert told({'model.backbone.base_chanels': 4}) == (
        'model.backbone.base_chanels is no argument of STGCN, expected '
        "'base_channels' or 'in_channels'")
    assert told({'model.neck.out_chanels': 4}).startswith(
        'model.neck.out_chanels is no argument of mmair.ProjectionNeck, '
        'expected ')
    assert told({'model.backbone.graph_cfg.nonsense': 4}) == (
        'model.backbone.graph_cfg.nonsense is no argument; take it out')

    def without(cfg):
        del cfg.model.backbone['graph_cfg']
        MODELS.build(cfg.model)
    assert told({}, build=without) == (
        'model.backbone, model.appendage.backbone of type STGCN lacks '
        "'graph_cfg'; add it")


def test_what_a_class_refuses(tmp_path):
    def train(cfg):
        cfg.merge_from_dict({**PRETRAIN, 'work_dir': str(tmp_path)})
        cfg.merge_from_dict(changes)
        Runner.from_cfg(cfg).train()
    for changes, expected in (
            ({'optim_wrapper.optimizer.lr': -1},
             'optim_wrapper.optimizer of type AdamW: Invalid learning rate: '
             '-1'),
            ({'optim_wrapper.optimizer.lr': 'fast'},
             "optim_wrapper.optimizer.lr is 'fast', expected a number"),
            ({'default_hooks.logger.interval': 0},
             'default_hooks.logger of type LoggerHook: interval must be '
             'greater than 0'),
            ({'train_dataloader.batch_size': 0},
             'train_dataloader.batch_size, val_dataloader.batch_size: '
             'batch_size should be a positive integer value, but got '
             'batch_size=0'),
            ({'val_evaluator': None},
             'val_dataloader, val_cfg, and val_evaluator should be either '
             'all None or not None'),
            ({'default_hooks.chekpoint.interval': 4},
             "default_hooks.chekpoint has no type, expected "
             "'default_hooks.checkpoint'"),
            ({'model.backbone.in_channels': 6,
              'train_dataloader.dataset.pipeline.8': dict(
                  type='mmair.ToBone')},
             'the data has 69 numbers a frame, the backbone 138; set '
             'in_channels of the backbone')):
        assert told(changes, build=train).startswith(expected)


@pytest.mark.parametrize('error', [
    KeyError('Other is not in the mmaction::model registry'),
    KeyError('joints'), KeyError(), AssertionError(), TypeError('odd'),
    ValueError('odd'), RuntimeError('odd'), InputError('model: is odd'),
    TypeError("f() got an unexpected keyword argument 'not_in_the_config'"),
    TypeError("'<=' not supported between instances of 'float' and 'str'"),
    TypeError("f() missing 1 required positional argument: 'x'")])
def test_what_no_field_explains_stays(error):
    with pytest.raises(type(error)) as caught:
        with building(Config(dict(model=dict(type='AIR')))):
            raise error
    assert caught.value is error
