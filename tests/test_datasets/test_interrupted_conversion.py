"""Conversions that end in every way but the right one, and go on."""
import contextlib
import io
import json
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mmair import cli
from mmair.datasets import conversion
from mmair.datasets.journal import Journal
from mmair.datasets.readers import load_annotations
from mmair.errors import InputError

NUM = 24
FORK = multiprocessing.get_context('fork')


def parse(path, scale=1.):
    """A file tells what it holds, or what goes wrong."""
    log = os.open(path.parents[1] / 'log', os.O_WRONLY | os.O_APPEND |
                  os.O_CREAT)
    os.write(log, f'{os.getpid()} {path.name}\n'.encode())
    os.close(log)
    text = path.read_text()
    if text == 'crash':
        os.kill(os.getpid(), signal.SIGKILL)
    if text == 'bug':
        return 1 / 0
    if text == 'slow':
        time.sleep(1)
        text = '99'
    if text == 'nan':
        return dict(fps=30., keypoint=np.full((1, 3, 23, 3), np.nan))
    if text.startswith('refuse'):
        raise InputError(f'{path}: is refused')
    time.sleep(.01)
    seed = int(text)
    x = np.random.default_rng(seed).normal(size=(1, 2 + seed % 5, 23, 3))
    return dict(emotion=('joy', 'fear')[seed % 2], actor=f'a{seed % 3}',
                recording=f'r{seed % 7}', action='walk', fps=np.float32(30),
                keypoint=(x * scale).astype(np.float32))


def convert(root, out, parse=parse, workers=4):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        conversion.convert(root.glob('*.txt'), root, parse, out,
                           dataset='toy', layout='ebedb',
                           classes=('joy', 'fear'), workers=workers)
    return printed.getvalue()


@pytest.fixture
def raw(tmp_path):
    root = tmp_path / 'raw'
    root.mkdir()
    for number in range(NUM):
        (root / f't{number:02d}.txt').write_text(str(number))
    (root / 't05.txt').write_text('refuse')
    (root / 't06.txt').write_text('4')  # as t04
    return root


def parsed(root):
    """Names of the parsed files, in order; the log is emptied."""
    log = root.parent / 'log'
    lines = log.read_text().split('\n')[:-1] if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.split()[1] for line in lines]


def contents(out):
    if out.is_file():
        return out.read_bytes()
    return {file.name: file.read_bytes() for file in out.iterdir()}


def journal_names(out):
    path = out.with_name(f'{out.name}.journal') / 'entries.jsonl'
    if not path.exists():
        return []
    return [json.loads(line)['name']
            for line in path.read_bytes().split(b'\n')[1:-1]]


def run_until(num, root, out):
    """Start a conversion and kill it once ``num`` results are kept.

    Its workers end by themselves, though nobody tells them.
    """
    process = FORK.Process(target=convert, args=(root, out))
    process.start()
    while len(journal_names(out)) < num and process.is_alive():
        time.sleep(.002)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    until = time.monotonic() + 20
    for pid in set((root.parent / 'log').read_text().split()[::2]):
        while is_running(pid):
            if time.monotonic() > until:
                os.kill(int(pid), signal.SIGKILL)
                pytest.fail(f'worker {pid} was left')
            time.sleep(.01)


def is_running(pid):
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return stat.rsplit(')', 1)[1].split()[0] != 'Z'


def test_output_does_not_depend_on_the_workers(raw, tmp_path):
    for name in ('one.pkl', 'one'):
        convert(raw, tmp_path / name, workers=1)
        convert(raw, tmp_path / f'three{name}', workers=3)
        assert contents(tmp_path / name) == contents(tmp_path /
                                                     f'three{name}')
    assert sorted(os.listdir(tmp_path)) == [
        'log', 'one', 'one.pkl', 'raw', 'threeone', 'threeone.pkl']
    pkl, store = (load_annotations(tmp_path / n) for n in ('one.pkl', 'one'))
    assert pkl['meta'] == store['meta'] and pkl['split'] == store['split']
    assert [a['frame_dir'] for a in pkl['annotations']] == [
        f't{i:02d}' for i in range(NUM) if i not in (5, 6)]
    for one, two in zip(pkl['annotations'], store['annotations']):
        expected = parse(raw / f'{one["frame_dir"]}.txt')
        label = ('joy', 'fear').index(expected.pop('emotion'))
        keypoint = expected.pop('keypoint')
        for found in (one, two):
            np.testing.assert_array_equal(found.pop('keypoint'), keypoint)
            assert found == dict(
                expected, frame_dir=found['frame_dir'], label=label,
                total_frames=keypoint.shape[1])


