"""Print a config with all that it inherits, as tools/train.py runs it.

    python tools/analysis_tools/print_config.py CONFIG
    python tools/analysis_tools/print_config.py CONFIG --key model.backbone
"""
import argparse
from pathlib import Path

from mmengine.config import Config, ConfigDict

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, run
from mmair.engine.launch import apply_options
from mmair.errors import InputError, writing


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('--key', help='print this part alone, such as '
                        'train_dataloader.dataset.pipeline')
    parser.add_argument('--out', type=Path, help='write it to this file, a '
                        'config without _base_')
    add_cfg_options(parser)
    return parser.parse_args()


def part_of(cfg: Config, key: str, source: str):
    part = cfg._cfg_dict
    for number, name in enumerate(key.split('.')):
        try:
            part = part[int(name)] if isinstance(part, list) else part[name]
        except (KeyError, IndexError, TypeError, ValueError):
            above = '.'.join(key.split('.')[:number]) or 'the config'
            known = (', '.join(part) if isinstance(part, dict) else
                     f'0 to {len(part) - 1}' if isinstance(part, list) and part
                     else 'nothing')
            raise InputError(f'--key {key}: {above} of {source} has no '
                             f'{name!r}, but {known}') from None
    return part


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    if args.key:
        part = part_of(cfg, args.key, args.config)
        name = args.key.split('.')[-1]
        cfg = Config(ConfigDict({f'item_{name}' if name.isdigit() else name:
                                 part}))
    if args.out is None:
        print(cfg.pretty_text, flush=True)
        return
    with writing(args.out):
        args.out.write_text(cfg.pretty_text, encoding='utf-8')
    print(f'The config is in {args.out}')


if __name__ == '__main__':
    run(main)
