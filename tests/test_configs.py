"""Every config builds, and makes a step on data of its kind."""
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from tiny_runs import GENERATOR, ROOT

from mmair.models.backbones import encoder_config
from mmair.registry import DATASETS, HOOKS, MODELS

CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in ROOT.glob('configs/**/*.py')
    if '_base_' not in path.parts)


def build_dataset(cfg, ann_files):
    if 'generator' in cfg:
        cfg.generator.update(GENERATOR)
    else:
        cfg.ann_file = str(ann_files(cfg.type, cfg.get('layout')))
    cfg.device = 'cpu'
    return DATASETS.build(cfg)


@pytest.mark.parametrize('path', CONFIGS)
def test_config_builds_and_makes_a_step(path, ann_files):
    cfg = Config.fromfile(ROOT / path)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        data = {part: build_dataset(cfg[f'{part}_dataloader'].dataset,
                                    ann_files)
                for part in ('train', 'val', 'test')
                if f'{part}_dataloader' in cfg}
        if 'data_preprocessor' in cfg:  # as a runner does it
            cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
        model = MODELS.build(cfg.model)
    pretraining = hasattr(model, 'attach')
    if pretraining:
        model.attach(data['train'].recordings)
        model.set_progress(.5)

    batch = collate(data['train'].__getitems__([0, 1]))
    losses = model(**model.data_preprocessor(batch, training=True),
                   mode='loss')
    loss, _ = model.parse_losses(losses)
    assert torch.isfinite(loss)
    loss.backward()
    assert any(p.grad is not None and p.grad.any()
               for p in model.backbone.parameters())

    batch = collate(data['val'].__getitems__([0]))
    with torch.no_grad():
        sample, = model.eval()(**model.data_preprocessor(batch),
                               mode='predict')
    if pretraining:
        assert sample.feature.ndim == 1
    else:
        assert model.cls_head.num_classes == len(
            data['train'].metainfo['classes'])
    for hook in cfg.custom_hooks:
        HOOKS.build(hook)


@pytest.mark.parametrize(
    'path', [path for path in CONFIGS if 'benchmarks' in path])
def test_what_is_pretrained_fits_what_is_trained_on_it(path):
    """Its file, by name, and the weights in it."""
    backbone = Config.fromfile(ROOT / path).model.backbone
    folder, name = backbone.pop('init_cfg').checkpoint.split('/')[1:]
    pretraining, = (p for p in CONFIGS if p.endswith(f'/{folder}.py'))
    encoder, expected = encoder_config(
        Config.fromfile(ROOT / pretraining).model)
    assert name == expected
    shapes, found = (
        {key: value.shape for key, value in
         MODELS.build(config).state_dict().items()}
        for config in (encoder, backbone))
    assert found == shapes


def collate(samples):
    """What the default collate function of a dataloader makes."""
    inputs = [sample['inputs'] for sample in samples]
    if isinstance(inputs[0], dict):
        inputs = {key: [x[key] for x in inputs] for key in inputs[0]}
    return dict(inputs=inputs,
                data_samples=[sample['data_samples'] for sample in samples])
