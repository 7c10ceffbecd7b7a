"""What the pages name exists, and what they tell to write runs."""
import argparse
import functools
import importlib
import re
import sys
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope, Registry
from tiny_runs import GENERATOR, ROOT, run_tool

import mmair.datasets
import mmair.engine.hooks
import mmair.evaluation
import mmair.models
import mmair.registry
from mmair.models.backbones import encoder_config
from mmair.datasets.synthetic import generate_annotations
from mmair.registry import DATASETS, MODELS

PAGES = sorted(path.relative_to(ROOT).as_posix() for pattern in (
    '*.md', 'docs/**/*.md', 'configs/*/README.md')
    for path in ROOT.glob(pattern))
METAFILES = sorted(path.relative_to(ROOT).as_posix()
                   for path in ROOT.glob('configs/*/metafile.yml'))
_PATH = re.compile(
    r'(?<![\w/.-])(?:tools|configs|docs|mmair|tests|requirements)/'
    r'[\w/.{},*-]*[\w}*]')


@functools.cache
def config_at(path):
    return Config.fromfile(ROOT / path)


class Parsing(Exception):
    """Holds the parser of a tool."""


@functools.cache
def options_of(tool):
    """What the parser of a tool takes."""
    def parse(parser, *args):
        raise Parsing(parser)

    with patch('argparse.ArgumentParser.parse_args', parse):
        with pytest.raises(Parsing) as caught:
            run_tool(tool)
    parsers, options = [caught.value.args[0]], set()
    for parser in parsers:  # it grows by those of subcommands
        options |= set(parser._option_string_actions)
        parsers += [sub for action in parser._actions
                    if isinstance(action, argparse._SubParsersAction)
                    for sub in action.choices.values()]
    return options


def text_of(page):
    return (ROOT / page).read_text(encoding='utf-8')


def expand(name):
    """What a shell makes of braces."""
    parts = re.split(r'\{([^{}]*)\}', name)
    return [''.join(chosen) for chosen in product(*(
        part.split(',') if i % 2 else [part]
        for i, part in enumerate(parts)))]


def written_by(text):
    """Files that a page tells its reader to write."""
    return set(re.findall(r'^# ([\w/]+\.\w+)$', text, re.M))


def slug(heading):
    """The anchor that a heading gets on a web page."""
    return re.sub(r'[^\w -]', '', heading.strip().lower()).replace(' ', '-')


def test_the_checks_see_what_is_there():
    assert {'README.md', 'docs/README.md', 'docs/extend.md',
            'configs/air/README.md'} <= set(PAGES)
    assert expand('a/{b,c}_d') == ['a/b_d', 'a/c_d']
    assert _PATH.findall('see `tools/{a,b}.py X`, configs/air.') == [
        'tools/{a,b}.py', 'configs/air']
    assert slug('Joints, bones and `motion`') == 'joints-bones-and-motion'


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page):
    text = re.sub(r'```.*?```', '', text_of(page), flags=re.S)
    for target in re.findall(r'\]\(([^)\s]+)\)', text):
        if re.match(r'https?://|mailto:', target):
            continue
        name, _, anchor = target.partition('#')
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), target
        if anchor:
            found = re.findall(r'^#+ (.+)$', path.read_text(), re.M)
            assert anchor in map(slug, found), target


@pytest.mark.parametrize('page', PAGES)
def test_paths_exist(page):
    text = text_of(page)
    # Of the reader's own files and of a loop's variables nothing is known.
    named = {path for found in _PATH.findall(re.sub(r'\S*\$\S*', '', text))
             for path in expand(found)} - written_by(text)
    for path in named:
        own = {'own', 'own.py'} & set(Path(path).parts)
        assert own or list(ROOT.glob(path)), path


