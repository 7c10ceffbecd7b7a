"""Runs of the project's tools, small enough for a test."""
import itertools
import json
import os
import runpy
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / 'configs/air/air_stgcn_quickstart.py'
FINETUNE = ROOT / 'configs/air/benchmarks/finetune_stgcn_ebedb.py'
LINEAR = ROOT / 'configs/air/benchmarks/linear_stgcn_ebedb.py'
STGCN = ROOT / 'configs/stgcn/stgcn_ebedb.py'

GENERATOR = dict(num_actors=2, actions=['knock', 'wave'], takes=1)
_BACKBONE = dict(base_channels=4, num_stages=3, inflate_stages=[2],
                 down_stages=[3])
_LABELS = 8
_SHORT = {'dataset.pipeline.0.clip_len': 16}


def flat(prefix, options):
    """``--cfg-options`` below a key."""
    return {f'{prefix}.{key}': value for key, value in options.items()}


#: For the quickstart's config: 28 recordings, 4 steps an epoch.
PRETRAIN = {
    **flat('model.backbone', _BACKBONE), 'model.neck.in_channels': 8,
    **flat('model.appendage.backbone', _BACKBONE),
    'model.appendage.neck.in_channels': 8,
    'model.codebook.num_labels': _LABELS,
    'model.refiner.num_neighbors': 3, 'model.head.queue_length': 32,
    'train_dataloader.batch_size': 7, 'train_cfg.max_epochs': 2,
    'default_hooks.checkpoint.max_keep_ckpts': -1,
    **flat('train_dataloader.dataset.generator', GENERATOR),
    **flat('val_dataloader.dataset.generator', GENERATOR),
    **flat('train_dataloader', _SHORT), **flat('val_dataloader', _SHORT)}


def recognition(ann_file):
    """For configs of recognisers: on an annotation file."""
    return {
        **flat('model.backbone', _BACKBONE), 'model.cls_head.in_channels': 8,
        'train_dataloader.batch_size': 7, 'train_cfg.max_epochs': 2,
        **{f'{part}_dataloader.dataset.ann_file': ann_file
           for part in ('train', 'val', 'test')},
        **{key: value for part in ('train', 'val', 'test')
           for key, value in flat(f'{part}_dataloader', _SHORT).items()}}


def probe(ann_file, encoder):
    """For AIR's downstream configs: the same on a pre-trained encoder."""
    options = {key.replace('model.backbone.', 'model.backbone.gcn.'): value
               for key, value in recognition(ann_file).items()}
    return {**options, 'model.cls_head.in_channels': 8 + 2 * 3 * _LABELS,
            'model.backbone.codebook.num_labels': _LABELS,
            'model.backbone.init_cfg.checkpoint': encoder}


_numbers = itertools.count()


def arguments(options):
    """``--cfg-options`` as a command line has them."""
    # Runs that begin in one second would else share loggers and histories.
    options = dict(options, experiment_name=f'tiny_run_{next(_numbers)}')
    return ['--cfg-options', *(f'{key}={value}'.replace(' ', '')
                               for key, value in options.items())]


def run_tool(name, *args, options=None):
    """Run ``tools/name`` in this process, which saves its imports.

    Returns:
        int: The exit status.
    """
    argv = [name, *map(str, args)]
    if options is not None:
        argv += arguments(options)
    # mmengine formats the config five times, most of the time of such a run.
    plain = patch('mmengine.config.config.FormatCode',
                  lambda text, **_: (text, True))
    with patch('sys.argv', argv), patch.dict(os.environ), plain:
        try:
            runpy.run_path(str(ROOT / 'tools' / name), run_name='__main__')
        except SystemExit as error:
            return error.code
    return 0


def sentence(capsys):
    """What a tool said on stderr: one sentence, and no traceback."""
    err = capsys.readouterr().err
    assert 'Traceback' not in err
    line, = (line for line in err.splitlines() if line.startswith('error: '))
    return line


def scalars(work_dir):
    """The log of the newest run, without times."""
    path = max(Path(work_dir).glob('*/vis_data/scalars.json'))
    return [{key: value for key, value in json.loads(line).items()
             if 'time' not in key}
            for line in path.read_text().splitlines()]