def test_killed_and_resumed(raw, tmp_path):
    convert(raw, tmp_path / 'whole')
    parsed(raw)
    out = tmp_path / 'out'
    known = []
    for num in (3, 9, 16):
        run_until(num, raw, out)
        assert not out.exists()
        # What was kept before was not parsed again.
        assert not set(parsed(raw)) & set(known)
        known = journal_names(out)
        assert len(known) >= num
    printed = convert(raw, out)
    assert f'{len(known)} files were read by an earlier run' in printed
    last = parsed(raw)
    assert sorted(last + known) == sorted(
        f't{i:02d}.txt' for i in range(NUM) if i != 6)
    assert contents(out) == contents(tmp_path / 'whole')
    assert sorted(os.listdir(tmp_path)) == ['out', 'raw', 'whole']


def cut_line(journal):
    with open(journal / 'entries.jsonl', 'ab') as file:
        file.write(b'{"name": "t2')
    with open(journal / 'frames.bin', 'ab') as file:
        file.write(b'half a frame')


def lost_frames(journal):
    with open(journal / 'frames.bin', 'ab') as file:
        file.truncate(2000)


def wrong_frames(journal):
    with open(journal / 'frames.bin', 'rb+') as file:
        file.seek(3000)
        file.write(b'\0' * 500)


def garbled(journal):
    (journal / 'entries.jsonl').write_bytes(b'\0' * 1000 + b'\n[]\n7\n')


@pytest.mark.parametrize('damage', [cut_line, lost_frames, wrong_frames,
                                    garbled])
def test_a_damaged_journal_changes_nothing(raw, tmp_path, damage):
    convert(raw, tmp_path / 'whole')
    out = tmp_path / 'out'
    run_until(12, raw, out)
    damage(tmp_path / 'out.journal')
    convert(raw, out)
    assert contents(out) == contents(tmp_path / 'whole')


def test_what_changed_is_parsed_again(raw, tmp_path):
    out = tmp_path / 'out.pkl'
    run_until(12, raw, out)
    known, _ = journal_names(out), parsed(raw)
    changed = [n for n in known if n != 't05.txt'][0]
    (raw / changed).write_text('1000')
    convert(raw, out)
    assert set(parsed(raw)) & set(known) == {changed}
    found = {a['frame_dir']: a for a in load_annotations(out)['annotations']}
    np.testing.assert_array_equal(found[changed[:3]]['keypoint'],
                                  parse(raw / changed)['keypoint'])


def test_results_of_other_arguments_are_not_taken(raw, tmp_path):
    out = tmp_path / 'out.pkl'
    run_until(12, raw, out)
    parsed(raw)
    convert(raw, out, partial(parse, scale=2.))
    assert len(parsed(raw)) == NUM - 1
    first = load_annotations(out)['annotations'][0]['keypoint']
    np.testing.assert_array_equal(first, parse(raw / 't00.txt')['keypoint'] *
                                  2)


def test_killed_while_it_writes_over_an_old_one(raw, tmp_path, monkeypatch):
    out = tmp_path / 'out'
    convert(raw, out)
    before = contents(out)
    (raw / 't30.txt').write_text('30')

    def die(*args):
        os.kill(os.getpid(), signal.SIGKILL)

    for name in ('_publish', 'np.lib.format.write_array_header_1_0'):
        with monkeypatch.context() as patch:
            patch.setattr(f'mmair.datasets.readers.mapped_store.{name}', die)
            process = FORK.Process(target=convert, args=(raw, out))
            process.start()
            process.join()
        assert process.exitcode == -signal.SIGKILL
        assert contents(out) == before
        assert any(n.endswith('.part') for n in os.listdir(tmp_path))
    parsed(raw)
    convert(raw, out)
    assert parsed(raw) == []
    assert len(load_annotations(out)['annotations']) == NUM - 1
    assert sorted(os.listdir(tmp_path)) == ['out', 'raw']


