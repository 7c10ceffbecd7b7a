"""From finished units to tables and what a picture shows."""
import itertools
from typing import Any, Dict, List

import mmengine
import numpy as np

from .bootstrap import paired_bootstrap
from .comparison import Comparison
from .metrics import emotion_scores
from .provenance import SENTENCES, pretraining_saw
from .tables import mean_and_deviation

SCORES = dict(macro_f1='macro-F1', balanced_accuracy='balanced accuracy',
              top1='top-1')
_TRACKS = dict(
    blind='blind: nothing of the test actor but the recording itself',
    adapted='adapted: with unlabelled statistics of the test actor')
_SPLITS = (
    'Splits: random leaves out every fifth recording at random, xseq '
    'recording files in equal shares of the classes, xrec recording sessions, '
    'xsub one actor at a time, xact one action at a time; _fixed is one fold '
    'alone.')


def report(comparison: Comparison) -> dict:
    """Everything that a finished comparison says.

    Args:
        comparison (Comparison): All of whose units are done.

    Returns:
        dict: The ``preset``, and ``tracks``, for each its ``track``, what
        pre-training ``saw``, ``tables`` for
        :func:`mmair.evaluation.tables.markdown`, ``scores`` (row, readout,
        protocol, one dict of scores a seed), ``few_labels`` (row, split,
        percentage, one dict a seed and draw), ``probes`` (the same and the
        readout) and ``bootstrap``.
    """
    return dict(preset=comparison.preset.to_dict(), tracks=[
        _Track(comparison, track).report()
        for track in comparison.preset.tracks])


