import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def pip(*args):
    done = subprocess.run(
        [sys.executable, '-m', 'pip', '--disable-pip-version-check',
         '--no-cache-dir', *map(str, args)],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Built from a copy, so that the checkout stays as it is."""
    tmp = tmp_path_factory.mktemp('wheel')
    source = tmp / 'source'
    source.mkdir()
    skip = shutil.ignore_patterns('__pycache__', '.mim')
    for name in ('mmair', 'configs', 'tools', 'requirements'):
        shutil.copytree(ROOT / name, source / name, ignore=skip)
    for name in ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'README.md',
                 'LICENSE', 'model-index.yml'):
        shutil.copy(ROOT / name, source)
    pip('wheel', '--no-deps', '--no-build-isolation', '-w', tmp, source)
    path, = tmp.glob('mmair-*.whl')
    return path


def test_pinned_versions_are_among_those_required():
    def read(name):
        lines = (ROOT / f'requirements/{name}.txt').read_text().splitlines()
        return [Requirement(line) for line in lines
                if line and not line.startswith('#')]

    pinned = {canonicalize_name(r.name): str(r.specifier).removeprefix('==')
              for r in read('constraints')}
    for name in ('runtime', 'mmlab', 'edge', 'mqtt', 'tests'):
        for needed in read(name):
            version = pinned[canonicalize_name(needed.name)]
            assert needed.specifier.contains(version), needed


def files(folder, pattern):
    return {str(path.relative_to(ROOT)) for path in
            (ROOT / folder).rglob(pattern)
            if not {'.mim', '__pycache__'} & set(path.parts)}


def test_wheel_holds_every_module_and_config(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        metadata = archive.read(next(
            name for name in held if name.endswith('/METADATA'))).decode()
    assert files('mmair', '*.py') <= held
    for folder in ('configs', 'tools'):
        expected = {f'mmair/.mim/{name}' for name in files(folder, '*.py')}
        assert expected and expected <= held
    assert 'mmair/.mim/model-index.yml' in held
    assert not [name for name in held if name.startswith('tests')]
    # mmcv-lite would shadow a full mmcv: it must stay a choice.
    assert 'Requires-Dist: mmengine>=0.10.7\n' in metadata
    # The first whose PCA has the solver of AppendageInformedBackbone.
    assert 'Requires-Dist: scikit-learn>=1.5\n' in metadata
    assert [line for line in metadata.splitlines()
            if line.startswith('Requires-Dist: mmcv')] == [
        'Requires-Dist: mmcv-lite>=2.0.1; extra == "lite"']


def test_wheel_is_imported_outside_the_checkout(wheel, tmp_path):
    pip('install', '--no-deps', '--target', tmp_path / 'site', wheel)
    code = ('import mmair, mmair.datasets, mmair.models, mmair.visualization,'
            ' pathlib; '
            'home = pathlib.Path(mmair.__file__).parent; '
            'print(home); print(mmair.__version__); '
            'print((home / ".mim/configs").is_dir())')
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(tmp_path / 'site')),
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    home, version, has_configs = done.stdout.split()
    assert home == str(tmp_path / 'site/mmair')
    assert f'mmair-{version}-' in wheel.name and has_configs == 'True'
