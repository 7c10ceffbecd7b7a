"""Seeded damage to every input format, and a judge of what the readers say.

    python tests/fuzz_readers.py --count 100000 --seed 0 [--ebedb FOLDER]

A damaged file, a *mutant*, that is still valid must be read exactly as the
slow readers of :mod:`slow_readers` read it; every other one must be refused
in one sentence. Nothing may raise anything else, take longer than 10 s or
1 GiB of memory. Each mutant is a function of (format, mutator, number), so
that a finding can be had again: ``--only bvh/cut_bytes/17``.
"""
import argparse
import gzip
import io
import json
import math
import multiprocessing
import os
import pickle
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import slow_readers
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmair.datasets.readers import (load_annotations, read_bvh,
                                    read_positions, save_annotations)
from mmair.datasets.readers.annotation_format import AnnotationChecker
from mmair.errors import InputError
from mmair.layouts import LAYOUTS

#: CPU seconds of a reader; and those after which nothing more is waited for.
MAX_SECONDS = 10
MAX_WAIT = 60
MAX_MIB = 1024
JOINTS = ('pelvis', 'neck', 'left_hand', 'right_hand')
SUFFIX = dict(bvh='.bvh', csv='.csv', npy='.npy', pickle='.pkl', store='')
FORMATS = tuple(SUFFIX)

#: Words in the place of a number: whatever ``float`` takes and a file must
#: not have, what other programs write, and what is a number after all.
WORDS = [w if isinstance(w, bytes) else w.encode() for w in (
    'nan', 'NaN', '-nan', 'inf', '-inf', 'Infinity', '-1.#IND00', '1.#QNAN',
    '1e999', '-1e999', '1e9', '999999999', '1e-999', '0x10', '0x1p3', '1_000',
    '1_0.5', '\u0661\u0662', '\uff11', '1,5', '1.5.2', '1-2', '--1', '+-1',
    '1e', 'e5', '.', '+', '-', '', '()', 'null', 'None', '1d5', '1f', '1L',
    '1j', '"1"', '\u22121', '1\xa0', '\xa0', b'\xff', b'\x00', b'1\x00',
    '9' * 400, '0' * 400 + '1', '1e+5', '1E5', '+5', '.5', '5.', '-0', '007',
    '1e-5', '{', '}', '{}', '#', '//', '%', '\ufeff', '1;2', "'", '"')]
SPACES = [b'\t', b'\v', b'\f', b'\0', b'\x1c', b'\x1f', b'\x85', b'\xa0',
          b'\xc2\x85', b'\xc2\xa0', '\u2003'.encode(), '\u2028'.encode(),
          '\u200b'.encode(), b'\r', b'\n', b'\r\n', b'  ', b'\xef\xbb\xbf']

MUTATORS = {kind: {} for kind in FORMATS}


def mutator(*kinds):
    """Register a function of (rng, content) for some formats."""

    def register(function):
        for kind in kinds:
            MUTATORS[kind][function.__name__] = function
        return function

    return register


# Seeds


def tiny_bvh(rng):
    """A random tree; every joint has its own channels, in its own order."""
    axes = [f'{a}{k}' for k in ('position', 'rotation') for a in 'XYZ']
    count = rng.randrange(1, 8)
    children = {j: [] for j in range(count)}
    for joint in range(1, count):
        children[rng.randrange(joint)].append(joint)
    width = 0

    def write(joint):
        nonlocal width
        chosen = (axes if rng.random() < .3 else axes[3:]
                  if rng.random() < .6 else rng.sample(axes, rng.randrange(7)))
        chosen = rng.sample(chosen, len(chosen))
        width += len(chosen)
        text = [f'{"JOINT" if joint else "ROOT"} joint{joint}', '{', 'OFFSET '
                + ' '.join(f'{rng.uniform(-9, 9):.3f}' for _ in 'xyz'),
                ' '.join(['CHANNELS', str(len(chosen)), *chosen])]
        if rng.random() < .2:
            text[2:] = text[:1:-1]
        for child in children[joint]:
            text += write(child)
        if not children[joint] or rng.random() < .2:
            text += ['End Site', '{', 'OFFSET 0 1 0', '}']
        return [*text, '}']

    head = write(0)
    rows = [' '.join(f'{rng.uniform(-180, 180):.4f}' for _ in range(width))
            for _ in range(rng.randrange(1, 5) if width else 0)]
    text = '\n'.join(['HIERARCHY', *head, 'MOTION', f'Frames: {len(rows)}',
                      f'Frame Time: {rng.choice((.008, .008333, .04))}',
                      *rows, ''])
    return text.encode()


def tiny_csv(rng):
    separator = rng.choice(',;\t ')
    names = [f'{joint}{rng.choice("._:-")}{axis}' for joint in JOINTS
             for axis in rng.choice(('xyz', 'XYZ'))]
    columns = [[f'{rng.uniform(-2, 2):.5f}' for _ in names]
               for _ in range(rng.randrange(1, 6))]
    if header := rng.random() < .6:
        if rng.random() < .5:
            names.insert(0, 'Frame')
            columns = [[str(i), *row] for i, row in enumerate(columns)]
        order = rng.sample(range(len(names)), len(names))
        columns = [[row[i] for i in order] for row in [names, *columns]]
        if separator != ' ' and rng.random() < .3:
            columns[0] = [f'"{name}"' for name in columns[0]]
    assert header or len(columns[0]) == 3 * len(JOINTS)
    end = rng.choice(('', '', separator)) if separator != ' ' else ''
    return ''.join(separator.join(row) + end + '\n'
                   for row in columns).encode()


