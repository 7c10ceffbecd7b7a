"""What a comparison compares: the keys of a preset, and their check."""
import copy
import os.path as osp
from typing import Any, Dict, List, Optional

from mmengine.config import Config

from mmair.errors import InputError

#: What a preset may set, and what holds where it does not.
PRESET: Dict[str, Any] = dict(
    title='',
    dataset=None,  # type and source, for every config alike
    classes=None,  # recognised ones; pre-training sees all
    options={},  # for every pre-training config
    rows={},  # name -> dict(kind, config, options, ...)
    subject=None,  # the row that is held against the others
    seeds=[0],
    tracks=['blind'],
    # The adapted track: per-actor statistics, of features and of the input;
    # features=[False, True] is a choice.
    adapt=dict(features=True, input=False),
    pretrain_split=None,  # None is all recordings: transductive
    protocols=['xseq', 'xrec', 'xsub', 'xsub_fixed'],
    # A fold inside whose training part everything is scored: to choose
    # between methods' settings without its test part.
    inside=None,
    knn=[1, 20],
    svm=False,  # of features as well; statistics have one anyway
    # The fold inside whose training part choices are made; xact_f0 where
    # actors are not known.
    tuning='xsub_fixed',
    # One value, or a choice.
    C=[0.1],
    C_statistics=[0.03],
    C_svm=[1.],
    # Fine-tuning, semi-supervised and from scratch; steps at every
    # percentage alike, None is what the config says, and a row may have
    # `steps` of its own. A pre-trained row takes `finetune`, where it is
    # given, in place of `config`.
    recogniser=None,  # dict(config, finetune, options, steps)
    splits=['xsub_fixed', 'xseq_fixed'],
    percentages=[100],
    # Of the labels, that readouts of frozen features get beside all of them.
    probe_percentages=[],
    draws=5,
    checkpoint_interval=1)

#: What a row may be, and which readouts it has.
KINDS = ('pretrained', 'random', 'supervised', 'statistics')
_ROW_KEYS = ('kind', 'config', 'options', 'backbones', 'pretrain_dataset',
             'seeds', 'protocols', 'gcn_alone', 'steps')


def load_preset(path: str, options: Optional[dict] = None) -> Config:
    """Read and check a preset.

    Args:
        path (str): A Python config file with keys of :data:`PRESET`.
        options (dict, optional): Overrides.

    Returns:
        Config: With every key set.

    Raises:
        InputError: If something is missing or unknown.
    """
    if not osp.isfile(path):
        raise InputError(f'{path}: no such preset')
    try:
        preset = Config.fromfile(path)
        preset.merge_from_dict(options or {})
    except Exception as error:  # a config is Python: anything may happen
        raise InputError(f'{path}: not readable as a preset: '
                         f'{type(error).__name__}: {error}') from error
    for key in list(preset):
        if key.startswith('_'):  # a preset's own helper
            preset.pop(key)
        elif key not in PRESET:
            raise InputError(f'{path}: unknown key {key!r}; a preset has '
                             f'{", ".join(PRESET)}')
    for key, value in PRESET.items():
        preset.setdefault(key, copy.deepcopy(value))
    for key in ('dataset', 'rows'):
        if not preset[key]:
            raise InputError(f'{path}: {key} is missing')
    for key, value in PRESET.items():
        if isinstance(value, list) and not isinstance(preset[key],
                                                      (list, tuple)):
            raise InputError(f'{path}: {key} is {preset[key]!r}, expected a '
                             f'list such as [{preset[key]!r}]')
    for name, row in preset.rows.items():
        where = f'{path}: row {name!r}'
        if row.get('kind') not in KINDS:
            raise InputError(f'{where} is of kind {row.get("kind")!r}, '
                             f'expected one of {", ".join(KINDS)}')
        unknown = set(row) - set(_ROW_KEYS)
        if unknown:
            raise InputError(f'{where} has an unknown key {min(unknown)!r}; '
                             f'expected some of {", ".join(_ROW_KEYS)}')
        if row.kind != 'statistics' and 'config' not in row:
            raise InputError(f'{where} has no config')
        seeds = row.get('seeds', preset.seeds)
        if len(row.get('backbones', seeds)) != len(seeds):
            raise InputError(f'{where} has {len(row.backbones)} backbones, '
                             f'expected {len(seeds)}, one a seed')
    for percentage in preset.probe_percentages:
        if not 0 < percentage < 100:
            raise InputError(f'{path}: probe_percentages holds {percentage}, '
                             'expected more than 0 and less than 100, which '
                             'every readout gets anyway')
    if preset.subject is not None and preset.subject not in [*preset.rows]:
        raise InputError(f'{path}: the subject {preset.subject!r} is no row')
    for track in preset.tracks:
        if track not in ('blind', 'adapted'):
            raise InputError(f'{path}: track {track!r}, expected blind or '
                             'adapted')
    if 'adapted' in preset.tracks and not any(
            any(way) if isinstance(way, (list, tuple)) else way
            for way in preset.adapt.values()):
        raise InputError(f'{path}: adapt is {dict(preset.adapt)}, expected '
                         'features or input for the adapted track')
    if preset.recogniser is None and any(
            row.kind == 'supervised' for row in preset.rows.values()):
        raise InputError(f'{path}: recogniser is missing, a supervised row '
                         'needs it')
    return preset


def adapts_input(preset: Config, track: str) -> bool:
    """Whether an actor's posture and tempo are taken off the input."""
    return track == 'adapted' and preset.adapt.get('input', False)


def feature_ways(preset: Config, track: str) -> List[bool]:
    """Whether features are standardised per actor; both: a choice."""
    ways = (preset.adapt.get('features', False) if track == 'adapted'
            else False)
    return list(ways) if isinstance(ways, (list, tuple)) else [ways]
