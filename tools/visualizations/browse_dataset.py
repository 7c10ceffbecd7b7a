"""Draw recordings of a config, and the views that training makes of them.

    python tools/visualizations/browse_dataset.py \
        configs/air/air_stgcn_quickstart.py --out work_dirs/browse

Each recording becomes a picture (as recorded, normalised, views) and a GIF of
the same at its true tempo; index.html shows them all. The views come from the
config's own dataset, pipeline and data preprocessor. No video is needed.
"""
import argparse
import html
import re
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import track

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.cli import add_cfg_options, count, run, seed
from mmair.datasets import SkeletonDataset
from mmair.engine.building import building
from mmair.engine.launch import apply_options
from mmair.errors import InputError, listed
from mmair.layouts import SkeletonLayout
from mmair.registry import DATASETS, MODELS
from mmair.visualization import Panel, draw_panels, draw_panels_gif
from mmair.visualization.html_page import legend, page

STYLE = '''
main { max-width: 1340px; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
p, li { max-width: 50rem; margin: .3rem 0; }
code { color: var(--soft); font-size: .88rem; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: 1rem 1.2rem; margin-top: 1.2rem; }
img { margin-top: .6rem; }
'''


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of a training')
    parser.add_argument('--out', type=Path, required=True,
                        help='folder to write')
    parser.add_argument('--number', type=count, default=8,
                        help='recordings to draw, of all classes in turn '
                        '(default 8)')
    parser.add_argument('--split', help='draw from this split (default: the '
                        'one that the config trains on)')
    parser.add_argument('--seed', type=seed, default=0,
                        help='of the choice and of the views (default 0)')
    parser.add_argument('--no-gif', action='store_true',
                        help='still pictures only')
    add_cfg_options(parser)
    return parser.parse_args()


class Browser:
    """The recordings of a config in all stages of its pipeline."""

    def __init__(self, cfg: Config, args: argparse.Namespace) -> None:
        init_default_scope(cfg.get('default_scope', 'mmaction'))
        MMLogger.get_instance('browse_dataset', log_level='WARNING')
        dataset = cfg.get('train_dataloader', {}).get('dataset')
        while dataset is not None and 'pipeline' not in dataset:
            dataset = dataset.get('dataset')  # RepeatDataset and the like
        if dataset is None:
            raise InputError(f'{args.config}: train_dataloader has no dataset '
                             'with a pipeline; give the config of a training')
        # Views do not depend on the device. What is not resident is prepared
        # when it is drawn.
        dataset.update(device='cpu', resident=False)
        if args.split:
            dataset.split = args.split
        self.views = self.build(dataset)
        self.raw = self.build(dict(dataset, prepare=[]))
        self.views.set_epoch(args.seed, 0)
        steps = self.views.pipeline.transforms
        if hasattr(steps[-1], 'meta_keys'):
            steps[-1].meta_keys = (*steps[-1].meta_keys, 'fps')
        preprocessor = (
            cfg.get('model', {}).get('data_preprocessor')
            or cfg.get('data_preprocessor')
            or dict(type='mmair.SkeletonDataPreprocessor'))
        self.preprocessor = MODELS.build(preprocessor)
        self.config, self.seed = args.config, args.seed

    def build(self, dataset: dict) -> SkeletonDataset:
        built = DATASETS.build(dataset)
        if not isinstance(built, SkeletonDataset):
            raise InputError(f'{type(built).__name__} is no dataset of mmair; '
                             'its views cannot be drawn')
        return built

    def choose(self, number: int) -> List[int]:
        """Samples of all classes in turn, the same for the same seed."""
        order = np.random.default_rng(self.seed).permutation(len(self.views))
        queues: Dict[int, List[int]] = {}
        for index in order.tolist():
            label = self.views.data_list[index].get('label', -1)
            queues.setdefault(label, []).append(index)
        turns = [(turn, label, index) for label, queue in queues.items()
                 for turn, index in enumerate(queue)]
        return [index for *_, index in sorted(turns)[:number]]

    def steps(self) -> Iterator[Tuple[str, str]]:
        """Where each transform stands, and the transform."""
        for where, steps in (
                ('prepare', self.views.prepare), ('pipeline',
                                                  self.views.pipeline),
                ('data preprocessor', getattr(self.preprocessor,
                                              'transforms', None))):
            for step in getattr(steps, 'transforms', ()):
                yield where, repr(step)

    def panels(self, index: int) -> List[Panel]:
        """Of a recording: as recorded, normalised, views."""
        raw, prepared = (dataset.get_data_info(index)
                         for dataset in (self.raw, self.views))
        person = self.person(prepared['keypoint'])
        batch = self.preprocessor(
            pseudo_collate(self.views.__getitems__([index])), training=True)
        inputs = batch['inputs']
        inputs = inputs['keypoint'] if isinstance(inputs, dict) else inputs
        sample, = batch['data_samples']
        channels = prepared['keypoint'].shape[-1]
        fps = sample.metainfo.get('fps', prepared.get('fps', 30.))
        layout = sample.metainfo.get('layout', prepared['layout'])

        recorded = raw['keypoint'][person].numpy()
        panels = [panel('as recorded', recorded, raw['layout'],
                        raw.get('fps', 30.),
                        size=body_size(recorded, raw['layout'])),
                  panel('normalised', prepared['keypoint'][person].numpy(),
                        prepared['layout'], prepared.get('fps', 30.),
                        turn=False, floor=False)]
        for number, view in enumerate(inputs[0], 1):
            panels.append(panel(
                f'view {number}', view[person, ..., :channels].numpy(),
                layout, fps, turn=False, floor=False))
        return panels

    @staticmethod
    def person(keypoint: torch.Tensor) -> int:
        """The first person that is not padding."""
        return int(keypoint.flatten(1).any(1).int().argmax())

    def title(self, index: int) -> str:
        """Emotion, actor, seconds and name of a recording."""
        info = self.raw.get_data_info(index)
        classes = self.views.metainfo.get('classes', ())
        label = info.get('label')
        seconds = info['keypoint'].shape[1] / info.get('fps', 30.)
        return ', '.join([
            'unlabelled' if label is None else
            classes[label] if label < len(classes) else f'class {label}',
            f'actor {info["actor"]}' if 'actor' in info else 'unknown actor',
            f'{seconds:.1f} s', info['frame_dir']])


