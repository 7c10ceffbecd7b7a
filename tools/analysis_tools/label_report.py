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
                        session and action
    label_report.json   the same, and the codes of every recording
    dictionary_K_n.png  for every code of one scale the recordings nearest to
                        its prototype, pose by pose
"""
import argparse
import os.path as osp
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import mmengine
import numpy as np
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, count, device, run
from mmair.datasets import SkeletonDataset
from mmair.datasets.transforms.missing import seen_joints
from mmair.engine.building import building
from mmair.engine.hooks.skeleton_check_hook import check_joints
from mmair.engine.launch import apply_options
from mmair.errors import InputError
from mmair.evaluation.label_encoder import LabelEncoder
from mmair.evaluation.label_quality import (Knowledge, churn, knowledge_of,
                                            usage)
from mmair.evaluation.tables import markdown
from mmair.registry import DATASETS, MODELS
from mmair.visualization import Panel, save_figure
from mmair.visualization.label_dictionary import Entry, draw_dictionary

_PAGE = 8  # codes in a picture
_COMMONEST = 3  # values shown of what is known of a code


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


class Report:
    """The codes of all recordings, and what is known of these."""

    def __init__(self, dataset: SkeletonDataset, encoder: LabelEncoder,
                 epochs: List[Optional[np.ndarray]]) -> None:
        self.dataset = dataset
        self.num_labels = encoder.num_labels
        self.similarity = encoder.similarities(dataset)
        self.codes = [s.argmax(1) for s in self.similarity]
        self.knowledge: List[Knowledge] = knowledge_of(
            dataset.recordings, dataset.metainfo.get('classes', ()))
        self.scales = [self.scale(n, epochs) for n in range(len(self.codes))]

    def scale(self, number: int, epochs: list) -> dict:
        """Use of the codes of a scale, and what they are about."""
        k, codes = self.num_labels[number], self.codes[number]
        return dict(
            num_labels=k, **usage(codes, k),
            churn=None if any(epoch is None for epoch in epochs) else
            churn(*(epoch[number] for epoch in epochs)),
            about={known.name: known.agreement(codes)
                   for known in self.knowledge})

    def nearest(self, number: int, code: int, most: int) -> List[int]:
        """Recordings of a code, the most like its prototype first."""
        own = np.flatnonzero(self.codes[number] == code)
        return own[np.argsort(-self.similarity[number][own, code],
                              kind='stable')][:most].tolist()

    # Tables.

    def tables(self, number: int) -> List[dict]:
        return [self.table_of_use(), self.table_about(
            'Purity (%): recordings that have the commonest value of their '
            'code', 'In brackets the purity of random labels with codes of '
            'the same sizes, mean ± deviation of 200 permutations: what is '
            'not above it tells nothing.', lambda a: (
                f'{100 * a["purity"]:.1f} ({100 * a["chance_purity"]:.1f} ± '
                f'{100 * a["chance_deviation"]:.1f})')),
            self.table_about(
                'Adjusted mutual information', 'About 0 for random labels, 1 '
                'where codes and values are one. A session has one actor, so '
                'that codes about the actor are about the session as well.',
                lambda a: f'{a["ami"]:.3f}'),
            self.table_of_codes(number)]

    def table_of_use(self) -> dict:
        return dict(
            title='Use of the codes',
            columns=['codes', 'used', 'perplexity / codes', 'largest code',
                     'churn'],
            rows=[[str(s['num_labels']), str(s['used']),
                   f'{s["perplexity_share"]:.2f}', f'{100 * s["largest"]:.1f} '
                   '%', 'not kept' if s['churn'] is None else
                   f'{100 * s["churn"]:.1f} %'] for s in self.scales],
            note='Perplexity / codes is 1 where all codes are used alike. '
            'Churn: recordings whose code changed in the last epoch of '
            'training, by what labels there and among augmented views; all '
            'else is of test-time windows.')

    def table_about(self, title: str, note: str, cell) -> dict:
        return dict(
            title=title,
            columns=['codes', *(
                known.name if known.lack else
                f'{known.name} ({len(set(known.values) - {None})} values, '
                f'{int(known.known.sum())} recordings)'
                for known in self.knowledge)],
            rows=[[str(s['num_labels']), *(
                a.get('lack') or cell(a) for a in s['about'].values())]
                for s in self.scales], note=note)

    def table_of_codes(self, number: int) -> dict:
        codes = self.codes[number]
        shown = [known for known in self.knowledge if not known.lack]
        rows = []
        for code in range(self.num_labels[number]):
            chosen = codes == code
            rows.append([str(code), str(chosen.sum()), *('; '.join(
                f'{value} {100 * share:.0f} % ({100 * overall:.0f} %)'
                for value, share, overall in known.commonest(
                    chosen, _COMMONEST)) or '–' for known in shown)])
        return dict(
            title=f'The {self.num_labels[number]} codes one by one',
            columns=['code', 'recordings', *(k.name for k in shown)],
            rows=rows, note='Share in the code, and in brackets among all '
            'recordings.')

    # The dictionary.

    def entries(self, number: int, most: int) -> List[Entry]:
        total, entries = len(self.dataset), []
        for code in range(self.num_labels[number]):
            chosen = self.codes[number] == code
            entries.append(Entry(
                f'Code {code}: {chosen.sum()} recordings, '
                f'{100 * chosen.sum() / total:.1f} %',
                {known.name: known.commonest(chosen, _COMMONEST)
                 for known in self.knowledge
                 if known.name != 'session' and not known.lack
                 and chosen.any()},
                [self.panel(number, code, i)
                 for i in self.nearest(number, code, most)]))
        return entries

    def panel(self, number: int, code: int, index: int) -> Panel:
        """A recording as the model sees it, absent joints NaN."""
        recording = self.dataset.recordings[index]
        layout = recording['layout']
        moves = recording['keypoint'].cpu().transpose(0, 1)
        x = moves[int(moves.flatten(1).any(1).int().argmax())]
        fps, seen = recording['fps'], seen_joints(x, layout)
        x = x.numpy().astype(float)
        frames = np.arange(len(x))
        if seen is not None:
            x[~seen.numpy(), :layout.dims] = np.nan
            frames = np.flatnonzero(seen.any(1).numpy())
        known = {k.name: k.values[index] for k in self.knowledge}
        seconds = len(x) / fps
        title = ', '.join(filter(None, (
            known['emotion'] or 'unlabelled', known['action'],
            known['actor'] and f'actor {known["actor"]}', f'{seconds:.1f} s',
            f'cosine {self.similarity[number][index, code]:.2f}')))
        return Panel(title, x[frames], layout, frames / fps, turn=False)

    def to_dict(self, number: int, most: int) -> dict:
        """What the JSON file holds."""
        names = [r['frame_dir'] for r in self.dataset.recordings]
        return dict(
            scales=self.scales,
            codes={name: [int(codes[i]) for codes in self.codes]
                   for i, name in enumerate(names)},
            dictionary=dict(
                num_labels=self.num_labels[number],
                nearest=[[names[i] for i in self.nearest(number, code, most)]
                         for code in range(self.num_labels[number])]))


def draw(report: Report, number: int, most: int, out: Path) -> List[str]:
    """Write the dictionary, some codes a picture; names of the files."""
    entries = report.entries(number, most)
    k, names = len(entries), []
    for first in range(0, k, _PAGE):
        page = entries[first:first + _PAGE]
        names.append(f'dictionary_{k}_{first // _PAGE + 1}.png')
        save_figure(draw_dictionary(
            page, f'Codes {first} to {first + len(page) - 1} of {k}: the '
            'recordings nearest to each prototype'), out / names[-1])
    return names


def page(report: Report, number: int, pictures: List[str], head: Dict) -> str:
    facts = '\n'.join(f'- {name}: {value}' for name, value in head.items())
    tables = '\n\n'.join(map(markdown, report.tables(number)))
    shown = '\n\n'.join(f'![{name}]({name})' for name in pictures)
    return f'''# What the discrete labels are about

{facts}

{tables}

## Dictionary

For every code the recordings nearest to its prototype, as the model sees
them: centred on the root, turned to the front, of one size. A strip shows up
to four seconds, the middle of longer recordings, a pose each half second; the
lines behind hands and feet are their ways since the pose before. Bars are
shares among the recordings of the code, the mark is the share among all.

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
    report = Report(dataset, encoder.to(args.device), epochs)
    number = encoder.num_labels.index(scale)
    head = dict(config=args.config, checkpoint=args.checkpoint,
                network=encoder.network, recordings=len(dataset))
    pictures = draw(report, number, args.nearest, out)
    text = page(report, number, pictures, head)
    mmengine.dump(dict(head, **report.to_dict(number, args.nearest)),
                  out / 'label_report.json', indent=1)
    (out / 'label_report.md').write_text(text, encoding='utf-8')
    print('\n\n'.join(map(markdown, report.tables(number)[:3])))
    print(f'\nThe report is in {out}/label_report.md')


if __name__ == '__main__':
    run(main)
