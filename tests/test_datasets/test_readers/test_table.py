import os

import numpy as np
import pytest

from mmair.datasets.readers import read_rows, read_table
from mmair.datasets.readers import table as table_module
from mmair.errors import InputError

VALUES = [[1., -2.5, 3e-2], [.25, 5., -6.]]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes)
                     else content.encode())
    return path


def sentence(error, path):
    text = str(error.value)
    assert text.startswith(f'{path}: ') and '\n' not in text
    assert len(text) < 600
    return text


@pytest.mark.parametrize('content', [
    '1,-2.5,3e-2\n.25,5.,-6\n',
    '1;-2.5;3e-2\r\n.25;5.;-6\r\n',
    '1\t-2.5\t3e-2\r.25\t5.\t-6',
    '1  -2.5 3e-2\n .25 5. -6 \n\n',
    '1, -2.5,\t3E-2\n\n.25,+5 ,-6\n'.replace('\t', ' '),
    '1;-2.5;3e-2;\n.25;5.;-6;\n',
    b'\xef\xbb\xbf1,-2.5,3e-2\n.25,5.,-6\n',
    '1,-2.5,3e-2\n.25,5.,-6\n'.encode('utf-16'),
    b'\xfe\xff' + '1,-2.5,3e-2\n.25,5.,-6\n'.encode('utf-16-be'),
])
def test_numbers(tmp_path, content):
    names, values = read_table(write(tmp_path / 'x.csv', content))
    assert names is None and values.dtype == np.float64
    np.testing.assert_array_equal(values, VALUES)


@pytest.mark.parametrize('header, names', [
    ('Frame,Hips.x,Hips.y', ['Frame', 'Hips.x', 'Hips.y']),
    ('"Frame","a,b", c', ['Frame', 'a,b', 'c']),
    (',x,y', ['', 'x', 'y']),
    ('# Frame,x_1,2', ['# Frame', 'x_1', '2']),
    ('é,nan,1', ['é', 'nan', '1']),
])
def test_header(tmp_path, header, names):
    path = write(tmp_path / 'x.csv', f'{header}\n1,-2.5,3e-2\n.25,5.,-6\n')
    found, values = read_table(path)
    assert found == names
    np.testing.assert_array_equal(values, VALUES)


@pytest.mark.parametrize('content', [
    '1,,3\n4,5,NaN\n', '1;nan;3;\n4;5;;\n', '1 nan 3\n4 5 -nan\n',
    '1\t \t3\n4\t5\t\n', 'a,b,c\n1,,3\n4,5,\n'])
def test_missing_cells(tmp_path, content):
    path = write(tmp_path / 'x.csv', content)
    with pytest.raises(InputError, match='expected a finite number'):
        read_table(path)
    np.testing.assert_array_equal(read_table(path, missing=True)[1],
                                  [[1, np.nan, 3], [4, 5, np.nan]])


@pytest.mark.parametrize('content, says', [
    ('1,,3\n4,5\n', 'line 2 holds 2 values'),
    ('1,,3\n4,inf,6\n', "column 2 is 'inf'"),
    ('1,,3\n4,1nan,6\n', "column 2 is '1nan'"),
    ('1,,3\n4,1e9999,6\n', "column 2 is '1e9999'")])
def test_refused_beside_missing_cells(tmp_path, content, says):
    path = write(tmp_path / 'x.csv', content)
    with pytest.raises(InputError, match=says):
        read_table(path, missing=True)


def test_header_between_blanks(tmp_path):
    path = write(tmp_path / 'x.txt', 'a  b\tc\n1 2 3\n'.replace('\t', ' '))
    assert read_table(path)[0] == ['a', 'b', 'c']