def tiny_npy(rng):
    array = np.array([rng.uniform(-2, 2) for _ in range(
        3 * len(JOINTS) * rng.randrange(1, 5))]).reshape(-1, len(JOINTS), 3)
    array = array.astype(rng.choice(('<f4', '<f8', '>f4', '<f2', '<i2')))
    if rng.random() < .3:
        array = np.asfortranarray(array)
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def tiny_data(rng):
    """Annotations with every key, of numbers of many kinds."""
    annotations, dims = [], rng.choice((2, 3))
    scored = rng.random() < .5
    dtype = rng.choice((np.float32, np.float32, np.float16, np.float64))
    for number in range(rng.randrange(1, 5)):
        shape = rng.choice((1, 2)), rng.randrange(1, 4), 3
        annotation = dict(
            frame_dir=f'some_{number}', label=number % 2, actor='A',
            recording=f'r{number // 2}', action='knock', fps=30.,
            total_frames=shape[1],
            keypoint=np.array([rng.uniform(-2, 2) for _ in range(
                math.prod(shape) * dims)], dtype).reshape(*shape, dims))
        if scored:
            annotation['keypoint_score'] = np.full(shape, .5, dtype)
        for key in ('label', 'actor', 'recording', 'action', 'fps'):
            if rng.random() < .1:
                del annotation[key]
        annotations.append(annotation)
    names = [a['frame_dir'] for a in annotations]
    return dict(
        meta=dict(dataset='tiny', classes=['joy', 'fear'], unit='m'),
        split=dict(train=names[1:], test=names[:1]), annotations=annotations)


def tiny_pickle(rng):
    return pickle.dumps(tiny_data(rng), rng.choice((2, 3, 4, 5)))


def tiny_store(rng):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'store'
        save_annotations(tiny_data(rng), path)
        return {file.name: file.read_bytes() for file in path.iterdir()}


SEEDS = dict(bvh=tiny_bvh, csv=tiny_csv, npy=tiny_npy, pickle=tiny_pickle,
             store=tiny_store)


def seed_content(kind, rng, recorded):
    """An undamaged file; now and then a recorded one."""
    if kind == 'bvh' and recorded and rng.random() < .05:
        return Path(rng.choice(recorded)).read_bytes()
    return SEEDS[kind](rng)


# Damage to bytes and lines


@mutator('bvh', 'csv', 'npy', 'pickle')
def unharmed(rng, content):
    return content


@mutator('bvh', 'csv', 'npy', 'pickle')
def cut_bytes(rng, content):
    return content[:rng.randrange(len(content))]


@mutator('bvh', 'csv', 'npy', 'pickle')
def flip_bits(rng, content):
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


@mutator('bvh', 'csv', 'npy', 'pickle')
def set_bytes(rng, content):
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        damaged[rng.randrange(len(damaged))] = rng.choice(content)
    return bytes(damaged)


@mutator('bvh', 'csv', 'npy', 'pickle')
def drop_slice(rng, content):
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.choice((1, 1, 2, 8, 64)):]


@mutator('bvh', 'csv', 'npy', 'pickle')
def repeat_slice(rng, content):
    at = rng.randrange(len(content))
    end = at + rng.choice((1, 2, 8, 64, len(content)))
    to = rng.choice((at, end, rng.randrange(len(content))))
    return content[:to] + content[at:end] + content[to:]


@mutator('bvh', 'csv', 'npy', 'pickle')
def insert_bytes(rng, content):
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(SPACES + WORDS) + content[at:]