def in_a_session(root, out, error):
    """As from a terminal: a process group, stderr in a file."""
    os.setsid()
    os.dup2(os.open(error, os.O_WRONLY | os.O_CREAT), 2)
    import sys
    sys.stderr = open(2, 'w', closefd=False)
    # What a shell starts in the background inherits that it is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.run(partial(convert, root, out))


def test_ctrl_c(raw, tmp_path):
    out, error = tmp_path / 'out', tmp_path / 'error'
    (raw / 't23.txt').write_text('slow')
    process = FORK.Process(target=in_a_session, args=(raw, out, error))
    process.start()
    # One worker is busy then, and the others wait for work.
    while len(journal_names(out)) < NUM - 2 and process.is_alive():
        time.sleep(.002)
    os.killpg(process.pid, signal.SIGINT)
    process.join(20)
    assert process.exitcode == 2
    text = error.read_text()
    assert 'Traceback' not in text
    line, = re.findall('error: .*', text)
    assert re.match(rf'error: {out}: interrupted and not written; the same '
                    r'command goes on after the \d+ files', line)
    known, _ = journal_names(out), parsed(raw)
    convert(raw, out)
    assert not set(parsed(raw)) & set(known) and out.is_dir()


@pytest.mark.parametrize('content, says', [
    ('crash', 'a worker process died while it read one of these'),
    ('bug', 't11.txt: the converter failed on it .ZeroDivisionError: '
     'division by zero., which is a mistake of ours: report it'),
])
def test_a_parser_that_fails(raw, tmp_path, content, says):
    (raw / 't11.txt').write_text(content)
    out = tmp_path / 'out'
    with pytest.raises(InputError, match=says) as error:
        convert(raw, out, workers=1)
    assert 't11.txt' in str(error.value) and '\n' not in str(error.value)
    assert not out.exists()
    known, _ = journal_names(out), parsed(raw)
    (raw / 't11.txt').unlink()
    convert(raw, out)
    assert known and not set(parsed(raw)) & set(known)


def test_one_at_a_time(raw, tmp_path):
    out = tmp_path / 'out'
    journal = Journal(out, parse, None)

    def other():
        try:
            convert(raw, out)
        except InputError as error:
            os._exit('another process is writing it' in str(error))

    process = FORK.Process(target=other)
    process.start()
    process.join()
    assert process.exitcode == 1
    journal.close()


def test_files_that_are_none(raw, tmp_path):
    (raw / 'folder.txt').mkdir()
    (raw / 'broken.txt').symlink_to(raw / 'nothing')
    (raw / 'loop.txt').symlink_to(raw / 'loop.txt')
    os.mkfifo(raw / 'pipe.txt')
    (raw / 'nan.txt').write_text('nan')
    with open(os.fsencode(raw) + b'/\xff.txt', 'w') as file:
        file.write('77')
    out = tmp_path / 'out.pkl'
    printed = convert(raw, out)
    skipped = dict(re.findall(r'^skipped (\S+): (.*)$', printed, re.M))
    assert skipped == {
        'folder.txt': 'is a folder, expected a file',
        'broken.txt': 'is a link that cannot be followed (No such file or '
        'directory)',
        'loop.txt': 'is a link that cannot be followed (Too many levels of '
        'symbolic links)',
        'pipe.txt': 'is no regular file',
        'nan.txt': "annotation 'nan': keypoint[0, 0, 0, 0] is nan, expected "
        'finite numbers',
        r'\udcff.txt': 'has a name that is not UTF-8; rename it',
        't05.txt': 'is refused', 't06.txt': 'byte-equal to t04.txt'}
    assert f'{NUM + 6} files found, 8 skipped, 22 usable' in printed
    assert re.search(r'^\d+\.\d MB read in \d+\.\d s, \d+\.\d MB/s; '
                     r'\d+\.\d MB/s a core$', printed, re.M)


