"""Gather what a pre-training run gave into one self-contained HTML page.

    python tools/analysis_tools/report.py work_dirs/quickstart

The page shows the table that tools/benchmarks/readout.py wrote, the curves
that the run logged, and how each emotion moves in its data.
"""
import argparse
import ast
import base64
import html
import io
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import mmair
from mmair.cli import check_writable, run
from mmair.datasets.readers import load_annotations
from mmair.datasets.synthetic import EMOTIONS, generate_recording
from mmair.errors import InputError
from mmair.visualization import (draw_code_histogram, draw_curves, draw_gif,
                                 draw_strip, load_scalars)
from mmair.visualization.html_page import legend, page

CAVEAT = ('Emotion that is posed by an actor or made by a generator is not '
          'felt emotion: the numbers say how well ways of moving are told '
          'apart, not what anybody feels.')

# Title, explanation and arguments of draw_curves, for what a run logs.
CURVES = (
    ('Training loss',
     'What training makes smaller, in all and part by part. It should fall '
     'and then flatten. The labels that the loss asks for come from the model '
     'itself and change as it learns, so a rise now and then is no fault.',
     dict(pattern='(loss|loss_.*)', ylabel='loss')),
    ('Nearest neighbours while it trains',
     'Each recording is given the emotion of the recordings nearest to it in '
     'feature space. No emotion label is used in training: where this rises, '
     'emotion has become visible by itself.',
     dict(pattern=r'knn/k(\d+)_macro_f1', name='k = {}',
          ylabel='macro-F1 (%)')),
    ('Use of the codes',
     'Instead of emotions the model sorts recordings by discrete codes of its '
     'own. 1 means that all codes are used evenly; under the dashed line the '
     'codes collapse to a few and carry little.',
     dict(pattern=r'(?:.*/)?usage_(\d+)', name='{} codes', ylim=(0, 1.05),
          ylabel='perplexity / number of codes',
          reference=(.3, 'collapse'))),
    ('Change of the codes',
     'Recordings whose code changed since the epoch before. In a long '
     'training it should become small: codes that never settle teach '
     'nothing. A few epochs do not get there.',
     dict(pattern=r'(?:.*/)?flips_(\d+)', name='{} codes', ylim=(0, 1.05),
          ylabel='share of recordings')),
    ('Health of the features',
     'The spread of the features (z std) is 1 where they fill all directions '
     'and 0 where they are all alike. Agreement says how far limbs and body '
     'agree, mostly on their nearest neighbours, beyond chance (0; also '
     'before it is first measured); CKA, how much limb and body features are '
     'copies (1) of each other.',
     dict(pattern='(?:.*/)?(z_std|agreement|cka_body_limbs)',
          ylabel='meter')),
)

STYLE = '''
* { box-sizing: border-box; }
main { max-width: 1080px; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1 { font-size: 1.9rem; margin: 0 0 .3rem; line-height: 1.2; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .4rem; }
h3 { font-size: 1.05rem; margin: 0 0 .2rem; }
p { margin: .3rem 0 .8rem; max-width: 46rem; }
.soft, figcaption { color: var(--soft); font-size: .92rem; }
.card, figure { background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: 1rem 1.2rem; margin: 0; }
.caveat { border-left: 4px solid var(--mark); margin: 1.2rem 0; }
.caveat p { margin: 0; max-width: none; }
dl { display: grid; grid-template-columns: max-content 1fr; margin: 0;
  gap: .25rem 1.2rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%;
  font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .8rem; text-align: right;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .9rem; }
th:first-child, td:first-child { text-align: left; }
tr:last-child td { border-bottom: 0; }
.grid { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
figure img { margin: .6rem auto 0; }
.emotion { margin-top: 1rem; }
.emotion div { display: flex; gap: 1.2rem; align-items: center;
  background: #fff; border-radius: 8px; padding: .4rem; margin-top: .5rem; }
.emotion img { margin: 0; min-width: 0; }
.emotion img:first-child { flex: none; }
@media (max-width: 640px) { .emotion div { flex-direction: column; } }
'''


def parse_args():
    parser = argparse.ArgumentParser(
        description='Gather a run into one self-contained HTML page')
    parser.add_argument('work_dir', help='the work dir of the run')
    parser.add_argument(
        '--ann-file', help='annotation file to show the emotions from; by '
        'default that of the run, or the synthetic data')
    parser.add_argument(
        '--out', help='the page (default: report.html in the work dir)')
    return parser.parse_args()


