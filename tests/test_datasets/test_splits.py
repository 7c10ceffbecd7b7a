import numpy as np
import pytest

from mmair.datasets.splits import make_splits


def recordings(seed=0, num=200):
    rng = np.random.default_rng(seed)
    taken = []
    for number in range(num):
        actor = f'actor{rng.integers(4)}'
        taken.append(dict(frame_dir=f'take{number}', actor=actor,
                          recording=f'{actor}_{rng.integers(5)}',
                          action=f'action{rng.integers(3)}',
                          label=int(rng.integers(3))))
    return taken


FOLDS = dict(xsub=4, xact=3, xrec=5, xseq=5, random=5)
GROUPS = dict(xsub='actor', xact='action', xrec='recording',
              xseq='frame_dir', random='frame_dir')


@pytest.mark.parametrize('seed', range(3))
def test_splits_divide_no_group(seed):
    taken = recordings(seed)
    split = make_splits(taken, ['actor1', 'actor3'])
    names = {f'{kind}{fold}_{part}' for kind, folds in FOLDS.items()
             for part in ('train', 'test')
             for fold in ['', *(f'_f{i}' for i in range(folds))]
             if kind != 'xact' or fold}
    assert split.keys() == names
    by_name = {t['frame_dir']: t for t in taken}
    for name in names:
        if name.endswith('_train'):
            train, test = split[name], split[name[:-5] + 'test']
            assert sorted(train + test) == sorted(by_name)
            key = GROUPS[name.split('_')[0]]
            assert not ({by_name[n][key] for n in train}
                        & {by_name[n][key] for n in test})
    for kind, num in FOLDS.items():
        tested = sum((split[f'{kind}_f{i}_test'] for i in range(num)), [])
        assert sorted(tested) == sorted(by_name)
    for kind in ('xrec', 'xseq', 'random'):
        assert split[f'{kind}_test'] == split[f'{kind}_f0_test']
    assert {by_name[n]['actor'] for n in split['xsub_test']} == {
        'actor1', 'actor3'}
    for kind in ('xsub', 'xact'):
        for i in range(FOLDS[kind]):
            key = GROUPS[kind]
            assert {by_name[n][key] for n in split[f'{kind}_f{i}_test']} == {
                f'{key}{i}'}
    # Stratified: every fold has its share of every class.
    for i in range(5):
        fold = np.bincount([by_name[n]['label']
                            for n in split[f'xseq_f{i}_test']])
        whole = np.bincount([t['label'] for t in taken])
        assert np.abs(fold - whole / 5).max() <= 1


def test_random_split_is_a_function_of_the_names():
    names = [f'n{i}' for i in range(203)]
    split = make_splits([dict(frame_dir=n) for n in names])
    other = make_splits([dict(frame_dir=n, label=i % 3, actor='a')
                         for i, n in enumerate(reversed(names))])
    sizes = []
    for part in [k for k in split if k.startswith('random')]:
        assert sorted(split[part]) == sorted(other[part])
        if part.endswith('_test'):
            sizes.append(len(split[part]))
    # 4:1, and as equal as 203 allows.
    assert sizes == [41, 41, 41, 41, 40, 40]
    # Written down once: no machine and no version may change it.
    assert sorted(split['random_test'])[:5] == ['n1', 'n102', 'n103', 'n11',
                                                'n110']
    assert {k.split('_')[0] for k in split} == {'random', 'xseq'}


def test_fixed_test_actors_by_default():
    def test_part(num):
        taken = [dict(t, actor=f'a{i % num:02d}')
                 for i, t in enumerate(recordings())]
        split = make_splits(taken)
        actor = {t['frame_dir']: t['actor'] for t in taken}
        return sorted({actor[n] for n in split['xsub_test']})

    # The last quarter in alphabetical order, at least one.
    assert test_part(2) == ['a01']
    assert test_part(8) == ['a06', 'a07']
    assert test_part(11) == ['a09', 'a10']


def test_splits_need_what_they_are_by(capsys):
    taken = recordings()
    del taken[3]['actor'], taken[4]['action'], taken[5]['recording']
    split = make_splits(taken)
    assert {name.split('_')[0] for name in split} == {'xseq', 'random'}
    printed = capsys.readouterr().out
    for name, key in (('xsub', 'actor'), ('xact', 'action'),
                      ('xrec', 'recording')):
        assert (f'splits {name} left out: 1 of 200 recordings have no {key}'
                in printed)


def test_unlabelled_recordings_are_split_too():
    taken = recordings()
    for take in taken[::2]:
        del take['label']
    split = make_splits(taken, ['actor0'])
    assert len(split['xseq_train']) + len(split['xseq_test']) == len(taken)


def test_splits_that_cannot_be_made_are_named(capsys):
    taken = [dict(t, actor='one', recording='r', action='one')
             for t in recordings(num=20)]
    split = make_splits(taken, ['nobody'])
    assert {name.split('_')[0] for name in split} == {
        'xseq', 'random'}
    printed = capsys.readouterr().out
    assert 'split xsub left out: its test part would be empty' in printed
    assert 'split xsub_f0 left out: its train part would be empty' in printed
    assert 'split xact_f0 left out: its train part would be empty' in printed
    assert 'splits xrec left out: 1 groups' in printed


def test_of_many_actors_a_fold_leaves_out_several(capsys):
    """As many folds as actors would make splits of N x actors names."""
    taken = [dict(frame_dir=f'take{i:03d}', actor=f'actor{i // 2:03d}')
             for i in range(240)]
    split = make_splits(taken)
    folds = [name for name in split if name.startswith('xsub_f')
             and name.endswith('_test')]
    assert len(folds) == 50
    assert 'splits xsub: 120 groups make 50 folds' in capsys.readouterr().out
    tested = sorted(sum((split[f] for f in folds), []))
    assert tested == sorted(t['frame_dir'] for t in taken)
    by_name = {t['frame_dir']: t['actor'] for t in taken}
    seen = [{by_name[name] for name in split[f]} for f in folds]
    assert {len(s) for s in seen} == {2, 3}
    assert sum(map(len, seen)) == 120 == len(set.union(*seen))
