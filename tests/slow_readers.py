"""Slow readers of every input format, written from its definition.

They share nothing with :mod:`mmair` but the limits that its readers
document. Each takes the bytes of a file and returns what they say, or raises
:class:`Invalid`.
"""
import ast
import json
import math
import pickletools
import re
import sys

import numpy as np

SPACE = b' \t\n\r\v\f'
DIGITS = b'0123456789'


class Invalid(Exception):
    """The bytes are not in the format."""


def demand(condition, what):
    if not condition:
        raise Invalid(what)


def number(word, limit=1e9):
    """A decimal number: sign, digits, point, exponent; ASCII and finite."""
    rest = word[1:] if word[:1] in (b'+', b'-') else word
    mantissa, mark, exponent = rest.lower().partition(b'e')
    whole, _, part = mantissa.partition(b'.')
    demand(whole + part and not (whole + part).strip(DIGITS), 'no digits')
    if mark:
        power = exponent[1:] if exponent[:1] in (b'+', b'-') else exponent
        demand(power and not power.strip(DIGITS), 'no exponent')
    value = float(word)
    demand(abs(value) < limit, 'too large')
    return value


def whole_number(word):
    demand(word and not word.strip(DIGITS) and len(word) < 19, 'no count')
    return int(word)


def lines_of(content):
    """Lines end in LF, CR or both; blank ones do not count."""
    unified = content.replace(b'\r\n', b'\n').replace(b'\r', b'\n')
    return [line for line in unified.split(b'\n') if line.strip(SPACE)]


# BVH


class _BVH:
    """Recursive descent over the header, frame by frame over the motion."""

    def __init__(self, content):
        self.text = content
        self.at = 3 if content[:3] == b'\xef\xbb\xbf' else 0
        self.names, self.parents = [], []

    def space(self):
        start = self.at
        while self.text[self.at:self.at + 1] in map(bytes, zip(SPACE)):
            self.at += 1
        return self.at > start

    def run(self, stop):
        """Everything up to one of the bytes ``stop``."""
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stop:
            self.at += 1
        return self.text[start:self.at]

    def word(self):
        self.space()
        found = self.run(SPACE + b'{}')
        if not found:
            found = self.text[self.at:self.at + 1]
            self.at += 1
        demand(found, 'ends early')
        return found

    def literal(self, *words):
        for word in words:
            self.space()
            found = self.text[self.at:self.at + len(word)]
            demand(found.lower() == word, f'no {word}')
            self.at += len(word)

    def name(self):
        words = self.run(b'{}\r\n').strip(SPACE)
        for space in SPACE:
            words = words.replace(bytes([space]), b' ')
        words = b' '.join(word for word in words.split(b' ') if word)
        demand(self.word() == b'{', 'no { after a name')
        try:
            return words.decode('utf-8')
        except UnicodeDecodeError:
            return words.decode('latin-1')

    def joint(self, parent):
        node = dict(name=self.name(), parent=parent, children=[])
        demand(node['name'] and node['name'] not in self.names, 'name')
        node['number'] = len(self.names)
        self.names.append(node['name'])
        self.parents.append(parent)
        demand(len(self.names) <= 1000, 'too many joints')
        ended = False
        while (word := self.word().lower()) != b'}':
            first = not (node['children'] or ended)
            if word == b'offset':
                demand(first and 'offset' not in node, 'OFFSET again')
                node['offset'] = [number(self.word()) for _ in 'xyz']
            elif word == b'channels':
                demand(first and 'channels' not in node, 'CHANNELS again')
                count = whole_number(self.word())
                demand(count <= 6, 'too many channels')
                node['channels'] = [self.channel() for _ in range(count)]
                demand(len(set(node['channels'])) == count, 'channel twice')
            elif word == b'joint':
                demand('offset' in node, 'no OFFSET')
                node['children'].append(self.joint(node['number']))
            elif word == b'end':
                demand('offset' in node, 'no OFFSET')
                self.end_site()
                ended = True
            else:
                raise Invalid('unknown word')
        demand('offset' in node, 'no OFFSET')
        node.setdefault('channels', [])
        return node

    def end_site(self):
        demand(self.word().lower() == b'site', 'no Site')
        self.name()
        had = False
        while (word := self.word().lower()) != b'}':
            demand(word == b'offset' and not had, 'only OFFSET in End Site')
            had = [number(self.word()) for _ in 'xyz']

    def channel(self):
        word = self.word().lower()
        axis, kind = word[:1], word[1:]
        demand(axis in (b'x', b'y', b'z')
               and kind in (b'position', b'rotation'), 'channel')
        return b'xyz'.index(axis), kind == b'rotation'

    def read(self):
        demand(len(self.text) <= 2**28, 'too large')
        demand(self.word().lower() == b'hierarchy', 'no HIERARCHY')
        roots = []
        while (word := self.word().lower()) == b'root':
            roots.append(self.joint(-1))
        demand(word == b'motion' and roots, 'no MOTION')
        self.literal(b'frames', b':')
        self.space()
        count = self.run(SPACE)
        demand(self.space(), 'no space')
        self.literal(b'frame')
        demand(self.space(), 'no space')
        self.literal(b'time', b':')
        self.space()
        time = number(self.run(SPACE))
        demand(1e-4 <= time <= 10, 'Frame Time')
        demand(not self.run(b'\r\n').strip(SPACE), 'more than Frame Time')
        count, motion = whole_number(count), self.text[self.at:]
        demand(motion.count(b'\n') + motion.count(b'\r') <= 4 * 10**6, 'lines')
        rows = lines_of(motion)
        demand(count == len(rows) > 0, 'Frames')
        demand(count <= 10**6 and count * len(self.names) <= 2 * 10**7,
               'too long')
        positions, reach = [], 0.
        for row in rows:
            demand(len(row) <= 2**20, 'a long line')
            values = [number(word) for word in row.split()]
            frame = []
            for root in roots:
                reach = max(reach, self.pose(root, np.eye(4), values, frame))
            demand(not values, 'too many values')
            positions.append(frame)
        return dict(joints=tuple(self.names), parents=tuple(self.parents),
                    fps=round(1 / time, 2), positions=np.array(positions),
                    reach=reach)

    def pose(self, node, parent, values, frame):
        """Place a joint and all below; returns the length of the way."""
        demand(len(values) >= len(node['channels']), 'too few values')
        place, turn = np.eye(4), np.eye(4)
        place[:3, 3] = node['offset']
        for axis, rotates in node['channels']:
            value = values.pop(0)
            if not rotates:
                place[axis, 3] = value
                continue
            i, j = [k for k in range(3) if k != axis]
            angle = np.deg2rad(value) * (-1 if axis == 1 else 1)
            one = np.eye(4)
            one[i, i] = one[j, j] = np.cos(angle)
            one[j, i] = np.sin(angle)
            one[i, j] = -one[j, i]
            turn = turn @ one
        world = parent @ place
        frame.append(world[:3, 3])
        below = [self.pose(child, world @ turn, values, frame)
                 for child in node['children']]
        return np.linalg.norm(place[:3, 3]) + max(below, default=0.)