def newest(folder, pattern, tool):
    """The last of the matching files, by name: runs are named by time."""
    found = sorted(folder.glob(pattern))
    if not found:
        raise InputError(f'{folder}: no {pattern} in it; give the work dir '
                         f'of a run, after {tool}')
    return found[-1]


def load_json(path, *keys):
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: not readable as JSON: {error}') from error
    missing = set(keys) - set(content if isinstance(content, dict) else ())
    if missing:
        raise InputError(f'{path}: lacks {", ".join(sorted(missing))}; write '
                         'it anew')
    return content


def load_table(path):
    """What tools/benchmarks/readout.py wrote: cells in rows and columns."""
    table = load_json(path, 'title', 'columns', 'rows', 'note')
    columns, rows = table['columns'], table['rows']
    if not (isinstance(columns, list) and isinstance(rows, list) and all(
            isinstance(row, list) and len(row) == len(columns)
            for row in rows)):
        raise InputError(f'{path}: its rows and columns are no table; write '
                         'it anew with tools/benchmarks/readout.py')
    return table


def load_config(path):
    """What is literal in a dumped config, read without running it."""
    def literal(node):
        if (isinstance(node, ast.Call) and not node.args
                and getattr(node.func, 'id', None) == 'dict'):
            return {k.arg: literal(k.value) for k in node.keywords}
        if isinstance(node, ast.Dict):
            return {literal(k): literal(v)
                    for k, v in zip(node.keys, node.values)}
        if isinstance(node, (ast.List, ast.Tuple)):
            return [literal(item) for item in node.elts]
        return ast.literal_eval(node)

    try:
        tree = ast.parse(path.read_text(encoding='utf-8'))
        return {node.targets[0].id: literal(node.value)
                for node in tree.body if isinstance(node, ast.Assign)}
    except (OSError, ValueError, SyntaxError, AttributeError) as error:
        raise InputError(f'{path}: not readable as the config that a run '
                         f'dumps: {error}') from error


def dig(config, *keys):
    for key in keys:
        config = config.get(key) if isinstance(config, dict) else None
    return config


def image(picture, alt):
    """A figure, or the bytes of a GIF, as an <img> that holds it."""
    kind = 'gif'
    if isinstance(picture, Figure):
        buffer = io.BytesIO()
        picture.savefig(buffer, format='png')
        kind, picture = 'png', buffer.getvalue()
    data = base64.b64encode(picture).decode()
    return (f'<img alt="{html.escape(alt)}" '
            f'src="data:image/{kind};base64,{data}">')


def figure(title, text, picture):
    return (f'<figure><h3>{html.escape(title)}</h3>'
            f'<figcaption>{html.escape(text)}</figcaption>'
            f'{image(picture, title)}</figure>')


def section_run(work_dir, log, config, ann_file):
    names = ', '.join(sorted(path.name for path in work_dir.glob('*.py')))
    facts = {
        'Config': names or log.with_name('config.py'),
        'Model': dig(config, 'model', 'type'),
        'Backbone': dig(config, 'model', 'backbone', 'type'),
        'Data': ' '.join(filter(None, (
            dig(config, 'train_dataloader', 'dataset', 'type'), ann_file))),
        'Epochs': dig(config, 'train_cfg', 'max_epochs'),
        'Seed': dig(config, 'randomness', 'seed'),
        'mmair': mmair.__version__,
        'Run': log.parent.parent.name,
    }
    rows = ''.join(f'<dt>{name}</dt><dd>{html.escape(str(value))}</dd>'
                   for name, value in facts.items() if value is not None)
    return (
        '<h1>Emotion from body motion, learned without labels</h1>'
        '<p class="soft">A model was trained on skeleton recordings alone. '
        'This page shows what it learned, and how that was measured.</p>'
        f'<div class="card"><dl>{rows}</dl></div>'
        f'<div class="card caveat"><p>{CAVEAT}</p></div>')


def section_table(table):
    def cell(value):
        value = f'{value:.1f}' if isinstance(value, float) else str(value)
        return f'<td>{html.escape(value)}</td>'

    head = ''.join(f'<th>{html.escape(str(c))}</th>'
                   for c in table['columns'])
    body = ''.join(f'<tr>{"".join(map(cell, row))}</tr>'
                   for row in table['rows'])
    return (
        f'<h2>{html.escape(str(table["title"]))}</h2>'
        '<p>Each row is a way to describe a recording by numbers. The '
        'description is fixed, and a simple linear classifier reads the '
        'emotion from it. A description is only good if it beats both the '
        'same network with random weights and plain hand-made statistics.'
        '</p><div class="card scroll"><table><thead><tr>'
        f'{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<p class="soft">{html.escape(str(table["note"]))}</p>')


