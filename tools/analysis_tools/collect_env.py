"""Say what is installed, what mmair registered, and what is missing.

    python tools/analysis_tools/collect_env.py

Paste what it prints into a bug report. What is missing comes with the command
that mends it, and the exit status is then 1. Needs nothing but Python.
"""
import argparse
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import sys
import warnings
from pathlib import Path
from typing import List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
#: Names of the packages, where they are imported by another one.
_MODULES = {'mmaction2': 'mmaction', 'pillow': 'PIL', 'pyyaml': 'yaml',
            'scikit-learn': 'sklearn'}
#: Needed for some tools alone.
_OPTIONAL = {'onnx': 'export to ONNX', 'onnxruntime': 'exported models',
             'paho-mqtt': 'the MQTT bridge', 'pytest': 'the tests'}
_PYTHON = (3, 10)


def installed(package: str) -> Optional[str]:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def version(package: str) -> Optional[str]:
    module = _MODULES.get(package, package)
    if installed(package) or importlib.util.find_spec(module) is None:
        return installed(package)
    return 'from a checkout'  # on the path, without metadata


def older(found: str, least: str) -> bool:
    numbers = [[int(n) for n in re.findall(r'\d+', text.split('+')[0])[:3]]
               for text in (found, least)]
    return bool(numbers[0]) and numbers[0] < numbers[1]


def requirements() -> List[Tuple[str, Optional[str]]]:
    """Packages that mmair needs, and the least version of each."""
    path = ROOT / 'requirements' / 'runtime.txt'
    if path.is_file():
        lines = path.read_text(encoding='utf-8').splitlines()
    else:  # run from an installed copy
        try:
            lines = importlib.metadata.requires('mmair') or []
        except importlib.metadata.PackageNotFoundError:
            lines = []
    found = (re.fullmatch(r'([\w-]+)(?:>=([\d.]+))?', line.strip())
             for line in lines)
    return [(match[1], match[2]) for match in found if match]


class Doctor:
    """Prints what it finds, and keeps what has to be mended."""

    def __init__(self) -> None:
        self.missing: List[Tuple[str, str]] = []

    def say(self, name: str, text: str) -> None:
        print(f'{name:<16} {text}')

    def needs(self, name: str, problem: str, remedy: str) -> None:
        self.say(name, problem)
        self.missing.append((f'{name}: {problem}', remedy))

    def python(self) -> None:
        self.say('System', platform.platform())
        text = f'{platform.python_version()} ({sys.executable})'
        if sys.version_info < _PYTHON:
            least = '.'.join(map(str, _PYTHON))
            self.needs('Python', f'{text}, expected {least} or newer',
                       'MMAIR_PYTHON=python3.11 bash tools/setup_env.sh')
        else:
            self.say('Python', text)

    def packages(self) -> None:
        for package, least in requirements():
            found = version(package)
            wanted = f'{package}>={least}' if least else package
            command = f'{sys.executable} -m pip install "{wanted}"'
            if found is None:
                self.needs(package, 'missing', command)
            elif least and older(found, least):
                self.needs(package, f'{found}, expected {least} or newer',
                           command)
            else:
                self.say(package, found)
        # Both are imported as mmcv.
        full, lite = installed('mmcv'), installed('mmcv-lite')
        if full is None and lite is None:
            self.needs('mmcv', 'neither mmcv nor mmcv-lite',
                       f'{sys.executable} -m pip install "mmcv-lite>=2.0.1"')
        elif full and lite:
            self.needs('mmcv', f'both mmcv {full} and mmcv-lite {lite}, of '
                       'which one hides the other',
                       f'{sys.executable} -m pip uninstall mmcv-lite')
        else:
            self.say('mmcv', full or f'{lite} (lite, which suffices)')
        for package, purpose in _OPTIONAL.items():
            self.say(package, version(package)
                     or f'not installed; for {purpose} alone')

    def device(self) -> None:
        if version('torch') is None:
            return
        try:
            import torch
            gpus = [torch.cuda.get_device_name(i)
                    for i in range(torch.cuda.device_count())]
            self.say('GPU', ', '.join(gpus) or 'none, CPU only')
            self.say('CPU', f'{os.cpu_count()} cores, torch uses '
                     f'{torch.get_num_threads()} threads')
        except Exception as error:  # a broken installation
            self.needs('torch', f'cannot be imported ({reason(error)})',
                       f'{sys.executable} -m pip install --force-reinstall '
                       'torch')

    def mmair(self) -> None:
        """Import all of it: the registries hide what fails inside."""
        command = f'{sys.executable} -m pip install -e "{ROOT}"'
        if importlib.util.find_spec('mmair') is None:
            self.needs('mmair', 'missing', command)
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                package = importlib.import_module('mmair')
                registries = self.registered(package)
        except Exception as error:
            self.needs('mmair', f'cannot be imported ({reason(error)})',
                       'mend what is missing above, or else: ' + command)
            return
        self.say('mmair', f'{package.__version__} '
                 f'({Path(package.__file__).parent})')
        for name, names in registries.items():
            self.say(f'  {name}', ', '.join(names))

    @staticmethod
    def registered(package) -> dict:
        found = {}
        for module in ('datasets', 'datasets.transforms', 'models',
                       'engine.hooks', 'evaluation'):
            importlib.import_module(f'mmair.{module}')
        for name, registry in vars(package.registry).items():
            own = getattr(registry, 'module_dict', None)
            if own and registry.scope == 'mmair':
                found[name] = sorted(own)
        return found

    def checkout(self) -> None:
        """The optional one that CTR-GCN and MS-G3D come from."""
        root = os.environ.get('MMACTION2_ROOT')
        if not root:
            self.say('MMACTION2_ROOT', 'not set; for CTR-GCN and MS-G3D alone')
            return
        lacks = [project for project in ('ctrgcn', 'msg3d') if not Path(
            root, 'projects', project, 'models', '__init__.py').is_file()]
        if lacks:
            self.needs('MMACTION2_ROOT', f'{root} has no projects/{lacks[0]}',
                       'git clone https://github.com/open-mmlab/mmaction2 && '
                       'export MMACTION2_ROOT=$PWD/mmaction2')
        else:
            self.say('MMACTION2_ROOT', f'{root} (CTR-GCN, MS-G3D)')


def reason(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'.splitlines()[0][:200]


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    doctor = Doctor()
    doctor.python()
    doctor.packages()
    doctor.device()
    doctor.mmair()
    doctor.checkout()
    if not doctor.missing:
        print('\nNothing is missing.')
        return
    print('\nTo be mended:')
    for problem, remedy in doctor.missing:
        print(f'  {problem}\n    {remedy}')
    sys.exit(1)


if __name__ == '__main__':
    main()