@mutator('bvh', 'csv', 'npy', 'pickle')
def wrong_content(rng, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('some.bvh', content)
    return rng.choice((
        b'', b'\n', b' \t\r\n' * 50, b'\0' * 500, b'\xef\xbb\xbf',
        rng.randbytes(300), content * 2, content[::-1], file.getvalue(),
        gzip.compress(content), b'<html><body>404</body></html>',
        b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'))


@mutator('bvh', 'csv')
def other_encoding(rng, content):
    text = content.decode('latin-1')
    if rng.random() < .5:
        text = text.replace('joint1', 'j\xfc').replace('neck', 'n\xe9ck')
    return text.encode(rng.choice((
        'utf-16', 'utf-16-le', 'utf-16-be', 'utf-32', 'utf-8-sig', 'latin-1',
        'utf-8', 'utf-7', 'cp500')), 'replace')


@mutator('bvh', 'csv')
def line_ends(rng, content):
    end = rng.choice((b'\r\n', b'\r', b'\n\n', b'\n\r', b' \n', b'\v', b'\f',
                      b'\x85', '\u2028'.encode(), b'\n \t\n', b' '))
    if rng.random() < .5:
        return content.replace(b'\n', end)
    return end.join(content.rsplit(b'\n', rng.randrange(1, 5)))


@mutator('bvh', 'csv')
def other_spaces(rng, content):
    space = rng.choice(SPACES)
    found = rng.choice((b' ', b'\t', b',', b';'))
    return content.replace(found, space, rng.choice((1, 3, -1)))


def edit_lines(rng, content, edit):
    lines = content.splitlines(keepends=True)
    edit(lines, rng.randrange(len(lines)), rng.randrange(len(lines)))
    return b''.join(lines)


@mutator('bvh', 'csv')
def cut_lines(rng, content):
    lines = content.splitlines(keepends=True)
    return b''.join(lines[:rng.randrange(len(lines))])


@mutator('bvh', 'csv')
def swap_lines(rng, content):

    def edit(lines, i, j):
        lines[i], lines[j] = lines[j], lines[i]

    return edit_lines(rng, content, edit)


@mutator('bvh', 'csv')
def drop_lines(rng, content):

    def edit(lines, i, j):
        del lines[i:i + rng.choice((1, 1, 2, 4))]

    return edit_lines(rng, content, edit)


@mutator('bvh', 'csv')
def repeat_lines(rng, content):

    def edit(lines, i, j):
        lines[j:j] = lines[i:i + rng.choice((1, 1, 2, 4, 9))]

    return edit_lines(rng, content, edit)


def edit_words(rng, content, edit, every=False):
    """Change the words of one line, or of the last ones alike."""
    lines = content.splitlines(keepends=True)
    first = rng.randrange(len(lines))
    i, j = rng.random(), rng.random()
    for number in range(first, len(lines) if every else first + 1):
        words = re_split(lines[number])
        if len(words) > 1:
            count = len(words) // 2
            edit(words, 2 * int(i * count), 2 * int(j * count))
            lines[number] = b''.join(words)
    return b''.join(lines)


def re_split(line):
    """Words at even places, what separates them at odd ones."""
    words, separators = [b''], b' \t,;\r\n'
    for byte in zip(line):
        inside = byte[0] not in separators
        if inside == (len(words) % 2 == 1):
            words[-1] += bytes(byte)
        else:
            words.append(bytes(byte))
    return words if len(words) % 2 == 0 else [*words, b'']


@mutator('bvh', 'csv')
def swap_words(rng, content):

    def edit(words, i, j):
        words[i], words[j] = words[j], words[i]

    return edit_words(rng, content, edit)


@mutator('bvh', 'csv')
def swap_columns(rng, content):

    def edit(words, i, j):
        words[i], words[j] = words[j], words[i]

    return edit_words(rng, content, edit, every=True)


@mutator('bvh', 'csv')
def drop_column(rng, content):

    def edit(words, i, j):
        del words[i:i + 2]

    return edit_words(rng, content, edit, every=rng.random() < .7)


@mutator('bvh', 'csv')
def odd_word(rng, content):
    word = rng.choice(WORDS)

    def edit(words, i, j):
        words[i] = word

    return edit_words(rng, content, edit)


@mutator('bvh', 'csv')
def long_line(rng, content):
    at = rng.randrange(len(content))
    filler = rng.choice((b'1 ', b'7', b' ', b',', b'a', b'{', b'}', b'-',
                         b'1,', b'"', b'1e', b'\n', b'\r\n', b'1\n', b'\0'))
    size = rng.choice((10**3, 10**4, 10**5, 2 * 10**6 if rng.random() < .1
                       else 10**3))
    return content[:at] + filler * (size // len(filler)) + content[at:]


# Damage to BVH


def blocks(content):
    """Spans of the joints that another joint holds."""
    spans, stack, at = [], [], 0
    for line in content.splitlines(keepends=True):
        if line.startswith((b'JOINT', b'End')):
            start = at
        elif line.startswith(b'ROOT'):
            start = None
        elif line.strip() == b'{':
            stack.append(start)
        elif line.strip() == b'}' and stack:
            first = stack.pop()
            if first is not None:
                spans.append((first, at + len(line)))
        at += len(line)
    return spans


@mutator('bvh')
def move_joint(rng, content):
    """Drop a joint, repeat it or hang it elsewhere."""
    spans = blocks(content)
    if not spans:
        return content
    start, end = rng.choice(spans)
    part, rest = content[start:end], content[:start] + content[end:]
    chance = rng.random()
    if chance < .3:
        return rest
    if chance < .6:
        at = rest.find(b'}\n', rng.randrange(len(rest)))
        return rest[:at] + part + rest[at:]
    return content[:end] + part.replace(
        b'joint', rng.choice((b'joint', b'other'))) + content[end:]


@mutator('bvh')
def frame_time(rng, content):
    time = rng.choice((
        b'0.0333333', b'1', b'.5', b'1e-3', b'+0.01', b'10', b'10.1', b'0',
        b'-0.01', b'1e-5', b'nan', b'inf', b'33.3', b'0,04', b'', b'1/30',
        b'0.0_1', b'1e', b'0.04 s', b'0.04\n0.04', '\u0661'.encode()))
    head, mark, rest = content.partition(b'Frame Time: ')
    return head + mark + time + rest[rest.find(b'\n'):]


@mutator('bvh')
def frame_count(rng, content):
    count = rng.choice((
        b'0', b'1', b'2', b'3', b'03', b'+2', b'2.0', b'2e0', b'-2', b'',
        b'two', b'9' * 18, b'9' * 5000, b'1_0', b'1e999', b'nan',
        '\u0662'.encode(), '\xb2'.encode()))
    head, mark, rest = content.partition(b'Frames: ')
    return head + mark + count + rest[rest.find(b'\n'):]


@mutator('bvh')
def spelling(rng, content):
    """Keywords in other spellings, most of them valid."""
    for _ in range(rng.choice((1, 2, 4))):
        old, new = rng.choice((
            (b'HIERARCHY', b'Hierarchy'), (b'ROOT', b'root'),
            (b'JOINT', b'Joint'), (b'End Site', b'END SITE'),
            (b'End Site', b'End\nSite'), (b'End Site', b'EndSite'),
            (b'End Site', b'End Site nub'), (b'End Site', b'End'),
            (b'OFFSET', b'Offset'), (b'OFFSET', 'OFF\u017fET'.encode()),
            (b'CHANNELS', b'channels'), (b'rotation', b'ROTATION'),
            (b'rotation', b'Rotation'), (b'rotation', b'rot'),
            (b'Xrotation', b'Yrotation'), (b'position', b'rotation'),
            (b'JOINT', 'JO\u0131NT'.encode()), (b'MOTION', b'Motion'),
            (b'Frames:', b'FRAMES :'), (b'Frames:', b'Frames'),
            (b'Frames:', b'Frames:\n'), (b'Frame Time', b'frame  time'),
            (b'Frame Time:', b'Frame\tTime\t:'), (b'Frame Time', b'FrameTime'),
            (b'\n{', b'{'), (b'\n{', b' {\n'), (b'\n{', b'\n\n{'),
            (b'}\n', b'}'), (b'}\n', b'} '), (b'{', b'{{'), (b'}', b'}}'),
            (b'\n', b'\n\t'), (b'joint', b'my joint '), (b'joint', b''),
            (b'joint', b'\nj'), (b'joint', b'j:'), (b'joint', b'Frames:'),
            (b'joint2', b'joint1'), (b'joint', '\u5173\u8282'.encode()),
            (b'MOTION', b'MOTION MOTION'), (b'HIERARCHY', b'')))
        content = content.replace(old, new, rng.choice((1, 2, -1)))
    return content


@mutator('bvh')
def channel_order(rng, content):
    lines = content.splitlines(keepends=True)
    places = [i for i, line in enumerate(lines)
              if line.startswith(b'CHANNELS')]
    if not places:
        return content
    words = lines[place := rng.choice(places)].split()
    names = words[2:]
    rng.shuffle(names)
    if rng.random() < .3:
        words[1] = str(rng.randrange(-1, 9)).encode()
    lines[place] = b' '.join([*words[:2], *names]) + b'\n'
    return b''.join(lines)


@mutator('bvh')
def huge_header(rng, content):
    """Up to a million joints; seldom, since each takes its time."""
    count = rng.choice((900, 999, 1000, 1001, 1010, *([10**6] if
                                                      rng.random() < .05
                                                      else [])))
    name = b'x' * rng.choice((1, 1, 1, 10**4 if count < 2000 else 1))
    joints = [b'%s %s%d\n{OFFSET 0 1 0 CHANNELS 1 Zrotation\n'
              % (b'JOINT' if i else b'ROOT', name, i) for i in range(count)]
    head = rng.choice((
        b''.join(joints) + b'}' * count,
        joints[0] + b'}'.join(joints[1:]) + b'}}',
        b''.join(joints), b'ROOT ' + b'a ' * count + b'{', b'ROOT a' + b'{'
        * count, b'ROOT a\n{' + b'OFFSET 0 0 0\n' * count,
        b'ROOT a' + b' ' * count * 10 + b'{', b'ROOT a' + b'\n' * count,
        b'ROOT a\n{\nOFFSET 0 0 0\nCHANNELS ' + b'9' * count))
    rows = rng.choice((1, 2))
    row = b'1 ' * count if rng.random() < .8 else b'1\n' * count
    return b'HIERARCHY\n%s\nMOTION\nFrames: %d\nFrame Time: .1\n%s' % (
        head, rows, (row + b'\n') * rows)


@mutator('bvh')
def huge_motion(rng, content):
    """Few bytes that say that they are many positions."""
    joints, rows = rng.choice((
        (1000, 40000), (3, 20000), (1, 10**5), (1, 10**6 + 1))) if (
            rng.random() < .1) else (1000, 3)
    head = b'HIERARCHY ROOT a\n{OFFSET 0 0 0 CHANNELS 1 Xposition\n' + (
        b''.join(b'JOINT a%d\n{OFFSET 0 0 0}' % i
                 for i in range(joints - 1))) + b'}'
    return b'%s\nMOTION\nFrames: %d\nFrame Time: .1\n' % (
        head, rows) + b'1\n' * rows


# Damage to tables


@mutator('csv')
def header_names(rng, content):
    for _ in range(rng.choice((1, 1, 3))):
        old, new = rng.choice((
            (b'left_hand', b'HandLeft'), (b'left_hand', b'Left Hand'),
            (b'left_hand', b'right_hand'), (b'neck', b'NECK'),
            (b'neck', b'Neck 1'), (b'neck', b'"neck'), (b'neck', b'ne"ck'),
            (b'neck', b'ne,ck'), (b'.x', b'.y'), (b'_x', b'x'),
            (b'.x', b' x'), (b'.X', b'.w'), (b'Frame', b'time'),
            (b'Frame', b'confidence'), (b'Frame', b''), (b'Frame', b'"'),
            (b'pelvis', b'nan'), (b'pelvis', b'1'), (b'pelvis', b''),
            (b'pelvis', '\u5173\u8282'.encode()), (b'"', b"'"), (b'"', b''),
            (b'"', b'""'), (b'x', 'x\u0301'.encode())))
        content = content.replace(old, new, rng.choice((1, -1)))
    return content


@mutator('csv')
def huge_table(rng, content):
    if rng.random() < .9:
        return content + content[content.rfind(b'\n', 0, -1) + 1:] * 500
    return rng.choice((
        b'a,' * 10**5 + b'\n', b'a' * 2 * 10**6, b'"' + b'a,' * 10**5,
        b'1,' * 10**5, b'1\n' * 10**5, b'\n' * 2 * 10**6, b'1 ' * 9 * 10**5,
        b','.join(b'c%d.x' % i for i in range(10**4)) + b'\n1',
        content + b'\0' * 2**25))


# Damage to npy


@mutator('npy')
def npy_header(rng, content):
    length = int.from_bytes(content[8:10], 'little')
    header, data = content[10:10 + length], content[10 + length:]
    for _ in range(rng.choice((1, 1, 2))):
        shape = header[header.find(b'('):header.find(b')') + 1]
        old, new = rng.choice((
            (shape, b'(%d, 4, 3)' % 10**15), (shape, b'(2**62, 4, 3)'),
            (shape, b'(-1, 4, 3)'), (shape, b'(0, 4, 3)'), (shape, b'()'),
            (shape, b'(1, 4, 3, 1)'), (shape, b'(12,)'), (shape, b'(3, 4, 1)'),
            (shape, b'(1., 4, 3)'), (shape, b'(True, 4, 3)'), (shape, b'None'),
            (shape, b'[1, 4, 3]'), (shape, b'(4, 3, 1)'),
            (shape, b'(1, 4, 3)'),
            (shape, b'(2, 4, 3)'), (shape, b'(0x1, 4, 3)'),
            (shape, b'(1, 4, %s)' % (b'9' * 5000)), (shape, b'(1L, 4L, 3L)'),
            (shape, b'(' * 300 + b')' * 300), (shape, b'-' * 3000 + b'1'),
            (b"'<f4'", b"'|O'"), (b"'<f4'", b"'|S12'"), (b"'<f4'", b"'<U3'"),
            (b"'<f4'", b"'|V4'"), (b"'<f4'", b"'>f4'"), (b"'<f4'", b"'<i4'"),
            (b"'<f4'", b"'<u4'"), (b"'<f4'", b"'<c8'"), (b"'<f4'", b"'<f2'"),
            (b"'<f4'", b"'|b1'"), (b"'<f4'", b"'<M8[s]'"), (b"'<f4'", b"'f'"),
            (b"'<f4'", b"'float32'"), (b"'<f4'", b"[('x', '<f4')]"),
            (b"'<f4'", b"('<f4', (3,))"), (b"'<f4'", b"'(3,)f4'"),
            (b"'<f4'", b"'f4,f4'"), (b"'<f4'", b"'<f99999999999999'"),
            (b"'<f8'", b"'<i8'"), (b"'<f8'", b"'<u8'"), (b"'<f8'", b"'<f16'"),
            (b"'<i2'", b"'<u2'"), (b"'<i2'", b"'|i1'"),
            (b'False', b'True'), (b'True', b'False'), (b'False', b'None'),
            (b'False', b'0'), (b"'descr'", b"'dtype'"), (b'}', b''),
            (b'}', b"'more': 1}"), (b'{', b'{' * 300), (b"'shape'", b'shape'),
            (b'{', b'__import__("os").system("true") or {')))
        header = header.replace(old, new, 1)
    version = rng.choice((1, 1, 1, 1, 2, 3, 0, 255))
    size = len(header) + rng.choice((0, 0, 0, 0, 0, 1, -1, 9999))
    fixed = size.to_bytes(2 if version == 1 else 4, 'little')
    return b'\x93NUMPY' + bytes([version, 0]) + fixed + header + data


@mutator('npy')
def npy_values(rng, content):
    array = np.load(io.BytesIO(content))
    if array.dtype.kind == 'f':
        array = array.copy()
        array.flat[rng.randrange(array.size)] = rng.choice(
            (np.nan, np.inf, -np.inf, 1e9, -1e9, 1e8, 5e-324, -0.))
    shapes = [array.shape, (1, *array.shape), (-1, ), array.shape[::-1]]
    if rng.random() < .2:
        array = array.astype(rng.choice(('c8', '?', 'O', 'S5', 'U5', 'f8',
                                         'i8', 'u1', 'M8[s]')))
    file = io.BytesIO()
    if rng.random() < .1:
        np.savez(file, array)
    else:
        np.save(file, array.reshape(rng.choice(shapes)))
    return file.getvalue()


# Damage to annotations


class Call:
    """Is pickled as a call of a global."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def tuples(depth):
    """A tuple that is small, and takes 2**depth steps to hash."""
    item = ()
    for _ in range(depth):
        item = (item, item)
    return item


def lists(depth):
    item = []
    for _ in range(depth):
        item = [item, item]
    return item


def edit_data(rng, data):
    """One change of the content, valid or not."""
    meta, split, annotations = (data[k] for k in ('meta', 'split',
                                                  'annotations'))
    one = rng.choice(annotations)
    array = one['keypoint']
    place = rng.randrange(array.size)
    odd = rng.choice((None, '', 'x', -1, 0, 1, 2, 10**30, 1.5, math.nan,
                      math.inf, True, [], {}, (), b'1', ['a'], 1j, 'a' * 999,
                      '\ud800', 'line\nline', '\0', '../../etc/passwd'))
    changed = array.copy()
    changed.flat[place] = rng.choice((math.nan, math.inf, -math.inf, 6e4))
    which = rng.choice(list(one))
    for change in rng.sample((
            lambda: one.update({which: odd}), lambda: one.pop(which, None),
            lambda: one.update({which: odd}), lambda: one.pop(which, None),
            lambda: meta.update(classes=odd), lambda: meta.update(layout=odd),
            lambda: meta.update(layout=rng.choice(list(LAYOUTS))),
            lambda: meta.update(layout='/etc/passwd'),
            lambda: meta.update(layout=dict(joints=['a'])),
            lambda: meta.update(classes=['a', 'a']),
            lambda: meta.update(more=odd), lambda: data.update(more=odd),
            lambda: data.pop(rng.choice(list(data))),
            lambda: data.update({rng.choice(list(data)): odd}),
            lambda: split.update(train=odd), lambda: split.update(more=[odd]),
            lambda: annotations.append(odd),
            lambda: annotations.append(dict(one)),
            lambda: annotations.append(dict(one, frame_dir='another')),
            lambda: annotations.append(one), lambda: annotations.clear(),
            lambda: one.update(more=odd), lambda: one.update(keypoint=changed),
            lambda: one.update(keypoint=changed),
            lambda: one.update(keypoint=array[0]),
            lambda: one.update(keypoint=array[:, :0]),
            lambda: one.update(keypoint=array[..., :1]),
            lambda: one.update(keypoint=array[:, :, ::-1]),
            lambda: one.update(keypoint=array[:, :, :-1]),
            lambda: one.update(keypoint=array.astype(int)),
            lambda: one.update(keypoint=array.tolist()),
            lambda: one.update(total_frames=array.shape[1] + 1),
            lambda: one.update(total_frames=np.int64(array.shape[1])),
            lambda: one.update(total_frames=float(array.shape[1])),
            lambda: one.update(fps=rng.choice((np.float32(25), 0, .05, 1e5))),
            lambda: one.update(label=rng.choice((-1, 0, 1, 2, np.int8(1)))),
            lambda: one.update(frame_dir=rng.choice(('some_0', 'x' * 5000))),
            lambda: one.update({odd if odd.__hash__ else 'odd': 1}),
    ), rng.choice((1, 1, 1, 2))):
        change()
        if (not isinstance(data.get('annotations'), list)
                or not data['annotations']):
            break
    return data


@mutator('pickle')
def pickled_content(rng, content):
    data = edit_data(rng, tiny_data(rng))
    if rng.random() < .1 and 'annotations' in data:
        data = data['annotations']
    return pickle.dumps(data, rng.choice((0, 1, 2, 3, 4, 5)))


@mutator('pickle')
def pickled_arrays(rng, content):
    data = tiny_data(rng)
    one = rng.choice(data['annotations'])
    array = one['keypoint']
    loop = []
    loop.append(loop)
    values = (
        array.astype('>f4'), np.asfortranarray(array), array[..., ::-1],
        array.astype('g'), array.astype('S9'), array.astype('U3'),
        array.astype('M8[s]'), array.astype('c8'), array.astype('O'),
        array.view(np.recarray), np.ma.masked_array(array), array[:0],
        np.zeros(array.shape, 'f4,f4'), np.float64(3), np.str_('a'),
        np.zeros((1, 1, 1, 10**6), 'f4'), np.array(1.), np.array(['a'] * 3),
        np.array([None]), np.arange(3), np.True_, np.datetime64('2000'),
        np.zeros((0, 2**40, 3, 3), 'f4'), set('ab'), frozenset('ab'), loop,
        lists(40), tuples(40), {tuples(3): 1}, {(1, 2): 1},
        {frozenset('a'): 1}, frozenset([(1, 2)]), range(3), print, os.system,
        int, np.dtype('f4'), slice(3), complex(1, 2), bytearray(b'ab'),
        Call(os.system, 'true'), Call(eval, '1'), Call(set, [1, 2]),
        Call(set, [(1, )]), Call(frozenset, 'ab'), Call(getattr, 'a', 'b'),
        Call(np.dtype, 'O'), Path('a'), Counter('ab'))
    value = rng.choice(values)
    rng.choice((one.update, data['meta'].update))(
        {rng.choice(('keypoint', 'keypoint', 'more', 'keypoint_score')):
         value})
    return pickle.dumps(data, rng.choice((2, 3, 4, 5)))


@mutator('pickle')
def pickle_bomb(rng, content):
    """Opcodes that cost more than they are worth."""
    deep = rng.choice((10, 40, 100, 10**3, 10**5))
    size = rng.choice((2**20, 2**28, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1))
    four, eight = struct.pack('<I', size % 2**32), struct.pack('<Q', size)
    double = b')' + b''.join(b'q%ch%c\x86' % (i, i) for i in range(50))
    state = rng.choice((
        b'(K\x01K\x05\x85', b'(K\x01J\xff\xff\xff\xff\x85',
        b'(K\x01(\x8a\x08' + eight + b'K\x04t', b'(K\x01)', b'(K\x01N'))
    number = (b'cnumpy\ndtype\nX\x02\x00\x00\x00f4\x89\x88\x87R(K\x03X\x01'
              b'\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb')
    part = rng.choice((
        b'Nr' + four, b'p%d\nN' % size, b'Nq\x05', b'h\x07', b'j' + four,
        b'}' + double + b'Ns', b'(' + double + b'Nd', b'\x8f(' + double
        + b'\x90', b'(' + double + b'\x91', b'cbuiltins\nset\n(]' + double
        + b'atR', b']' * deep + b'a' * (deep - 1), b')' + b'\x85' * deep,
        b'}' + b')' + b'\x85' * deep + b'Ns', b'}' + b'K\x01}' * deep + b's'
        * deep, b'(' * deep + b't' * deep, b'(' * deep, b'2' * deep,
        b'N' + b'2' * deep + b'0' * deep, b'0', b't', b'a', b's', b'b', b'R',
        b'B' + four, b'\x8e' + eight, b'\x96' + eight, b'\x8d' + eight,
        b'X' + four, b'T' + four, b'\x95' + eight, b'\x8b' + four,
        b'\x8b\xff\xff\xff\xff', b'\x8a\xff' + b'\x7f' * 255,
        b'\x8b\x00\x00\x10\x00' + b'\x7f' * 2**20, b'I' + b'9' * 10**5 + b'\n',
        b'I01\n', b'L5L\n', b'F1.5\n', b"S'a'\n", b'Va\n', b'g5\n',
        b'Pabc\n', b'NQ', b'\x82\x01', b'\x83\x01\x00', b'\x84\x01\0\0\0',
        b'\x97', b'\x98', b'(ios\nsystem\n', b'(cos\nsystem\no',
        b'cos\nsystem\nX\x04\0\0\0true\x85R', b'c__main__\nmutator\n',
        b'cbuiltins\neval\n', b'cbuiltins\nset\n)\x81', b'cnumpy\nndarray\n',
        b'cnumpy\nndarray\n)R', b'cnumpy\ndtype\n}X\x01\0\0\0aK\x01sb',
        b'cnumpy\ndtype\nNN}X\x08\0\0\0__self__Ns\x86b0', b'X\x02\0\0\0os'
        b'X\x06\0\0\0system\x93', b'K\x01K\x02\x93', b'\x80\x09', b'\x80\x02',
        b'cnumpy.core.multiarray\nscalar\n' + number + b'C\x04abcd\x86R',
        b'cnumpy.core.multiarray\nscalar\n' + number + b'C\x03abc\x86R',
        b'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85'
        b'C\x01btR' + state + number + b'\x89C\x14' + bytes(20) + b'tb',
        b'cnumpy.core.numeric\n_frombuffer\n(C\x14' + bytes(20) + number
        + state[3:] + b'X\x01\0\0\0CtR',
        b'c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R',
        b'c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0utf-8\x86R',
        b'c_codecs\nencode\nX\x03\0\0\0\xe2\x82\xacX\x06\0\0\0latin1\x86R'))
    protocol = b'\x80' + rng.choice((b'\x02', b'\x04', b'\x05'))
    if rng.random() < .3:
        return protocol + part + b'.'
    # As a further value of an otherwise good file.
    good = pickle.dumps(tiny_data(rng), 2)[2:-1]
    return protocol + good + b'X\x04\0\0\0more' + part + b's.'


# Damage to stores: one file of the folder is damaged as others are


def damage_file(name, damage):

    def mutate(rng, files):
        if name in files:
            files[name] = damage(rng, files[name])
        return files

    return mutate


for _name, _kind, _damages in (
        ('index.json', 'json', (cut_bytes, flip_bits, set_bytes, drop_slice,
                                repeat_slice, insert_bytes, wrong_content)),
        ('keypoint.npy', 'keypoint', (cut_bytes, flip_bits, drop_slice,
                                      repeat_slice, npy_header, npy_values,
                                      wrong_content)),
        ('split.npy', 'split', (flip_bits, npy_header, npy_values,
                                wrong_content))):
    for _damage in _damages:
        MUTATORS['store'][f'{_kind}_{_damage.__name__}'] = damage_file(
            _name, _damage)


@mutator('store')
def unharmed_store(rng, files):
    return files


@mutator('store')
def other_files(rng, files):
    name = rng.choice(sorted(files))
    other = tiny_store(rng)
    if rng.random() < .5:
        del files[name]
    elif name in other:
        files[name] = other[name]
    return files


@mutator('store')
def edited_index(rng, files):
    index = json.loads(files['index.json'])
    columns, split, meta = index['columns'], index['split'], index['meta']
    column = columns[rng.choice(list(columns))]
    odd = rng.choice((None, '', -1, 0, 1, 2, 10**40, 1.5, 1e400, True, [], {},
                      'a', ['a'], '\ud800', 'joy\n', '../keypoint'))
    place = rng.randrange(len(column))
    for change in rng.sample((
            lambda: column.__setitem__(place, odd),
            lambda: column.__setitem__(place, odd),
            lambda: column.append(odd), lambda: column.pop(),
            lambda: columns.pop(rng.choice(list(columns))),
            lambda: columns.update(more=odd),
            lambda: columns.update(more=[odd] * len(column)),
            lambda: columns.update(keypoint=[1] * len(column)),
            lambda: columns.update({rng.choice(list(columns)): odd}),
            lambda: split.update(train=odd), lambda: split.update(more=odd),
            lambda: split.clear(), lambda: index.update(version=odd),
            lambda: index.update(format=odd), lambda: index.update(meta=odd),
            lambda: index.update(split=odd), lambda: index.update(more=odd),
            lambda: meta.update(classes=odd),
            lambda: meta.update(layout=odd),
            lambda: index.update(columns=odd),
            lambda: [c.reverse() for c in columns.values()
                     if isinstance(c, list)],
            lambda: [c.clear() for c in columns.values()
                     if isinstance(c, list)],
    ), rng.choice((1, 1, 2))):
        change()
        if not isinstance(index.get('split'), dict) or place >= len(column):
            break
    files['index.json'] = json.dumps(index).encode()
    return files


@mutator('store')
def json_bomb(rng, files):
    deep = rng.choice((10, 100, 10**3, 10**5))
    part = rng.choice((
        b'[' * deep, b'[' * deep + b']' * deep, b'{"a":' * deep, b'9' * deep,
        b'1' + b'0' * deep, b'1e' + b'9' * deep, b'NaN', b'Infinity', b'-',
        b'"' + b'a' * deep, b'"\\ud800"', b'"' + b'\\u0000' * deep + b'"',
        b'{' * deep, b'[' + b'0,' * deep + b'0]',
        b'{"a": 1, "a": 2}'))
    old = rng.choice((b'"meta": {', b'"split": {', b'"columns": {',
                      b'"format"'))
    files['index.json'] = files['index.json'].replace(
        old, rng.choice((b'"more": ' + part + b', ' + old, old + b'"more": '
                         + part + b', ', part)), 1)
    return files


# What is no regular file


def put_pipe(path):
    os.mkfifo(path)


def put_folder(path):
    path.mkdir()


def put_link_loop(path):
    path.symlink_to(path.name)


def put_broken_link(path):
    path.symlink_to('nowhere')


def put_endless_device(path):
    path.symlink_to('/dev/zero')


def put_sparse_file(path):
    with open(path, 'wb') as file:
        file.truncate(2**40)


def put_nothing(path):
    pass


PLACES = {f.__name__: f for f in (
    put_pipe, put_folder, put_link_loop, put_broken_link, put_endless_device,
    put_sparse_file, put_nothing)}
for _kind in FORMATS:
    MUTATORS[_kind]['link_to_file'] = lambda rng, content: content
    for _name in PLACES:
        MUTATORS[_kind][_name] = None
#: The share of mutants of these, which have few different results.
RARE = {*PLACES, 'link_to_file', 'unharmed', 'unharmed_store', 'huge_header',
        'huge_motion', 'long_line', 'huge_table', 'wrong_content'}


# The judge


def fast_read(kind, path):
    if kind == 'bvh':
        return read_bvh(path)
    if kind in ('csv', 'npy'):
        return read_positions(path, JOINTS)
    data = load_annotations(path)
    if kind == 'store':
        # The numbers of a store are checked when they are used.
        checker = AnnotationChecker(path)
        for annotation in data['annotations']:
            for key in ('keypoint', 'keypoint_score'):
                if key in annotation:
                    checker.check_finite(annotation, key)
    return data


def slow_read(kind, content):
    if kind in ('csv', 'npy'):
        return getattr(slow_readers, f'read_{kind}')(content, JOINTS)
    if kind in ('pickle', 'store'):
        return getattr(slow_readers, f'read_{kind}')(content, LAYOUTS)
    return slow_readers.read_bvh(content)


def difference(kind, fast, slow):
    """What is not the same, or None."""
    if kind == 'bvh':
        for key in ('joints', 'parents', 'fps'):
            if getattr(fast, key) != slow[key]:
                return f'{key}: {getattr(fast, key)} and {slow[key]}'
        if fast.positions.shape != slow['positions'].shape:
            return 'shape'
        error = np.abs(fast.positions - slow['positions']).max(initial=0)
        # Rounding to float32, and that of sines in double precision.
        return (f'error {error} at a reach of {slow["reach"]}'
                if error > 1e-6 * slow['reach'] + 1e-30 else None)
    pairs, seen = [(fast, slow, 'content')], set()
    while pairs:
        one, two, where = pairs.pop()
        if (id(one), id(two)) in seen:
            continue
        seen.add((id(one), id(two)))
        if isinstance(two, np.ndarray):
            if (not isinstance(one, np.ndarray) or one.shape != two.shape
                    or one.dtype != two.dtype.newbyteorder('=')
                    or not np.array_equal(one, two,
                                          equal_nan=one.dtype.kind == 'f')):
                return where
        elif type(one) is not type(two):
            return f'{where}: {type(one)} and {type(two)}'
        elif isinstance(two, dict):
            if set(one) != set(two):
                return f'{where}: {list(one)} and {list(two)}'
            pairs += [(one[k], two[k], f'{where}.{k}'[:200]) for k in two]
        elif isinstance(two, (list, tuple)):
            if len(one) != len(two):
                return f'{where}: length'
            pairs += [(a, b, f'{where}[]'[:200])
                      for a, b in zip(one, two, strict=True)]
        elif one != two and (one == one or two == two):
            return f'{where}: {one!r} and {two!r}'
    return None


def place(spec, path, recorded):
    """Put a mutant at a path; returns its content, or None without one."""
    kind, name, number = spec
    rng = random.Random(f'{kind}/{name}/{number}')
    content = seed_content(kind, rng, recorded)
    file = path
    if kind == 'store':
        if name in PLACES or name == 'link_to_file':
            path.mkdir()
            for key, value in content.items():
                (path / key).write_bytes(value)
            file = path / rng.choice(('index.json', 'keypoint.npy'))
            if name in PLACES:
                file.unlink()
    if name in PLACES:
        PLACES[name](file)
        return None
    if name == 'link_to_file':
        target = path.with_name('target')
        if kind == 'store':
            os.replace(file, target)
        else:
            target.write_bytes(content)
        file.symlink_to(target)
        return content
    content = MUTATORS[kind][name](rng, content)
    if kind == 'store':
        path.mkdir()
        for key, value in content.items():
            (path / key).write_bytes(value)
    else:
        path.write_bytes(content)
    return content


def rss():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2**20


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def judge(spec, folder, recorded):
    """Let both readers read one mutant.

    Returns:
        tuple[str, str]: 'valid', 'refused' or 'finding', and what is said.
    """
    kind = spec[0]
    path = Path(folder) / f'some{SUFFIX[kind]}'
    content = place(spec, path, recorded)
    before, high = rss(), peak()
    start = time.process_time()
    fast, said = None, ''
    try:
        fast = fast_read(kind, path)
    except InputError as error:
        said = str(error)
    except BaseException as error:
        return 'finding', f'raises {type(error).__name__}: {error}'[:500]
    # What the machine does besides does not count.
    seconds = time.process_time() - start
    grown = peak() - before if peak() > high else 0
    if seconds > MAX_SECONDS:
        return 'finding', f'takes {seconds:.0f} s'
    if grown > MAX_MIB:
        return 'finding', f'takes {grown:.0f} MiB'
    if fast is None:
        short = said.replace(str(folder), '')
        if (len(short) > 600 or str(path) not in said
                or not said.isprintable() or 'Traceback' in said
                or 'MemoryError' in said or 'RecursionError' in said):
            return 'finding', f'says {said!r}'[:900]
    try:
        slow = None if content is None else slow_read(kind, content)
    except slow_readers.Invalid as error:
        slow, why = None, str(error)
    else:
        why = 'no content'
    if fast is None:
        if slow is not None:
            return 'finding', f'is valid, but refused: {said}'[:500]
        return 'refused', said
    if slow is None:
        return 'finding', f'is invalid ({why}), but read'
    try:
        different = difference(kind, fast, slow)
    except Exception as error:
        different = f'{type(error).__name__}: {error}'
    if different:
        return 'finding', f'is read in two ways: {different}'[:500]
    return 'valid', ''


def clear(folder):
    for path in Path(folder).iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def work(specs, recorded, folder, pipe):
    """The child: judge one mutant after another, and tell the parent."""
    size = int(Path('/proc/self/statm').read_text().split()[0])
    size *= os.sysconf('SC_PAGE_SIZE')
    # Well above what is a finding: it protects the machine.
    resource.setrlimit(resource.RLIMIT_AS, (size + 4 * 2**30, ) * 2)
    np.seterr(all='ignore')
    for spec in specs:
        clear(folder)
        start = time.perf_counter()
        verdict = judge(spec, folder, recorded)
        pipe.send((*verdict, time.perf_counter() - start))
        if 'MiB' in verdict[1] and verdict[0] == 'finding':
            break  # its peak of memory would hide the next one
    pipe.close()


def run(specs, recorded=()):
    """Judge mutants in child processes, which may hang or die.

    Args:
        specs (list[tuple]): Format, mutator and number of every mutant.
        recorded (Sequence[Path]): Recorded BVH files.

    Yields:
        tuple: The mutant, 'valid', 'refused' or 'finding', what was said, and
        seconds.
    """
    context = multiprocessing.get_context('fork')
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        while done < len(specs):
            ours, theirs = context.Pipe(False)
            child = context.Process(target=work, args=(
                specs[done:], recorded, folder, theirs), daemon=True)
            child.start()
            theirs.close()
            try:
                while done < len(specs):
                    # The slow reader and the writing have their time, too.
                    if ours.poll(MAX_WAIT):
                        yield (specs[done], *ours.recv())
                        done += 1
                    else:
                        yield specs[done], 'finding', 'hangs', math.inf
                        done += 1
                        break
            except EOFError:
                child.join(MAX_WAIT)
                if child.exitcode != 0:
                    yield (specs[done], 'finding',
                           f'kills the process ({child.exitcode})', math.inf)
                    done += 1
            finally:
                child.kill()
                child.join()
                ours.close()


def draw(count, seed, kinds=FORMATS):
    """Specs of mutants, all mutators of a format in turn, the rare seldom."""
    specs = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        rng = random.Random(f'{seed}/{number}')
        names = sorted(MUTATORS[kind])
        name = rng.choice(names)
        if name in RARE and rng.random() < .8:
            name = rng.choice([n for n in names if n not in RARE])
        specs.append((kind, name, f'{seed}.{number}'))
    return specs


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--count', type=int, default=100000)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--formats', nargs='+', choices=FORMATS,
                        default=FORMATS)
    parser.add_argument('--ebedb', type=Path, default=os.environ.get(
        'MMAIR_EBEDB'), help='folder of recorded BVH files to damage, too')
    parser.add_argument('--only', help='one mutant, FORMAT/MUTATOR/NUMBER')
    args = parser.parse_args()
    recorded = sorted(Path(args.ebedb).rglob('*.bvh')) if args.ebedb else ()
    specs = ([tuple(args.only.split('/'))] if args.only else
             draw(args.count, args.seed, args.formats))
    console = Console(stderr=True)
    counts, findings, slowest = Counter(), [], (0, '')
    start = time.perf_counter()
    for spec, outcome, said, seconds in track(
            run(specs, recorded), 'Judging', len(specs), console=console):
        name = '/'.join(spec)
        counts[spec[:2], outcome] += 1
        slowest = max(slowest, (seconds, name))
        if outcome == 'finding':
            findings.append(f'{name} {said}')
            console.print(findings[-1], markup=False)
        elif args.only:
            print(outcome, said)
    table = Table('format', 'mutator', 'valid', 'refused', 'findings')
    outcomes = 'valid', 'refused', 'finding'
    for spec in sorted({spec for spec, _ in counts}):
        table.add_row(*spec, *(str(counts[spec, o]) for o in outcomes))
    table.add_row('all', '', *(str(sum(
        n for (_, o), n in counts.items() if o == outcome))
        for outcome in outcomes))
    Console(width=100).print(table)
    print(f'{len(specs)} mutants in {time.perf_counter() - start:.0f} s; the '
          f'slowest took {slowest[0]:.1f} s: {slowest[1]}')
    sys.exit(bool(findings))


if __name__ == '__main__':
    main()
