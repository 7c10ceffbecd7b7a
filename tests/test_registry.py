import mmaction.registry
import pytest
from mmengine.registry import MODELS, DefaultScope, Registry

import mmair
from mmair.datasets import EBEDBDataset
from mmair.engine.hooks import FreezeHook
from mmair.evaluation.metrics import EmotionMetric
from mmair.models import AIR

PARENTS = {name: registry for name, registry in vars(mmaction.registry).items()
           if isinstance(registry, Registry) and not name.startswith('MMEN')}
#: A class of ours and one of MMAction2, in as many registries as we add to.
OURS = dict(MODELS=AIR, DATASETS=EBEDBDataset, HOOKS=FreezeHook,
            METRICS=EmotionMetric)
STOCK = dict(MODELS='RecognizerGCN', DATASETS='PoseDataset',
             HOOKS='VisualizationHook', METRICS='AccMetric',
             TRANSFORMS='PackActionInputs')


def test_every_registry_has_a_child():
    assert len(PARENTS) >= 22
    for name, parent in PARENTS.items():
        child = getattr(mmair.registry, name)
        assert child.parent is parent and child.scope == 'mmair', name
        assert parent.children['mmair'] is child


@pytest.mark.parametrize('kind', OURS)
def test_own_names_are_found_from_both_scopes(kind):
    own, cls = getattr(mmair.registry, kind), OURS[kind]
    scoped = f'mmair.{cls.__name__}'
    assert PARENTS[kind].get(scoped) is cls
    assert own.get(cls.__name__) is own.get(scoped) is cls
    # An unscoped name of ours must not leak into MMAction2's scope.
    assert PARENTS[kind].get(cls.__name__) is None


@pytest.mark.parametrize('kind', STOCK)
def test_stock_names_are_found_from_our_scope(kind):
    stock = PARENTS[kind].get(STOCK[kind])
    assert stock is not None
    assert getattr(mmair.registry, kind).get(STOCK[kind]) is stock


@pytest.mark.parametrize('scope, prefix', [('mmaction', 'mmair.'),
                                           ('mmair', '')])
def test_nested_parts_are_built_under_both_scopes(scope, prefix):
    cfg = dict(
        type='RecognizerGCN',
        backbone=dict(type='STGCN', base_channels=4, num_stages=1,
                      graph_cfg=dict(layout='ebedb', mode='stgcn_spatial')),
        cls_head=dict(type=f'{prefix}RecordingHead', num_classes=3,
                      in_channels=4),
        data_preprocessor=dict(type=f'{prefix}SkeletonDataPreprocessor'))
    # As a runner does it: mmengine's root registry, and a default scope.
    with DefaultScope.overwrite_default_scope(scope):
        model = MODELS.build(cfg)
    assert type(model.cls_head) is mmair.registry.MODELS.get('RecordingHead')
    assert type(model.data_preprocessor).__module__.startswith('mmair.')