def test_nothing_of_a_useless_conversion_is_left(raw, tmp_path):
    for number, file in enumerate(raw.iterdir()):
        file.write_text(f'refuse {number}')
    with pytest.raises(InputError, match='none of the 24 source files'):
        convert(raw, tmp_path / 'out')
    assert sorted(os.listdir(tmp_path)) == ['log', 'raw']


def test_other_things_are_not_overwritten(raw, tmp_path):
    mine = tmp_path / 'mine'
    mine.mkdir()
    (mine / 'thesis.txt').write_text('all of it')
    (tmp_path / 'folder.pkl').mkdir()
    for out in (mine, mine / 'thesis.txt', tmp_path / 'folder.pkl'):
        with pytest.raises(InputError, match='give another name'):
            convert(raw, out)
    assert (mine / 'thesis.txt').read_text() == 'all of it'
    # It is said before the work.
    assert parsed(raw) == []


def test_the_parser_may_name_recordings(raw, tmp_path):
    for name in ('x', 'y'):
        (raw / name).mkdir()
        (raw / name / '1.txt').write_text('10' + name.replace('x', '1')
                                          .replace('y', '2'))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        data = conversion.convert(
            raw.glob('*/1.txt'), raw, by_folder, tmp_path / 'out',
            dataset='toy', layout='ebedb', classes=('joy', 'fear'))
    assert [a['frame_dir'] for a in data['annotations']] == ['x_1', 'y_1']


def by_folder(path):
    x = np.full((1, 2, 23, 3), float(path.read_text()))
    return dict(frame_dir=f'{path.parent.name}_{path.stem}', fps=30,
                keypoint=x)


def test_command_line(capsys):
    parser = conversion.converter_parser('A set -> a file.\n\n    exactly\n')
    args = parser.parse_args(['raw', '--out', 'data/x', '--workers', '3'])
    assert args == type(args)(raw=Path('raw'), out=Path('data/x'), workers=3)
    assert parser.parse_args(['raw', '--out', 'x']).workers is None
    for wrong in (['raw'], ['raw', '--out', 'x', '--workers', '0'],
                  ['raw', '--out', 'x', '--workers', 'all']):
        with pytest.raises(SystemExit):
            parser.parse_args(wrong)
    assert "'all' is no whole number from 1" in capsys.readouterr().err
    assert '    exactly\n' in parser.format_help()


def test_pickles_are_written_without_being_remembered(tmp_path):
    from mmair.datasets.readers.annotation_file import _Pickler
    file = io.BytesIO()
    pickler = _Pickler(file, protocol=4)
    arrays = [np.full(1000, i, np.float32) for i in range(50)]
    pickler.dump([dict(keypoint=x, name='same') for x in arrays])
    kept = [obj for _, obj in pickler.memo.values()]
    assert not any(isinstance(k, (bytes, tuple, np.ndarray)) for k in kept)
    found = pickle.loads(file.getvalue())
    np.testing.assert_array_equal([f['keypoint'] for f in found], arrays)
    # Strings and types are written once.
    assert file.getvalue().count(b'keypoint') == 1
    assert file.getvalue().count(b'_reconstruct') == 1


def test_without_locks_only_conversion_is_refused(tmp_path):
    """On Windows, which has no fcntl."""
    code = ('import sys; sys.modules["fcntl"] = None\n'
            'import mmair.apis, mmair.deployment\n'
            'from mmair import cli\n'
            'from mmair.datasets.journal import Journal\n'
            'from pathlib import Path\n'
            'cli.run(lambda: Journal(Path("x.pkl"), len, None))')
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr[-2000:]
    assert done.stderr.startswith('error: x.pkl: conversion needs file locks')
    assert not list(tmp_path.iterdir())