def panel(title: str, keypoint: np.ndarray, layout: SkeletonLayout,
          fps: float, **kwargs) -> Panel:
    """A panel without what was not seen, and with a note of it."""
    keypoint = keypoint.astype(float)
    lost, missing = [], ~keypoint[..., :layout.dims].any(-1)
    if layout.dims == 2 and keypoint.shape[-1] == 3:
        missing = keypoint[..., 2] <= 0
    for joint in np.flatnonzero(missing.all(0) & ~missing.all()):
        if joint not in layout.root or layout.dims == 2:
            lost.append(layout.joints[joint])
            keypoint[:, joint] = np.nan
    present = ~missing.all(1)
    note = [f'{len(keypoint)} frames at {fps:g} Hz, '
            f'{len(keypoint) / fps:.1f} s']
    if lost:
        note.append(f'lost joints: {listed(lost)}')
    if not present.all():
        note.append(f'{(~present).sum()} frames show nobody, not drawn')
    if not present.any():
        keypoint[:], present[:] = 0, True
    times = np.arange(len(keypoint)) / fps
    return Panel(title, keypoint[present], layout, times[present],
                 note='; '.join(note), **kwargs)


def body_size(keypoint: np.ndarray, layout: SkeletonLayout) -> float:
    """Median length of the trunk, by which raw positions are drawn."""
    x = keypoint[..., :layout.dims].astype(float)
    seen = (keypoint[..., 2] > 0 if keypoint.shape[-1] > layout.dims
            else x.any(-1))
    chain = np.stack([x[:, list(p)].mean(1) for p in layout.trunk], 1)
    joints = [joint for point in layout.trunk for joint in point]
    whole = seen[:, joints].all(1) | (layout.dims == 3) & seen.any(1)
    lengths = np.linalg.norm(np.diff(chain, axis=1), axis=-1).sum(1)[whole]
    if len(lengths) and np.median(lengths) > 0:
        return float(np.median(lengths))
    return float(max(np.ptp(x, axis=(0, 1)).max() / 3, 1e-6))


def overview(browser: Browser, entries: List[Tuple[str, List[str]]]) -> str:
    steps = ''.join(
        f'<li>{where}: <code>{html.escape(step)}</code></li>'
        for where, step in browser.steps())
    cards = ''.join(
        f'<section><h2>{html.escape(title)}</h2>' + ''.join(
            f'<img loading="lazy" src="{html.escape(name)}" '
            f'alt="{html.escape(title)}">' for name in names) + '</section>'
        for title, names in entries)
    return page('Recordings and views', STYLE, f'''\
<h1>Recordings, and what training sees of them</h1>
<p>{len(entries)} of {len(browser.views)} recordings of
{html.escape(browser.config)}. <b>As recorded</b> is what the data holds, seen
half from the body's own front. <b>Normalised</b> is what the pipeline
prepares once: centred on the root, in 3-D turned to the front, scaled by body
size. The <b>views</b> are short windows of that, altered at random in every
epoch; a model that is trained on them learns that what differs between them
does not matter. Normalised bodies and views are seen from one fixed direction,
so that turns show; all are drawn to one scale. Where a view
has lost a joint, a dotted line bridges the gap.</p>
<p class="legend">{legend()}</p>
<details><summary>Steps of the pipeline</summary><ol>{steps}</ol></details>
{cards}''')


def main() -> None:
    args = parse_args()
    cfg = apply_options(args)
    with building(cfg):
        browser = Browser(cfg, args)
    entries = []
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for number, index in enumerate(track(
                browser.choose(args.number), 'Drawing',
                console=Console(stderr=True)), 1):
            panels, title = browser.panels(index), browser.title(index)
            frame_dir = browser.views.data_list[index]['frame_dir']
            stem = re.sub(r'[^\w-]+', '_', frame_dir).strip('_')[:80]
            names = [f'{number:02d}_{stem}.png']
            rows = [panels[:1], panels[1:2], *(
                panels[i:i + 2] for i in range(2, len(panels), 2))]
            draw_panels(rows, title).savefig(args.out / names[0])
            if not args.no_gif:
                names.append(f'{number:02d}_{stem}.gif')
                draw_panels_gif(panels, args.out / names[1])
            entries.append((title, names))
        index_page = args.out / 'index.html'
        index_page.write_text(overview(browser, entries), encoding='utf-8')
    except OSError as error:
        raise InputError(f'{args.out}: cannot be written '
                         f'({error.strerror or error})') from error
    print(f'{len(entries)} recordings drawn: {index_page}')
    drawn = {name for _, names in entries for name in names}
    others = [f.name for f in args.out.iterdir()
              if f.suffix in ('.png', '.gif') and f.name not in drawn]
    if others:
        print('pictures beside it that are not on the page: '
              f'{len(others)}, such as {min(others)}')


if __name__ == '__main__':
    run(main)
