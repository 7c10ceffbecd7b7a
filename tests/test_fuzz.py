"""A short run of the fuzz; ``python tests/fuzz_readers.py`` is the long one.
"""
import os
import time
from collections import Counter

import fuzz_readers
import pytest
from fuzz_readers import FORMATS, MUTATORS, PLACES, WORDS, draw, run

from mmair.datasets.readers import load_annotations, read_bvh, read_positions
from mmair.errors import InputError


@pytest.mark.parametrize('kind', FORMATS)
def test_mutants_read_exactly_or_are_refused_in_a_sentence(kind):
    specs = draw(500, 0, (kind, ))
    results = list(run(specs))
    assert [spec for spec, *_ in results] == specs
    findings = ['/'.join(spec) + ' ' + said
                for spec, outcome, said, _ in results if outcome == 'finding']
    assert not findings
    counts = Counter(outcome for _, outcome, *_ in results)
    # Both readers are asked for more than a refusal.
    assert counts['valid'] > 40 and counts['refused'] > 200


@pytest.mark.parametrize('kind', FORMATS)
def test_what_is_no_regular_file_is_refused(kind):
    specs = [(kind, name, '0') for name in PLACES]
    assert [outcome for _, outcome, *_ in run(specs)] == ['refused'] * len(
        specs)


@pytest.mark.parametrize('kind', FORMATS)
def test_undamaged_files_are_valid(kind):
    unharmed = 'unharmed_store' if kind == 'store' else 'unharmed'
    specs = [(kind, name, str(number)) for number in range(20)
             for name in (unharmed, 'link_to_file')]
    # A joint tree without any channel has no frame.
    outcomes = Counter(outcome for _, outcome, *_ in run(specs))
    assert not outcomes['finding']
    assert outcomes['refused'] <= (10 if kind == 'bvh' else 0)


def test_a_mutant_can_be_had_again(tmp_path):
    for kind, names in MUTATORS.items():
        for name in set(names) - set(PLACES) - {'link_to_file'}:
            one, two = (fuzz_readers.place((kind, name, '7'), path, ())
                        for path in (tmp_path / f'{kind}_{name}_{i}'
                                     for i in range(2)))
            # A zip holds the time of its making.
            assert one == two or name.endswith('wrong_content')


@pytest.mark.parametrize('reader, says', [
    (lambda path: 1 / 0, 'raises ZeroDivisionError'),
    (lambda path: 'nothing', 'is invalid'),
    (lambda path: 'nothing', 'is read in two ways'),
    (lambda path: len(b'1' * (1100 * 2**20)), 'MiB'),
    (lambda path: refuse(f'{path}: no'), 'is valid, but refused: '),
    (lambda path: refuse('no'), 'says'),
    (lambda path: refuse(f'{path}: no\nno'), 'says'),
    (lambda path: refuse(f'{path}: {"no" * 400}'), 'says'),
    (lambda path: os._exit(3), 'kills the process (3)'),
    (lambda path: compute(.3), 'takes'),
    (lambda path: time.sleep(30), 'hangs'),
])
def test_the_judge_finds_faults(reader, says, monkeypatch):
    monkeypatch.setattr(fuzz_readers, 'fast_read',
                        lambda kind, path: reader(path))
    # A reader that takes too long must not be taken for one that hangs.
    monkeypatch.setattr(fuzz_readers, 'MAX_SECONDS', .1 if says == 'takes'
                        else 10)
    monkeypatch.setattr(fuzz_readers, 'MAX_WAIT', 2 if says == 'hangs' else 60)
    specs = [('bvh', 'unharmed', '0'), ('bvh', 'put_nothing', '0')]
    if says == 'hangs':
        del specs[1]
    results = list(run(specs))
    assert [spec for spec, *_ in results] == specs
    assert any(says in said for _, outcome, said, _ in results
               if outcome == 'finding')


def compute(seconds):
    """Keep a core busy, however fast it is."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def refuse(sentence):
    raise InputError(sentence)


@pytest.mark.parametrize('word', [w for w in WORDS if w])
def test_number_or_not(word, tmp_path):
    """Text readers agree on what a number is, which is not what float takes.
    """
    bvh, csv = tmp_path / 'a.bvh', tmp_path / 'a.csv'
    bvh.write_bytes(b'HIERARCHY\nROOT a\n{OFFSET 0 0 0 CHANNELS 1 Xposition}\n'
                    b'MOTION\nFrames: 1\nFrame Time: .1\n' + word + b'\n')
    csv.write_bytes(b'0,0,0\n0,0,' + word + b'\n')
    numbers = []
    for read in (lambda: read_bvh(bvh).positions[0, 0, 0],
                 lambda: read_positions(csv, ('a', ))[1, 0, 2]):
        try:
            numbers.append(read())
        except InputError:
            numbers.append(None)
    valid = {b'999999999': 999999999, b'1e-999': 0, b'+5': 5, b'.5': .5,
             b'5.': 5, b'-0': 0, b'007': 7, b'1e-5': 1e-5, b'1e+5': 1e5,
             b'1E5': 1e5, b'0' * 400 + b'1': 1}
    expected = None if word not in valid else pytest.approx(valid[word])
    assert numbers == [expected, expected]


@pytest.mark.parametrize('content', [
    b'\x80\x04Nr\xff\xff\xff\xff.',
    b'\x80\x04}' + b')' + b''.join(b'q%ch%c\x86' % (i, i) for i in range(60))
    + b'Ns.',
    b'\x80\x04}' + b')' + b'\x85' * 10**5 + b'Ns.',
    b'\x80\x04' + b']' * 10**5 + b'a' * (10**5 - 1) + b'.',
    b'\x80\x05\x96' + b'\xff' * 7 + b'\x00.',
], ids=['memo', 'hash', 'deep hash', 'deep', 'bytearray'])
def test_small_pickles_stay_small(content, tmp_path):
    path = tmp_path / 'bomb.pkl'
    path.write_bytes(content)
    with pytest.raises(InputError, match='bomb.pkl: '):
        load_annotations(path)