@pytest.mark.parametrize('page', PAGES)
def test_options_of_tools_exist(page):
    """Every ``--option`` behind a tool is one of its own."""
    for block in re.findall(r'```bash\n(.*?)```', text_of(page), re.S):
        for line in block.replace('\\\n', ' ').splitlines():
            for call in re.split(r'\bpython tools/', line)[1:]:
                call = re.split(r'\s(?:[|#]|&&)\s', call)[0]
                options = set(re.findall(r'\s(--[\w-]+)', call))
                if options:
                    assert options <= options_of(call.split()[0]), line


@pytest.mark.parametrize('page', PAGES)
def test_names_of_mmair_exist(page):
    registries = [value for value in vars(mmair.registry).values()
                  if isinstance(value, Registry)]
    registered = {name for registry in registries
                  for name in registry.module_dict}
    for name in set(re.findall(r'\bmmair((?:\.\w+)+)', text_of(page))):
        parts = name[1:].split('.')
        if parts[0] in registered or parts == ['X']:
            continue
        module, rest = mmair, []
        for i in range(len(parts)):
            try:
                module = importlib.import_module(
                    '.'.join(['mmair', *parts[:i + 1]]))
            except ModuleNotFoundError:
                rest = parts[i:]
                break
        for part in rest:
            assert hasattr(module, part), f'mmair{name}'
            module = getattr(module, part)


def test_the_index_has_every_page():
    listed = set(re.findall(r'\]\((\w+\.md)', text_of('docs/README.md')))
    assert listed == {path.name for path in ROOT.glob('docs/*.md')} - {
        'README.md'}


def metafile(path):
    return yaml.safe_load(text_of(path))


@pytest.mark.parametrize('path', METAFILES)
def test_metafile_tells_of_every_config(path):
    data = metafile(path)
    folder = Path(path).parent
    models, (collection, ) = data['Models'], data['Collections']
    assert (ROOT / collection['README']).is_file()
    assert sorted(m['Config'] for m in models) == sorted(
        found.relative_to(ROOT).as_posix()
        for found in (ROOT / folder).rglob('*.py'))
    names = {m['Name'] for m in models}
    for model in models:
        assert model['In Collection'] == collection['Name']
        cfg = config_at(model['Config'])
        about = model['Metadata']
        assert about['Epochs'] == cfg.train_cfg.max_epochs
        assert about['Batch Size'] == cfg.train_dataloader.batch_size
        assert about['Training Data'].split()[0].lower() in (
            cfg.train_dataloader.dataset.type.lower().replace(
                'ntu60', 'ntu'))
        assert about['Architecture'] in collection['Metadata']['Architecture']
        assert set(model.get('Downstream', ())) <= names
        for name in model.get('Downstream', ()):
            # Its weights are those that the pre-training writes.
            of = next(m for m in models if m['Name'] == name)
            backbone = config_at(of['Config']).model.backbone
            _, weights = encoder_config(cfg.model)
            assert backbone.init_cfg.checkpoint == (
                f'work_dirs/{Path(model["Config"]).stem}/{weights}')


@pytest.mark.parametrize('path', METAFILES)
def test_metafile_tells_results_of_the_page_alone(path):
    data = metafile(path)
    name = data['Collections'][0]['Name']
    rows = [line for line in text_of('docs/results.md').splitlines()
            if line.startswith(f'| {name}, linear')]
    for model in data['Models']:
        for result in model['Results'] or ():
            for value in result['Metrics'].values():
                assert any(f' {value} ' in row for row in rows), value


