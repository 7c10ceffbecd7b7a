"""What discrete labels are about: tables, and dictionaries of examples."""
from typing import List, NamedTuple, Optional

import numpy as np

from mmair.datasets import SkeletonDataset
from mmair.datasets.transforms.missing import seen_joints
from mmair.errors import InputError
from mmair.visualization import Panel
from mmair.visualization.label_dictionary import Entry

from .label_encoder import LabelEncoder
from .label_quality import Knowledge, churn, knowledge_of, usage
from .segment_codes import SegmentCodes, segment_codes

_COMMONEST = 3  # values shown of what is known of a code


class Dictionary(NamedTuple):
    """The codes of a scale or of a codebook, with examples."""
    name: str
    what: str  #: Of what they are: recordings or segments
    seconds: float  #: That are shown of each
    poses: int  #: In that time
    entries: List[Entry]
    nearest: List[List[str]]  #: Of each code the recordings that are shown


class LabelReport:
    """The codes of all recordings, and what is known of these."""

    def __init__(self, dataset: SkeletonDataset, encoder: LabelEncoder,
                 epochs: List[Optional[np.ndarray]]) -> None:
        self.dataset = dataset
        self.num_labels, self.codebook = encoder.num_labels, encoder.codebook
        self.similarity = encoder.similarities(dataset)
        self.codes = [s.argmax(1) for s in self.similarity]
        self.knowledge: List[Knowledge] = knowledge_of(
            dataset.recordings, dataset.metainfo.get('classes', ()))
        self.scales = [self.scale(n, epochs) for n in range(len(self.codes))]
        self.codebooks: List[SegmentCodes] = (
            segment_codes(encoder.codebook, dataset)
            if encoder.codebook is not None else [])
        self.segments = list(map(self.of_segments, self.codebooks))

    def scale(self, number: int, epochs: list) -> dict:
        """Use of the codes of a scale, and what they are about."""
        k, codes = self.num_labels[number], self.codes[number]
        return dict(
            name=str(k), num_labels=k, **usage(codes, k),
            churn=None if any(epoch is None for epoch in epochs) else
            churn(*(epoch[number] for epoch in epochs)),
            about={known.name: known.agreement(codes)
                   for known in self.knowledge})

    def of_segments(self, codes: SegmentCodes) -> dict:
        """The same of the codes of a codebook, which training leaves."""
        k = codes.counts.shape[1]
        return dict(
            name=f'{codes.kind}, {codes.stream}', num_labels=k,
            **usage(np.repeat(np.arange(k), codes.counts.sum(0)), k),
            about={known.name: known.agreement_of_segments(codes.counts)
                   for known in self.knowledge})

    def nearest(self, number: int, code: int, most: int) -> List[int]:
        """Recordings of a code, the most like its prototype first."""
        own = np.flatnonzero(self.codes[number] == code)
        return own[np.argsort(-self.similarity[number][own, code],
                              kind='stable')][:most].tolist()

    # Tables.

    def tables(self, number: int) -> List[dict]:
        return [*self.tables_of_scales(), *self.tables_of_segments(),
                self.table_of_codes(number)]

    def tables_of_scales(self) -> List[dict]:
        use = self.table_of_use(
            'Use of the codes', self.scales, 'Perplexity / codes is 1 where '
            'all codes are used alike. Churn: recordings whose code changed '
            'in the last epoch of training, by what labels there and among '
            'augmented views; all else is of test-time windows.')
        use['columns'].append('churn')
        for row, scale in zip(use['rows'], self.scales):
            row.append('not kept' if scale['churn'] is None else
                       f'{100 * scale["churn"]:.1f} %')
        return [use, *self.tables_about(
            'recordings', self.scales, 'random labels with codes of the same '
            'sizes, mean ± standard deviation of 200 permutations',
            'About 0 for random labels, 1 where codes and values are one.')]

    def tables_of_segments(self) -> List[dict]:
        if not self.segments:
            return []
        return [self.table_of_use(
            'Use of the codebooks of segments', self.segments, 'Half seconds '
            'of a limb, of a pair of limbs or of the midline, left and right '
            'alike, in one stream: what the encoder of AIR has beside its '
            'network.'), *self.tables_about(
            'segments', self.segments, 'values that are permuted among the '
            'recordings, mean ± standard deviation of 200 permutations',
            'By the same permutations: 0 for those, 1 where a code tells the '
            'value.')]

    @staticmethod
    def table_of_use(title: str, scales: List[dict], note: str) -> dict:
        return dict(
            title=title,
            columns=['codes', 'used', 'perplexity / codes', 'largest code'],
            rows=[[s['name'], str(s['used']), f'{s["perplexity_share"]:.2f}',
                   f'{100 * s["largest"]:.1f} %'] for s in scales], note=note)

    def tables_about(self, what: str, scales: List[dict], chance: str,
                     adjusted: str) -> List[dict]:
        """Purity and adjusted mutual information."""
        columns = ['codes', *(
            known.name if known.lack else
            f'{known.name} ({len(set(known.values) - {None})} values, '
            f'{int(known.known.sum())} recordings)'
            for known in self.knowledge)]

        def rows(cell) -> List[List[str]]:
            return [[s['name'], *(a.get('lack') or cell(a)
                                  for a in s['about'].values())]
                    for s in scales]

        return [dict(
            title=f'Purity (%): {what} that have the commonest value of their '
            'code', columns=columns, rows=rows(lambda a: (
                f'{100 * a["purity"]:.1f} ({100 * a["chance_purity"]:.1f} ± '
                f'{100 * a["chance_deviation"]:.1f})')),
            note=f'In brackets the purity of {chance}: what is not above it '
            'tells nothing.'), dict(
            title=f'Adjusted mutual information of {what}', columns=columns,
            rows=rows(lambda a: f'{a["ami"]:.3f}'),
            note=f'{adjusted} A session has one actor, so that codes about '
            'the actor are about the session as well.')]

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

    # Dictionaries.

    def of_scale(self, number: int, most: int) -> Dictionary:
        """The codes of a scale, each with the recordings nearest to it."""
        k = self.num_labels[number]
        nearest = [self.nearest(number, code, most) for code in range(k)]
        return Dictionary(
            str(k), 'recordings', 4., 8, [self.entry(
                code, 'recordings', self.codes[number] == code,
                (self.codes[number] == code).mean(),
                [self.panel(number, code, i) for i in nearest[code]])
                for code in range(k)], list(map(self.names, nearest)))

    def of_codebook(self, kind: str, stream: str, most: int) -> Dictionary:
        """The codes of a codebook, each with the segments nearest to it, no
        two of one recording.

        Raises:
            InputError: If there is no such codebook.
        """
        known = {(c.kind, c.stream): c for c in self.codebooks}
        if (kind, stream) not in known:
            raise InputError(
                f'--segments {kind} {stream}: no such codebook, expected '
                + (f'one of: {", ".join(map(" ".join, known))}' if known else
                   'a model that has some, AIR'))
        codes = known[kind, stream]
        nearest = [[int(i) for i in np.argsort(distance, kind='stable')[:most]
                    if np.isfinite(distance[i])]
                   for distance in codes.distance.T]
        return Dictionary(
            f'{kind}_{stream}', 'segments', (self.codebook.length - 1)
            / self.dataset.recordings[0]['fps'], 4, [self.entry(
                code, 'segments', counts, counts.sum() / codes.counts.sum(),
                [self.segment(codes, code, i) for i in nearest[code]])
                for code, counts in enumerate(codes.counts.T)],
            list(map(self.names, nearest)))

    def names(self, indices: List[int]) -> List[str]:
        return [self.dataset.recordings[i]['frame_dir'] for i in indices]

    def entry(self, code: int, what: str, counts: np.ndarray, share: float,
              nearest: List[Panel]) -> Entry:
        """What is known of a code, by how much each recording has of it."""
        return Entry(
            f'Code {code}: {counts.sum()} {what}, {100 * share:.1f} %',
            {known.name: known.commonest(counts, _COMMONEST)
             for known in self.knowledge
             if known.name != 'session' and not known.lack and counts.any()},
            nearest)

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
        title = self.title(
            index, f'{len(x) / fps:.1f} s',
            f'cosine {self.similarity[number][index, code]:.2f}')
        return Panel(title, x[frames], layout, frames / fps, turn=False)

    def segment(self, codes: SegmentCodes, code: int, index: int) -> Panel:
        """The half second of a recording that is nearest to a code."""
        layout, book = self.dataset.sample_layout, self.codebook
        clip, person, limb, step = np.unravel_index(codes.place[index, code],
                                                    codes.shape)
        limbs = [g for g, kind in book.groups.items() if kind == codes.kind]
        # Positions, in 2-D with the score.
        x = self.dataset[index]['inputs'][clip, person, ..., :3].cpu()
        first = step * book.stride - (book.length - book.stride) // 2
        frames = np.arange(max(first, 0), min(first + book.length, len(x)))
        seen = seen_joints(x, layout)
        x = x.numpy().astype(float)
        if seen is not None:
            x[~seen.numpy(), :layout.dims] = np.nan
        title = self.title(
            index, limbs[limb].replace('_', ' '),
            f'distance {codes.distance[index, code]:.2f}')
        return Panel(title, x[frames], layout,
                     frames / self.dataset.recordings[index]['fps'],
                     turn=False)

    def title(self, index: int, *more: str) -> str:
        """What is known of a recording."""
        known = {k.name: k.values[index] for k in self.knowledge}
        return ', '.join(filter(None, (
            known['emotion'] or 'unlabelled', known['action'],
            known['actor'] and f'actor {known["actor"]}', *more)))

    def to_dict(self) -> dict:
        """What the JSON file holds beside a dictionary."""
        return dict(
            scales=self.scales, codebooks=self.segments,
            codes={r['frame_dir']: [int(codes[i]) for codes in self.codes]
                   for i, r in enumerate(self.dataset.recordings)})