@pytest.mark.parametrize('content, says', [
    ('', 'is empty'),
    (' \n\r\n', 'is empty'),
    ('a,b\n', 'holds a header alone'),
    ('1,2\n3\n', 'line 2 holds 1 values, expected 2 as in line 1'),
    ('1,2\n\n3,4,5\n', 'line 3 holds 3 values'),
    ('a,b\n1,2\n3,\n', "line 3, column 2 is '', expected a finite"),
    ('1;2;\n3;4\n', 'line 2'),
    ('1,2\n3,nan\n', "line 2, column 2 is 'nan'"),
    ('nan,2\n3,4\n', "line 1, column 1 is 'nan'"),
    ('1,2\n3,-1.#IND00\n', "line 2, column 2 is '-1.#IND00'"),
    ('1,2\n3,1e999\n', "line 2, column 2 is '1e999'"),
    ('1,2\n1e9,4\n', "line 2, column 1 is '1e9'"),
    ('1,2\n1_0,4\n', "line 2, column 1 is '1_0'"),
    ('1,2\n0x1,4\n', "line 2, column 1 is '0x1'"),
    ('1,2\n"1",4\n', 'line 2, column 1'),
    ('1,2\n٣,4\n', 'line 2, column 1'),
    ('1,2\n1 2,4\n', "line 2, column 1 is '1 2'"),
    ('1,5;2,5\n1,5;2,5\n', "line 1, column 1 is '1,5', expected a finite "
     'number with a decimal point'),
    ('1,2\n1,\xa02\n', 'its numbers are not separated by'),
    ('"a,b\n1,2\n', 'line 1'),
    (b'1,2\n\xff,3\n', 'is not UTF-8 text from byte 4 on'),
    (b'\xff\xfe1', 'is not UTF-16 text'),
    ('a,' * 10001 + '\n1\n', '10001 columns, expected at most'),
    ('joint.x,' * 10**6 + '\n1\n', 'characters, expected at most'),
    ('1\n' * (10**6 + 1), 'lines, expected at most'),
])
def test_refused(tmp_path, content, says):
    path = write(tmp_path / 'x.csv', content)
    with pytest.raises(InputError) as error:
        read_table(path)
    assert says in sentence(error, path)


def test_no_table(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / 'pipe.csv')
    (tmp_path / 'loop.csv').symlink_to(tmp_path / 'loop.csv')
    (tmp_path / 'folder.csv').mkdir()
    for name in ('pipe.csv', 'loop.csv', 'folder.csv', 'absent.csv'):
        with pytest.raises(InputError, match='cannot be read') as error:
            read_table(tmp_path / name)
        sentence(error, tmp_path / name)
    monkeypatch.setattr(table_module, 'MAX_BYTES', 3)
    with pytest.raises(InputError, match='expected at most 3'):
        read_table(write(tmp_path / 'long.csv', '1,2\n'))


def test_what_counts_as_a_number(tmp_path):
    """All short words of these characters, against Python's own rule."""
    words = []
    level = ['']
    for _ in range(4):
        level = [w + c for w in level for c in '1.+-e']
        words += level
    for word in words:
        path = write(tmp_path / 'x.csv', f'7,{word}\n')
        try:
            expected = float(word)
            expected = expected if abs(expected) < 1e9 else None
        except ValueError:
            expected = None
        if word.startswith('e'):  # a name: the line is a header
            expected = None
        try:
            found = read_table(path)[1][0, 1]
        except InputError:
            found = None
        assert found == expected, word


def test_rows(tmp_path):
    path = write(tmp_path / 'x.csv', b'\xef\xbb\xbffile; emotion ;note\r\n'
                 b'a.csv;joy;"one; two"\r\n;;\r\n b.csv ; ;"""c"\r\n')
    assert read_rows(path, ['file']) == [
        dict(file='a.csv', emotion='joy', note='one; two'),
        dict(file='b.csv', emotion='', note='"c')]


@pytest.mark.parametrize('content, says', [
    ('file\na\n', 'expected the names of columns separated by'),
    ('name,emotion\na,joy\n', "its columns are 'name, emotion', expected "
     'file among them'),
    ('file,file\na,b\n', 'each name once'),
    ('file,emotion\n', 'holds a header alone'),
    (',\n,\n', 'its columns are'),
    ('file,emotion\na,joy\nb\n', 'row 2 holds 1 values, expected 2'),
    ('file,emotion\na,"joy\n', 'cannot be divided into values'),
    ('file,emotion\na,"' + 'j' * 200000 + '"\n', 'cannot be divided'),
])
def test_rows_refused(tmp_path, content, says):
    path = write(tmp_path / 'x.csv', content)
    with pytest.raises(InputError) as error:
        read_rows(path, ['file'])
    assert says in sentence(error, path)
