"""Builds the package mmair. Install with ``pip install .`` or ``-e .``."""
import os
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
# What `mim` looks for in mmair/.mim.
MIM_FILES = ('configs', 'tools', 'model-index.yml')


def read(path):
    return (ROOT / path).read_text(encoding='utf-8')


def requirements(name):
    lines = read(f'requirements/{name}.txt').splitlines()
    return [line for line in lines if line and not line.startswith('#')]


class BuildPyWithMim(build_py):
    """Puts the configs into the package, where they outlive the checkout.

    A hook of the build, not a test for command names in ``sys.argv``: wheels
    (copies) and editable installs, `develop` or PEP 660 (links), all come
    through here.
    """

    def run(self):
        super().run()
        mim = Path(ROOT if self.editable_mode else self.build_lib,
                   'mmair', '.mim')
        shutil.rmtree(mim, ignore_errors=True)
        mim.mkdir(parents=True)
        for source in map(ROOT.joinpath, MIM_FILES):
            if self.editable_mode:
                (mim / source.name).symlink_to(os.path.relpath(source, mim))
            elif source.is_dir():
                shutil.copytree(
                    source, mim / source.name,
                    ignore=shutil.ignore_patterns('__pycache__'))
            else:
                shutil.copy(source, mim)


setup(
    name='mmair',
    version=re.search(r"__version__ = '(.+)'", read('mmair/version.py'))[1],
    description='Self-supervised emotion recognition from body skeletons, a '
    'plugin for MMAction2',
    long_description=read('README.md'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['mmair', 'mmair.*']),
    python_requires='>=3.10',
    # mmcv is needed too, but no requirement can say "mmcv or mmcv-lite", and
    # naming one would put it over the other where both fit: the `lite` extra
    # and tools/setup_env.sh install mmcv-lite, which suffices.
    install_requires=requirements('runtime'),
    extras_require={extra: requirements(name) for extra, name in dict(
        lite='mmlab', edge='edge', mqtt='mqtt', tests='tests').items()},
    cmdclass=dict(build_py=BuildPyWithMim),
    zip_safe=False,
)