class _Track:
    """One track; tables never mix two."""

    def __init__(self, comparison: Comparison, track: str) -> None:
        self.comparison, self.track = comparison, track
        self.preset, self.data = comparison.preset, comparison.data
        #: (row, readout) -> protocol -> predictions, (seeds, N)
        self.predictions: Dict[tuple, Dict[str, np.ndarray]] = {}
        for (of, row, readout, protocol), seeds in comparison.cells.items():
            if of == track:
                self.predictions.setdefault((row, readout), {})[protocol] = \
                    np.stack([comparison.predictions(u) for u in seeds])
        self.scores = {
            key: {protocol: [emotion_scores(self.data.truth(protocol), row)
                             for row in rows]
                  for protocol, rows in protocols.items()}
            for key, protocols in self.predictions.items()}
        self.few = self.of_parts(comparison.few)
        self.probes = self.of_parts(comparison.probes)
        self.saw = {row: self.row_saw(row) for row in self.preset.rows}

    def of_parts(self, units: Dict[tuple, List[List[str]]]
                 ) -> Dict[tuple, Dict[tuple, np.ndarray]]:
        """key -> (split, percentage) -> predictions, (runs, N)."""
        found: Dict[tuple, Dict[tuple, np.ndarray]] = {}
        for (of, key, split, percentage), runs in units.items():
            if of == self.track:
                found.setdefault(key, {})[split, percentage] = np.stack(
                    [self.comparison.predictions(run) for run in runs])
        return found

    def scores_of(self, column: tuple, runs: np.ndarray) -> List[dict]:
        """Of predictions of :meth:`of_parts`, one dict a run."""
        return [emotion_scores(self.data.truth(column[0]), run)
                for run in runs]

    def row_saw(self, row: str) -> str:
        """What the pre-training of a row saw of the test recordings."""
        paths = self.comparison.checkpoints.get((self.track, row))
        if paths is None:
            return 'no pre-training'
        name = self.data.dataset_name
        return ' and '.join(sorted({
            pretraining_saw(path, name, self.data.tested(protocol))
            for path in paths for protocol in self.data.folds}))

    def report(self) -> dict:
        preset, few, probes = self.preset, self.few, self.probes
        learnt = {key: protocols for key, protocols
                  in self.predictions.items()
                  if not key[1].startswith('kNN')}
        readouts = {name: self.against_others((preset.subject, name), learnt)
                    for name in ('linear', 'SVM')}
        parts = self.against_others((preset.subject, 'linear'), probes)
        whole = self.against_others((preset.subject, ), few)
        of_probes = _columns(preset.protocols, preset.probe_percentages)
        of_few = _columns(preset.splits, preset.percentages)
        tables = [self.score_table(key) for key in SCORES]
        tables += [self.difference_table(
            name, entries, {p: p for p in preset.protocols})
            for name, entries in readouts.items() if entries]
        if probes:
            tables += [self.parts_table(
                score, 'of readouts of frozen features, trained on',
                'features, readout', probes, of_probes,
                self.settings(', trained on the same part of their labels'))
                for score in SCORES]
        if parts:
            tables.append(self.difference_table(
                'linear, trained on a part of the labels', parts, of_probes))
        if few:
            tables += [self.parts_table(
                score, 'after training the whole network on', 'weights from',
                few, of_few, self.steps()) for score in SCORES]
        if whole:
            tables.append(self.difference_table(
                'whole network trained on a part of the labels', whole,
                of_few))
        return dict(
            track=self.track, saw=self.saw, tables=tables,
            scores=[dict(row=row, readout=readout, protocol=protocol,
                         seeds=seeds)
                    for (row, readout), protocols in self.scores.items()
                    for protocol, seeds in protocols.items()],
            probes=[dict(row=key[0], readout=key[1], **runs)
                    for key, runs in self.runs(probes)],
            few_labels=[dict(row=key[0], **runs)
                        for key, runs in self.runs(few)],
            bootstrap=[dict(entry, subject=', '.join(entry['subject']),
                            against=', '.join(entry['against']))
                       for entry in itertools.chain(
                           *readouts.values(), parts, whole)])

    def runs(self, predictions: Dict[tuple, Dict[tuple, np.ndarray]]):
        """Key and scores of each column of :meth:`of_parts`."""
        for key, columns in predictions.items():
            for (split, percentage), runs in columns.items():
                yield key, dict(
                    split=split, percentage=percentage,
                    runs=self.scores_of((split, percentage), runs))

    def title(self, score: str) -> str:
        """Data, score, track and what pre-training saw: on every table."""
        data = self.preset.title or self.data.dataset_name
        kinds = {kind for saw in self.saw.values() for kind in saw.split(
            ' and ')} - {'no pre-training'}
        saw = ''.join(f'; {SENTENCES[kind]}' for kind in sorted(kinds))
        return (f'{data}: {score}, {len(self.data.classes)} classes, '
                f'{len(self.data.labels)} recordings; '
                f'{_TRACKS[self.track]}{saw}')

    def score_table(self, score: str) -> dict:
        preset = self.preset
        norms = ('Batch norms of random encoders have the statistics of all '
                 'recordings, without labels. ' if 'random' in {
                     row.kind for row in preset.rows.values()} else '')
        rows = []
        for (row, readout), protocols in self.scores.items():
            cells = [mean_and_deviation([s[score] for s in protocols[p]])
                     if p in protocols else 'not run'
                     for p in preset.protocols]
            seeds = max(len(runs) for runs in protocols.values())
            rows.append([f'{row}, {readout}', *cells, str(seeds),
                         *self.budget(row), self.saw[row]])
        return dict(
            title=self.title(f'{SCORES[score]} (%)'),
            columns=['features, readout', *preset.protocols, 'seeds',
                     'steps', 'batch', 'backbone passes', 'pre-training saw'],
            rows=rows,
            note='Pooled out-of-fold predictions; ± is the standard deviation '
            'over seeds. Backbone passes: of a sample in a step, with '
            'gradient + without. ' + norms + self.settings() + self.splits())

    def settings(self, more: str = '') -> str:
        """How the regularisation of every row's readout was set."""
        def text(name: str, values: list) -> str:
            return (f'{name} {values[0]:g}' if len(values) == 1 else
                    f'{name} one of {", ".join(f"{v:g}" for v in values)}')

        preset = self.preset
        values = '; '.join((text('C of features', preset.C),
                            text('of statistics', preset.C_statistics),
                            text('of SVM', preset.C_svm)))
        chosen = (', the best on folds inside the training part of '
                  f'{preset.tuning}, whose test part chooses nothing{more}'
                  if self.data.tuning else '')
        return f'{values}{chosen}. '

    def steps(self) -> str:
        """How long whole networks were trained."""
        usual = self.preset.recogniser.get('steps')
        others = ''.join(f', of {name} {row.steps}'
                         for name, row in self.preset.rows.items()
                         if row.get('steps', usual) != usual)
        return (f'About {usual} steps each{others}. ' if usual else
                f'As many steps each{others}. ')

    def splits(self) -> str:
        """What the columns are."""
        inside = self.preset.inside
        return _SPLITS + (f' Of all folds the training part of {inside} '
                          'alone is used.' if inside else '')

    def budget(self, row: str) -> List[str]:
        """Steps, batch size and backbone passes of a row's pre-training, or
        of its training from scratch."""
        key = self.track, row
        if key in self.comparison.supervised:
            steps, batch, passes = self.comparison.supervised[key]
            return [str(steps), str(batch), f'{passes} + 0']
        if key not in self.comparison.checkpoints:
            return ['–'] * 3
        if key not in self.comparison.pretrainings:
            return ['not recorded'] * 3
        unit = self.comparison.pretrainings[key][0]
        made = mmengine.load(self.comparison.units[unit].output)
        passes = made['passes']
        return [str(made['steps']), str(made['batch_size']),
                'not recorded' if passes is None else
                ' + '.join(map(str, passes))]

    def against_others(self, subject: tuple,
                       predictions: Dict[tuple, Dict[Any, np.ndarray]]
                       ) -> List[dict]:
        """The subject against every other row, column by column.

        Args:
            subject (tuple): Key of the subject's predictions.
            predictions (dict): key -> column, a protocol or (split,
                percentage) -> predictions, (runs, N).
        """
        result = []
        for key, columns in predictions.items():
            for column, other in columns.items():
                own = predictions.get(subject, {}).get(column)
                if own is None or key[0] == subject[0]:
                    continue
                truth = self.data.truth(
                    column if isinstance(column, str) else column[0])
                result.append(dict(
                    subject=subject, against=key, column=column,
                    macro_f1=float(np.mean(
                        [emotion_scores(truth, run)['macro_f1']
                         for run in other])),
                    **paired_bootstrap(truth, own, other)))
        return result

    def difference_table(self, what: str, entries: List[dict],
                         columns: Dict[Any, str]) -> dict:
        """The differences of :meth:`against_others`."""
        cells: Dict[tuple, Dict[Any, str]] = {}
        for entry in entries:
            best = max(e['macro_f1'] for e in entries
                       if e['column'] == entry['column'])
            text = (f'{entry["difference"]:+.1f} [{entry["low"]:+.1f}, '
                    f'{entry["high"]:+.1f}], p {entry["p_value"]:.2g}')
            cells.setdefault(entry['against'], {})[entry['column']] = (
                f'**{text}**' if entry['macro_f1'] == best else text)
        return dict(
            title=self.title(f'{self.preset.subject}, {what}, minus each '
                             'other in points of macro-F1'),
            columns=['against', *columns.values()],
            rows=[[', '.join(key), *(own.get(c, 'not run') for c in columns)]
                  for key, own in cells.items()],
            note='Difference of the means over runs, [95 % interval] and '
            'two-sided p-value of a paired bootstrap over recordings, 10000 '
            'draws. Bold: the best of the others in that column.')

    def parts_table(self, score: str, what: str, of: str,
                    predictions: Dict[tuple, Dict[tuple, np.ndarray]],
                    columns: Dict[tuple, str], how: str) -> dict:
        """Scores of what learns from a part of the labels."""
        rows = [[', '.join(key), *(
            mean_and_deviation([s[score] for s in self.scores_of(
                column, found[column])]) if column in found else 'not run'
            for column in columns), self.saw[key[0]]]
            for key, found in predictions.items()]
        preset = self.preset
        return dict(
            title=self.title(f'{SCORES[score]} (%) {what} a part of the '
                             'labels'),
            columns=[of, *columns.values(), 'pre-training saw'],
            rows=rows,
            note=how + 'The part is drawn by class, at least one recording '
            'of each; ± is the standard deviation over '
            f'{_count(len(preset.seeds), "seed")} and, below 100 %, '
            f'{_count(preset.draws, "draw")} each. ' + self.splits())


def _columns(splits: List[str], percentages: List[float]
             ) -> Dict[tuple, str]:
    """(split, percentage) -> name of its column."""
    return {(split, percentage): f'{split}, {percentage:g} %'
            for split in splits for percentage in percentages}


def _count(number: int, what: str) -> str:
    """``1 seed``, ``2 seeds``."""
    return f'{number} {what}{"s" * (number != 1)}'
