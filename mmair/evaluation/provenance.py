"""Which recordings a checkpoint has seen, and which of them with labels.

:class:`~mmair.engine.hooks.ProvenanceHook` writes ``provenance.json`` beside
the checkpoints of a run::

    {"unlabelled": {"EBEDBDataset": ["AnBh_...", ...]},
     "labelled": {"EBEDBDataset": [...]}}

names of recordings (``frame_dir``) by data set class. A run that starts from
other weights inherits what those had seen.
"""
import os.path as osp
import re
from typing import Dict, Iterable, List, Optional, Set

import mmengine

from mmair.errors import InputError

FILE_NAME = 'provenance.json'
#: What tables say of each answer of :func:`pretraining_saw`.
SENTENCES = {
    'transductive': 'pre-training saw test recordings, without labels '
    '(transductive)',
    'inductive': 'pre-training saw no test recording (inductive)',
    'not recorded': 'what pre-training saw is not recorded'}
_ANY = 'SkeletonDataset'
#: Data set -> names of recordings, for "unlabelled" and "labelled".
Provenance = Dict[str, Dict[str, List[str]]]


def load_provenance(checkpoint: str) -> Optional[Provenance]:
    """Read what is recorded beside a checkpoint.

    Args:
        checkpoint (str): A checkpoint file.

    Returns:
        dict | None: None if nothing is recorded.

    Raises:
        InputError: If the record is not one.
    """
    path = osp.join(osp.dirname(checkpoint), FILE_NAME)
    if not osp.isfile(path):
        return None
    try:
        found = mmengine.load(path)
        whole = all(isinstance(name, str)
                    for kind in ('unlabelled', 'labelled')
                    for names in found[kind].values() for name in names)
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise InputError(
            f'{path}: not a record of seen recordings, expected JSON with '
            'names by data set under "unlabelled" and "labelled"; delete it '
            'and train again')
    return found


def merge(records: Iterable[Provenance]) -> Provenance:
    """What several records say together, names in order."""
    result: Dict[str, Dict[str, set]] = dict(unlabelled={}, labelled={})
    for record in records:
        for kind, datasets in record.items():
            for dataset, names in datasets.items():
                result[kind].setdefault(dataset, set()).update(names)
    return {kind: {dataset: sorted(names)
                   for dataset, names in sorted(datasets.items())}
            for kind, datasets in result.items()}


def _seen(record: Provenance, kind: str, dataset: str,
          tested: Iterable[str]) -> Set[str]:
    """The tested recordings that are in a record, whichever person."""
    def whole(names: Iterable[str]) -> Set[str]:
        return {re.sub(r'#\d+$', '', name) for name in names}

    # Any file can be read by the base class as well as by its own.
    return whole(name for own, names in record[kind].items()
                 if own == dataset or _ANY in (own, dataset)
                 for name in names) & whole(tested)


def check_unseen(checkpoint: str, dataset: str,
                 tested: Iterable[str]) -> None:
    """Refuse a test on recordings whose labels the weights have seen.

    Args:
        checkpoint (str): The weights; without a record they pass.
        dataset (str): Class of the data set.
        tested (Iterable[str]): Names of the test recordings.

    Raises:
        InputError: If a test recording was seen with its label.
    """
    record = load_provenance(checkpoint) or dict(labelled={})
    seen = _seen(record, 'labelled', dataset, tested)
    if seen:
        raise InputError(
            f'{checkpoint}: its training, or an earlier one in that folder, '
            f'saw the labels of {len(seen)} test recordings, {min(seen)} '
            'first; test it on others, or train again without them in a new '
            'folder')


def pretraining_saw(checkpoint: str, dataset: str,
                    tested: Iterable[str]) -> str:
    """For tables: whether the test recordings were seen without labels.

    Returns:
        str: ``transductive`` if any was, ``inductive`` if none was,
        ``not recorded`` if nobody knows.
    """
    record = load_provenance(checkpoint)
    if record is None:
        return 'not recorded'
    seen = _seen(record, 'unlabelled', dataset, tested)
    return 'transductive' if seen else 'inductive'