def section_curves(records):
    figures = ''
    for title, text, arguments in CURVES:
        drawn = draw_curves(records, **arguments)
        if drawn:
            figures += figure(title, text, drawn)
    return f'<h2>While it trained</h2><div class="grid">{figures}</div>'


def section_codes(labels):
    return '<h2>The codes that it found</h2>' + figure(
        'Recordings of each code',
        'The model was asked to use its codes evenly (dashed line), at '
        'several scales from coarse to fine.',
        draw_code_histogram(labels['usage']))


def section_emotions(ann_file):
    if ann_file:
        layout, examples = recorded(ann_file)
        source = 'one recording of each emotion, from one actor if possible'
    else:
        layout = 'ebedb'
        examples = {emotion: generate_recording(emotion, 1, 'talk', 1)
                    for emotion in EMOTIONS}
        source = ('one synthetic actor who talks under each emotion: what '
                  'differs is put there by the generator')
    rows = ''
    with tempfile.TemporaryDirectory() as folder:
        gif = Path(folder, 'emotion.gif')
        for emotion, example in examples.items():
            body, fps = somebody(example), example.get('fps', 30.)
            shown = 'Nobody is seen in this recording.'
            if len(body):
                draw_gif(body, layout, gif, fps)
                strip = draw_strip(body, layout, fps=fps, legend=False)
                shown = (image(gif.read_bytes(), emotion)
                         + image(strip, f'{emotion}, pose by pose'))
            rows += (f'<div class="card emotion"><h3>{html.escape(emotion)}'
                     f'</h3><div>{shown}</div></div>')
    return (f'<h2>How each emotion moves</h2><p>Shown is {source}. The '
            'animation plays the start at its true tempo, the strip spans '
            'the whole recording. Look for tempo, size of the gestures, '
            'lean, and how open the arms are.</p>'
            f'<p class="soft legend">{legend()}</p>{rows}')


def somebody(annotation):
    """The first person who is there, in the frames in which they are.

    With scores, in 2-D, if there are any.
    """
    bodies, score = annotation['keypoint'], annotation.get('keypoint_score')
    seen = bodies.any(-1) if score is None else score > 0
    if score is not None:
        bodies = np.concatenate((bodies, score[..., None]), -1)
    there = seen.any(-1)
    person = there.any(-1).argmax()
    return bodies[person, there[person]]


def recorded(ann_file):
    """One recording of each class, from the actor with the most classes."""
    data = load_annotations(ann_file)
    for key in ('layout', 'classes'):
        if key not in data['meta']:
            raise InputError(f'{ann_file}: meta lacks {key!r}, which the '
                             'pictures need; write it with a converter of '
                             'tools/dataset_converters')
    known = [a for a in data['annotations'] if 'label' in a]
    pairs = {(a.get('actor'), a['label']) for a in known}
    richness = Counter(actor for actor, _ in pairs)
    # Later ones win: the actor with the most classes comes last.
    by_label = {a['label']: a for a in sorted(
        known, key=lambda a: richness[a.get('actor')])}
    return data['meta']['layout'], {
        name: by_label[label]
        for label, name in enumerate(data['meta']['classes'])
        if label in by_label}


def main():
    args = parse_args()
    work_dir = Path(args.work_dir)
    out = Path(args.out or work_dir / 'report.html')
    log = newest(work_dir, '*/vis_data/scalars.json', 'tools/train.py')
    table = load_table(newest(work_dir, 'readout.json',
                              'tools/benchmarks/readout.py'))
    check_writable(out)
    config = load_config(log.with_name('config.py'))
    ann_file = args.ann_file or dig(config, 'train_dataloader', 'dataset',
                                    'ann_file')
    parts = [section_run(work_dir, log, config, ann_file),
             section_table(table), section_curves(load_scalars(log))]
    if (work_dir / 'labels.json').exists():
        parts.append(section_codes(load_json(work_dir / 'labels.json',
                                             'usage')))
    parts.append(section_emotions(ann_file))
    out.write_text(page('mmair report', STYLE, '\n'.join(parts)),
                   encoding='utf-8')
    print(f'The report is in {out.resolve()}')


if __name__ == '__main__':
    run(main)