def test_the_model_index_has_every_metafile():
    index = metafile('model-index.yml')['Import']
    assert sorted(index) == METAFILES
    names = [model['Name'] for path in index
             for model in metafile(path)['Models']]
    assert len(names) == len(set(names))


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """The files that two pages tell their reader to write."""
    root = tmp_path_factory.mktemp('extend')
    for name in ('configs', 'tools'):
        (root / name).mkdir()
        for source in (ROOT / name).iterdir():
            (root / name / source.name).symlink_to(source)
    pages = text_of('docs/extend.md') + text_of('docs/get_started.md')
    for block in re.findall(r'```(?:python|yaml)\n(# [\w/]+\..*?)```',
                            pages, re.S):
        path = root / block.split('\n', 1)[0].removeprefix('# ')
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists()
        path.write_text(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.syspath_prepend(root)
        yield root
    for name in [n for n in sys.modules if n.split('.')[0] == 'my_emotions']:
        del sys.modules[name]


@pytest.fixture(scope='module')
def converted(written):
    raw = written / 'data/camera'
    raw.mkdir(parents=True)
    data = generate_annotations(
        num_actors=2, actions=['knock'], takes=2,
        classes=['anger', 'joy', 'sadness'],
        layout='configs/own/camera.yaml')
    for annotation in data['annotations']:
        actor, _, emotion, take = annotation['frame_dir'].split('_')
        np.save(raw / f'{actor}_{emotion}_{take}.npy',
                1000 * annotation['keypoint'][0])
    (raw / 'strange.npy').write_bytes((raw / 'S01_joy_1.npy').read_bytes()
                                      + b'!')
    module = importlib.import_module('my_emotions.convert')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', ['convert.py', 'data/camera', '--out',
                                    'data/camera.pkl', '--workers', '1'])
        module.main()
    return data


CONFIGS = sorted(path for page in ('docs/extend.md', 'docs/get_started.md')
                 for path in written_by(text_of(page))
                 if re.fullmatch(r'configs/own/\w+\.py', path))


@pytest.mark.parametrize('path', CONFIGS)
def test_config_of_the_page_makes_a_step(path, written, converted):
    cfg = Config.fromfile(path)
    dataset = cfg.train_dataloader.dataset
    dataset.pipeline[0].clip_len = 16
    if 'generator' in dataset:
        dataset.generator.update(GENERATOR)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        data = DATASETS.build(dataset)
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
        model = MODELS.build(cfg.model)
    if hasattr(model, 'attach'):
        model.attach(data.recordings)
        model.set_progress(.5)
    batch = pseudo_collate(data.__getitems__([0, 1]))
    losses = model(**model.data_preprocessor(batch, training=True),
                   mode='loss')
    loss, _ = model.parse_losses(losses)
    assert torch.isfinite(loss)
    loss.backward()
    assert any(p.grad is not None and p.grad.any()
               for p in model.backbone.parameters())


def test_pages_show_all_parts():
    assert len(CONFIGS) == 6


def test_converter_of_the_page(converted, capsys):
    assert run_tool('dataset_converters/verify.py', 'data/camera.pkl') == 0
    from my_emotions.dataset import CameraDataset
    data = CameraDataset(ann_file='data/camera.pkl')
    assert len(data) == 12
    given = {tuple(a['frame_dir'].split('_')[i] for i in (0, 2, 3)): a
             for a in converted['annotations']}
    for i, recording in enumerate(data.recordings):
        source = given[tuple(recording['frame_dir'].split('_'))]
        assert data.get_data_info(i)['label'] == source['label']
        np.testing.assert_allclose(
            data.get_data_info(i)['keypoint'], source['keypoint'], atol=1e-5)


def test_transform_of_the_page(written):
    """Alone as in a batch; what stalls is the frame before."""
    module = importlib.import_module('my_emotions.stall')
    x = torch.randn(3, 2, 1, 12, 5, 3)
    key = torch.tensor([5, 6, 7])
    stall = module.StallFrames(prob=.3)
    found = stall(dict(keypoint=x.clone(), key=key))['keypoint']
    for i in range(3):
        alone = stall(dict(keypoint=x[i].clone(), key=key[i]))['keypoint']
        assert torch.equal(alone, found[i])
    moved = (found != x).any(-1).any(-1)[:, :, 0]
    assert .1 < moved.float().mean() < .6 and not moved[..., 0].any()
    before = torch.cat((x[..., :1, :, :], x[..., :-1, :, :]), -3)
    assert torch.equal(found.transpose(2, 3)[moved],
                       before.transpose(2, 3)[moved])
