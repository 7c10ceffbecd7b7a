"""Report what the discrete labels of a pre-training are about.

    python tools/analysis_tools/label_report.py \
        configs/air/air_stgcn_ebedb_cpu.py \
        work_dirs/air_stgcn_ebedb_cpu/epoch_15.pth --out work_dirs/labels

CONFIG and CHECKPOINT are those of a pre-training with discrete labels (AIR or
SwAV). All recordings of the config's test part, or else of its validation,
are labelled without augmentation, by the teacher where there is one, or by
the student, whose backbone is kept. The folder then holds

    label_report.md     use of the codes of each scale, and their purity and
                        adjusted mutual information with emotion, actor,
                        session and action; of AIR the same of its codebooks
                        of segments
    label_report.json   the same, and the codes of every recording
    dictionary_K_n.png  for every code of one scale the recordings nearest to
                        its prototype, pose by pose; with --segments for every
                        code of one codebook the segments nearest to it
"""
import argparse
import os.path as osp
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import mmengine
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, count, device, run
from mmair.datasets import SkeletonDataset
from mmair.engine.building import building
from mmair.engine.hooks.skeleton_check_hook import check_joints
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.evaluation.label_encoder import LabelEncoder
from mmair.evaluation.label_report import Dictionary, LabelReport
from mmair.evaluation.tables import markdown
from mmair.registry import DATASETS, MODELS
from mmair.visualization import save_figure
from mmair.visualization.label_dictionary import draw_dictionary

_PAGE = 8  # codes in a picture


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the pre-training')
    parser.add_argument('checkpoint', help='a checkpoint of it, such as '
                        'epoch_15.pth')
    parser.add_argument('--network', choices=['teacher', 'student'],
                        help='what labels (default: the teacher where there '
                        'is one)')
    parser.add_argument('--scale', type=count, metavar='K',
                        help='draw the codes of the scale that has K of them '
                        '(default: the coarsest)')
    parser.add_argument('--segments', nargs=2, metavar=('LIMB', 'STREAM'),
                        help='draw the codes of this codebook of AIR instead, '
                        'for instance of: arm motion')
    parser.add_argument('--nearest', type=count, default=4,
                        help='recordings to draw for a code (default 4)')
    parser.add_argument('--out', type=Path, help='folder to write (default: '
                        'label_report beside the checkpoint)')
    parser.add_argument('--device', type=device, default='cpu',
                        help='cpu, cuda, ... (default: cpu)')
    add_cfg_options(parser)
    return parser.parse_args()


def build(cfg: Config, path: str, network: Optional[str]
          ) -> Tuple[SkeletonDataset, LabelEncoder]:
    """Data and model of a config, which must fit each other."""
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader')
    if loader is None or 'backbone' not in (cfg.get('model') or {}):
        raise InputError(f'{path}: has no model.backbone or no '
                         'val_dataloader, expected the config of a '
                         'pre-training')
    with building(cfg):
        dataset = DATASETS.build(loader.dataset)
        model = MODELS.build(cfg.model)
    if not isinstance(dataset, SkeletonDataset):
        raise InputError(f'{path}: {type(dataset).__name__} is no dataset of '
                         'mmair')
    encoder = LabelEncoder(model, network)
    check_joints(encoder.backbone, dataset)
    return dataset, encoder


def draw(dictionary: Dictionary, out: Path) -> List[str]:
    """Write a dictionary, some codes a picture; names of the files."""
    entries, names = dictionary.entries, []
    for first in range(0, len(entries), _PAGE):
        page = entries[first:first + _PAGE]
        names.append(f'dictionary_{dictionary.name}_{first // _PAGE + 1}.png')
        save_figure(draw_dictionary(
            page, f'Codes {first} to {first + len(page) - 1} of '
            f'{len(entries)}: the {dictionary.what} nearest to each',
            dictionary.seconds, dictionary.poses), out / names[-1])
    return names


def page(tables: List[dict], dictionary: Dictionary, pictures: List[str],
         head: Dict) -> str:
    facts = '\n'.join(f'- {name}: {value}' for name, value in head.items())
    tables = '\n\n'.join(map(markdown, tables))
    shown = '\n\n'.join(f'![{name}]({name})' for name in pictures)
    return f'''# What the discrete labels are about

{facts}

{tables}

## Dictionary

For every code the {dictionary.what} nearest to it, as the model sees them:
centred on the root, turned to the front, of one size. A strip shows up to
{dictionary.seconds:.2g} seconds, the middle of longer ones; the lines behind
hands and feet are their ways since the pose before. Bars are shares among the
{dictionary.what} of the code, the mark is the share among all recordings.

{shown}
'''


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    MMLogger.get_instance('label_report', log_level='WARNING')
    dataset, encoder = build(cfg, args.config, args.network)
    scale = args.scale or encoder.num_labels[0]
    if scale not in encoder.num_labels:
        raise InputError(f'--scale {scale}: no scale of so many codes, '
                         f'expected one of {encoder.num_labels}')
    epochs = encoder.load(args.checkpoint)
    out = args.out or Path(osp.dirname(args.checkpoint), 'label_report')
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f'{out}: cannot be written '
                         f'({error.strerror or error})') from error
    report = LabelReport(dataset, encoder.to(args.device), epochs)
    number = encoder.num_labels.index(scale)
    dictionary = (report.of_codebook(*args.segments, args.nearest)
                  if args.segments else report.of_scale(number, args.nearest))
    head = dict(config=args.config, checkpoint=args.checkpoint,
                network=encoder.network, recordings=len(dataset))
    pictures, tables = draw(dictionary, out), report.tables(number)
    text = page(tables, dictionary, pictures, head)
    mmengine.dump(
        dict(head, **report.to_dict(), dictionary=dict(
            of=dictionary.name, nearest=dictionary.nearest)),
        out / 'label_report.json', indent=1)
    (out / 'label_report.md').write_text(text, encoding='utf-8')
    print('\n\n'.join(map(markdown, tables[:-1])))
    print(f'\nThe report is in {out}/label_report.md')


if __name__ == '__main__':
    run(main)