def read_bvh(content):
    """``joints``, ``parents``, ``fps``, ``positions`` and ``reach``.

    ``reach`` is the longest way from the origin to a joint along the bones,
    to which the rounding of a position is proportional.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10000)
    try:
        return _BVH(content).read()
    finally:
        sys.setrecursionlimit(limit)


# Tables of positions


def key(name):
    """A joint name without case, punctuation and the place of its side."""
    letters = ''.join(c for c in name.lower() if c.isalnum())
    places = [(letters.find(side), side) for side in ('left', 'right')
              if side in letters]
    for _, side in sorted(places)[:1]:
        return side + letters.replace(side, '', 1)
    return letters


def read_csv(content, joints):
    """Positions, float64 rounded to float32, (T, V, 3)."""
    demand(len(content) <= 2**25, 'too large')
    encoding = ('utf-16' if content[:2] in (b'\xff\xfe', b'\xfe\xff')
                else 'utf-8-sig')
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Invalid('encoding') from error
    text = text.replace('\r\n', '\n').replace('\r', '\n')
    demand(text.count('\n') <= 10**6, 'too many lines')
    lines = [line for line in text.split('\n') if line.strip()]
    demand(lines and max(map(len, lines)) <= 2**20, 'a long line')
    separator = next((s for s in '\t;,' if s in lines[0]), None)
    ended = separator and lines[0].rstrip(' ').endswith(separator)

    def divide(line):
        if ended:
            demand(line.rstrip(' ').endswith(separator), 'no end')
            line = line.rstrip(' ')[:-1]
        return [field.strip() for field in line.split(separator)]

    first = divide(lines[0])
    demand(len(first) <= 10**4, 'too many columns')
    places = list(range(3 * len(joints)))
    width = len(places)
    if any(is_title(field) for field in first):
        names = first if separator is None else unquote(first, separator)
        places, width = find_columns(names, joints), len(names)
        del lines[0]
    demand(lines, 'no rows')
    rows = []
    for line in lines:
        fields = divide(line)
        demand(len(fields) == width, 'width')
        # No other white space than blanks and tabs is inside a row.
        demand(all(c.isascii() and (c.isprintable() or c == '\t')
                   for c in line), 'characters')
        rows.append([number(field.encode()) for field in fields])
    return np.array([[row[place] for place in places] for row in rows]
                    ).reshape(len(rows), -1, 3).astype(np.float32)


def is_title(field):
    field = field[1:] if field[:1] in ('"', "'") else field
    unsigned = field.lower().lstrip('+-')
    return field[:1].isalpha() and unsigned not in ('nan', 'inf', 'infinity')


def unquote(fields, separator):
    """Names may be in quotes, in which a quote is doubled."""
    names, rest = [], separator.join(fields) + separator
    while rest:
        if rest[0] != '"':
            name, _, rest = rest.partition(separator)
        else:
            name, at = '', 1
            while rest[at:at + 1] != '"' or rest[at + 1:at + 2] == '"':
                demand(at < len(rest), 'an open quote')
                at += 2 if rest[at] == '"' else 1
            name = rest[1:at].replace('""', '"')
            demand(rest[at + 1:at + 2] == separator, 'text after a quote')
            rest = rest[at + 2:]
        names.append(name.strip())
    return names


def find_columns(names, joints):
    wanted = [(key(joint), axis) for joint in joints for axis in 'xyz']
    found = {}
    for place, name in enumerate(names):
        column = key(name[:-1].rstrip(' ._:-')), name[-1:].lower()
        if column in wanted:
            demand(column not in found, 'column twice')
            found[column] = place
        else:
            demand(key(name) in ('', 'frame', 'frameid', 'framenumber',
                                 'index', 'time', 'timestamp'), 'column')
    demand(len(found) == len(wanted), 'column missing')
    return [found[column] for column in wanted]


def npy_array(content, newest=3):
    """Any array of numbers in the npy format."""
    demand(content[:6] == b'\x93NUMPY' and content[6:7] and content[7:8]
           == b'\0' and 1 <= content[6] <= newest, 'magic')
    size = 2 if content[6] == 1 else 4
    length = int.from_bytes(content[8:8 + size], 'little')
    start = 8 + size + length
    demand(len(content) >= start and length <= 10000, 'header')
    try:
        header = content[8 + size:start].decode(
            'utf-8' if content[6] == 3 else 'latin-1')
        if content[6] < 3:  # Python 2 wrote 5L
            header = re.sub(r'(?<=\d)L', '', header)
        header = ast.literal_eval(header)
        demand(set(header) == {'descr', 'fortran_order', 'shape'}, 'keys')
        shape, descr = header['shape'], header['descr']
        demand(isinstance(header, dict) and isinstance(shape, tuple)
               and all(type(n) is int for n in shape)
               and isinstance(descr, str)
               and isinstance(header['fortran_order'], bool), 'types')
        dtype = np.dtype(descr)
    except Invalid:
        raise
    except Exception as error:
        raise Invalid('header') from error
    demand(dtype.kind in 'fiu', 'kind')
    demand(all(n >= 0 for n in shape), 'shape')
    demand(len(content) - start == math.prod(shape) * dtype.itemsize, 'size')
    flat = np.frombuffer(content[start:], dtype)
    order = 'F' if header['fortran_order'] else 'C'
    return flat.reshape(shape, order=order)


def read_npy(content, joints):
    demand(len(content) <= 2**27, 'too large')
    array = npy_array(content, newest=2)
    demand(array.ndim == 3 and array.shape[1:] == (len(joints), 3)
           and len(array), 'shape')
    for value in array.flat:
        demand(-1e9 < value < 1e9, 'value')
    return array.astype(np.float32)


# Annotations


class _Global(tuple):
    """A name that a pickle asks for."""


class _Pending:
    """A type or an array of numpy until its state is known."""

    def __init__(self, kind, code=None):
        self.kind, self.built, self.code, self.value = kind, False, code, None
        if kind == 'dtype':
            demand(isinstance(code, str) and code.isascii()
                   and code[:1] in tuple('biufcSU') and code[1:].isdigit()
                   and len(code) <= (7 if code[0] in 'SU' else 3)
                   and (code == 'b1' or code[0] != 'b'), 'dtype')
            self.value = np.dtype(code)

    def build(self, state):
        self.built = True
        if self.kind == 'dtype':
            demand(state[1] in ('<', '>', '=', '|'), 'byte order')
            self.value = np.dtype(state[1] + self.code)
            return
        version, shape, kind, fortran, data = state
        demand(version == 1 and isinstance(data, bytes)
               and isinstance(fortran, int) and isinstance(shape, tuple)
               and all(isinstance(n, int) and n >= 0 for n in shape), 'state')
        self.value = np.frombuffer(data, dtype_of(kind)).reshape(
            shape, order='F' if fortran else 'C')


def dtype_of(pending):
    demand(isinstance(pending, _Pending) and pending.kind == 'dtype', 'dtype')
    return pending.value


class _Mark:
    pass


def unpickle(content):
    """Plain data of the opcodes that protocols 2 to 5 write."""
    stack, memo = [], {}

    def above_mark():
        items = []
        while True:
            item = stack.pop()
            if item is _Mark:
                return items[::-1]
            items.append(item)

    def pop():
        item = stack.pop()
        demand(item is not _Mark, 'a mark')
        return item

    def plain_key(item):
        demand(item is None or type(item) in (str, bytes, bool)
               or type(item) is int and abs(item) < 2**32, 'key')
        return item

    def put(target, pairs):
        demand(type(target) is dict and len(pairs) % 2 == 0, 'dict')
        for k, v in zip(pairs[::2], pairs[1::2], strict=True):
            target[plain_key(k)] = v

    def extend(target, kind, items):
        demand(type(target) is kind, kind)
        for item in items:
            if kind is set:
                target.add(plain_key(item))
            else:
                target.append(item)

    for op, arg, _ in pickletools.genops(content):
        name = op.name
        if name in ('PROTO', 'FRAME'):
            demand(name == 'FRAME' or arg <= 5, 'protocol')
        elif name in ('BININT', 'BININT1', 'BININT2', 'LONG1', 'LONG4',
                      'BINFLOAT', 'BINUNICODE', 'SHORT_BINUNICODE',
                      'BINUNICODE8', 'BINBYTES', 'SHORT_BINBYTES',
                      'BINBYTES8', 'BYTEARRAY8'):
            stack.append(arg)
        elif name in ('BINSTRING', 'SHORT_BINSTRING'):
            demand(arg.isascii(), 'a string of Python 2')
            stack.append(arg)
        elif name in ('NONE', 'NEWTRUE', 'NEWFALSE'):
            stack.append(dict(NONE=None, NEWTRUE=True, NEWFALSE=False)[name])
        elif name == 'MARK':
            stack.append(_Mark)
        elif name in ('EMPTY_LIST', 'EMPTY_DICT', 'EMPTY_SET', 'EMPTY_TUPLE'):
            stack.append(dict(EMPTY_LIST=list, EMPTY_DICT=dict, EMPTY_SET=set,
                              EMPTY_TUPLE=tuple)[name]())
        elif name in ('TUPLE1', 'TUPLE2', 'TUPLE3'):
            items = [pop() for _ in range(int(name[-1]))]
            stack.append(tuple(items[::-1]))
        elif name == 'TUPLE':
            stack.append(tuple(above_mark()))
        elif name == 'LIST':
            stack.append(above_mark())
        elif name == 'DICT':
            items, target = above_mark(), {}
            put(target, items)
            stack.append(target)
        elif name == 'FROZENSET':
            stack.append(frozenset(map(plain_key, above_mark())))
        elif name == 'APPEND':
            item = pop()
            extend(stack[-1], list, [item])
        elif name in ('APPENDS', 'ADDITEMS'):
            items = above_mark()
            extend(stack[-1], list if name == 'APPENDS' else set, items)
        elif name == 'SETITEM':
            value, k = pop(), pop()
            put(stack[-1], [k, value])
        elif name == 'SETITEMS':
            items = above_mark()
            put(stack[-1], items)
        elif name == 'POP':
            stack.pop()
        elif name == 'POP_MARK':
            above_mark()
        elif name == 'DUP':
            stack.append(pop())
            stack.append(stack[-1])
        elif name in ('BINPUT', 'LONG_BINPUT', 'MEMOIZE'):
            demand(stack[-1] is not _Mark, 'a mark')
            memo[len(memo) if arg is None else arg] = stack[-1]
        elif name in ('BINGET', 'LONG_BINGET'):
            stack.append(memo[arg])
        elif name in ('GLOBAL', 'STACK_GLOBAL'):
            if name == 'STACK_GLOBAL':
                attribute, module = pop(), pop()
            else:
                module, attribute = arg.split(' ', 1)
            demand(isinstance(module, str), 'module')
            stack.append(_Global((module.replace(
                'numpy.core', 'numpy._core').replace(
                    '__builtin__', 'builtins'), attribute)))
            demand(stack[-1] in KNOWN, 'global')
        elif name == 'REDUCE':
            args = pop()
            stack.append(_call(pop(), args, plain_key))
        elif name == 'BUILD':
            state = pop()
            target = stack[-1]
            demand(isinstance(target, _Pending) and not target.built
                   and isinstance(state, tuple), 'state')
            target.build(state)
        elif name == 'STOP':
            return settle(pop())
        else:
            raise Invalid(name)
    raise Invalid('no end')


KNOWN = {('builtins', 'set'): 'set', ('builtins', 'frozenset'): 'frozenset',
         ('_codecs', 'encode'): 'encode', ('numpy', 'dtype'): 'dtype',
         ('numpy', 'ndarray'): 'ndarray',
         ('numpy._core.multiarray', '_reconstruct'): 'array',
         ('numpy._core.multiarray', 'scalar'): 'scalar',
         ('numpy._core.numeric', '_frombuffer'): 'buffer'}


def _call(function, args, plain_key):
    demand(isinstance(function, _Global) and type(args) is tuple, 'call')
    name = KNOWN[function]
    if name in ('set', 'frozenset'):
        demand(len(args) <= 1 and all(type(a) in (
            list, tuple, set, frozenset) for a in args), 'set')
        kind = dict(set=set, frozenset=frozenset)[name]
        return kind(map(plain_key, *args or [()]))
    if name == 'encode':
        text, encoding = args
        demand(encoding == 'latin1', 'encoding')
        return text.encode('latin-1')
    if name == 'scalar':
        kind, data = args
        demand(len(data) == dtype_of(kind).itemsize, 'scalar')
        return np.frombuffer(data, dtype_of(kind))[0]
    if name == 'buffer':
        data, kind, shape, order, *axes = args
        demand(len(axes) < 2 and isinstance(data, (bytes, bytearray)), 'data')
        array = np.frombuffer(data, dtype_of(kind))
        if axes and axes[0] is not None:
            return array.reshape(shape).transpose(axes[0])
        return array.reshape(shape, order=order)
    demand(name in ('dtype', 'array'), 'call')
    return _Pending(name, *(args[:1] if name == 'dtype' else ()))


def settle(loaded):
    """Put arrays in their places; what occurs twice is one object."""
    done, level = {}, {id(loaded): loaded}
    for _ in range(34):
        below = {}
        for item in level.values():
            parts = item.values() if isinstance(item, dict) else item
            below.update((id(part), part) for part in parts
                         if type(part) in (dict, list, tuple))
        level = below
    demand(not level, 'too deep')

    def copy(item):
        if id(item) in done:
            return done[id(item)]
        if type(item) is dict:
            result = {k: copy(v) for k, v in item.items()}
        elif type(item) in (list, tuple):
            result = type(item)(map(copy, item))
        elif isinstance(item, _Pending):
            demand(item.kind == 'array' and item.built, 'type')
            result = item.value
        else:
            demand(not isinstance(item, _Global), 'global')
            return item
        done[id(item)] = result
        return result

    return copy(loaded)


def check_annotations(data, layouts):
    """The rules of the annotation file, as its documentation has them."""
    if isinstance(data, list):
        data = dict(annotations=data)
    demand(isinstance(data, dict), 'content')
    data = dict(data)
    data.setdefault('meta', {})
    data.setdefault('split', {})
    annotations = data.get('annotations')
    demand(isinstance(annotations, list) and annotations, 'annotations')
    demand(isinstance(data['meta'], dict)
           and isinstance(data['split'], dict), 'meta or split')
    layout, classes = map(data['meta'].get, ('layout', 'classes'))
    demand(layout is None or isinstance(layout, dict)
           or isinstance(layout, str) and layout in layouts, 'layout')
    if classes is not None:
        demand(isinstance(classes, (list, tuple))
               and all(isinstance(c, str) for c in classes)
               and len(classes) == len(set(classes)), 'classes')
    names = set()
    for annotation in annotations:
        demand(isinstance(annotation, dict), 'annotation')
        name = annotation.get('frame_dir')
        demand(isinstance(name, str) and name not in names, 'frame_dir')
        names.add(name)
        check_recording(annotation, classes)
        demand(annotation['keypoint'].shape[2:]
               == annotations[0]['keypoint'].shape[2:], 'joints')
    for name, members in data['split'].items():
        demand(isinstance(name, str) and isinstance(members, (list, tuple))
               and all(isinstance(m, str) and m in names for m in members),
               'split')
    return data


def check_recording(annotation, classes):
    def whole(value):
        return isinstance(value, (int, np.integer))

    def floats(value):
        return (isinstance(value, np.ndarray) and value.dtype.kind == 'f'
                and all(math.isfinite(v) for v in value.flat))

    keypoint = annotation.get('keypoint')
    demand(floats(keypoint) and keypoint.ndim == 4 and keypoint.size
           and keypoint.shape[3] in (2, 3), 'keypoint')
    frames = annotation.get('total_frames')
    demand(whole(frames) and frames == keypoint.shape[1], 'total_frames')
    score = annotation.get('keypoint_score')
    demand(score is None or floats(score)
           and score.shape == keypoint.shape[:3], 'keypoint_score')
    if 'label' in annotation:
        label = annotation['label']
        demand(whole(label) and label >= 0, 'label')
        demand(classes is None or label < len(classes), 'label')
    for name in ('actor', 'recording', 'action'):
        demand(isinstance(annotation.get(name, ''), str), name)
    fps = annotation.get('fps', 1)
    demand(isinstance(fps, (int, float, np.integer, np.floating))
           and .1 <= fps <= 10_000, 'fps')


def read_pickle(content, layouts):
    try:
        return check_annotations(unpickle(content), layouts)
    except Invalid:
        raise
    except Exception as error:
        raise Invalid('garbled') from error


def read_store(files, layouts):
    """A store, given as the content of its files by name."""
    try:
        return check_annotations(_store(files), layouts)
    except Invalid:
        raise
    except Exception as error:
        raise Invalid('garbled') from error


def _store(files):
    demand('index.json' in files and 'keypoint.npy' in files, 'files')

    def refuse(name):
        raise Invalid(name)

    index = json.loads(files['index.json'].decode('utf-8'),
                       parse_constant=refuse)
    demand(index['format'] == 'mmair skeleton store'
           and index['version'] == 1, 'format')
    columns, split = dict(index['columns']), index['split']
    demand(isinstance(index['meta'], dict)
           and isinstance(split, dict), 'index')
    persons, frames = columns.pop('persons'), columns['total_frames']
    for column in (persons, *columns.values()):
        demand(isinstance(column, list) and len(column) == len(frames),
               'column')
    demand(all(type(n) is int and n > 0 for n in persons + frames), 'counts')
    demand(not {'keypoint', 'keypoint_score', 'split'} & set(columns),
           'column')
    arrays = {}
    for name, ndim in dict(keypoint=3, keypoint_score=2, split=1).items():
        if f'{name}.npy' in files and (name != 'split'
                                       or any(split.values())):
            array = npy_array(files[f'{name}.npy'])
            demand(array.ndim == ndim and array.size
                   and array.flags.c_contiguous and array.dtype.str in (
                       ('<i8', ) if name == 'split'
                       else ('<f2', '<f4', '<f8')), name)
            arrays[name] = array
    annotations, start = [], 0
    for i, (m, t) in enumerate(zip(persons, frames, strict=True)):
        annotation = {k: c[i] for k, c in columns.items()
                      if c[i] is not None}
        for name in ('keypoint', 'keypoint_score'):
            if name in arrays:
                rows = arrays[name][start:start + m * t]
                annotation[name] = rows.reshape(m, t, *rows.shape[1:])
        annotations.append(annotation)
        start += m * t
    demand(all(len(arrays[name]) == start
               for name in arrays if name != 'split'), 'rows')
    members = arrays.get('split', np.zeros(0, int)).tolist()
    demand(all(type(n) is int and n >= 0 for n in split.values())
           and sum(split.values()) == len(members)
           and all(0 <= i < len(annotations) for i in members), 'split')
    taken = iter(members)
    return dict(meta=index['meta'], annotations=annotations, split={
        name: [annotations[next(taken)]['frame_dir'] for _ in range(size)]
        for name, size in split.items()})
