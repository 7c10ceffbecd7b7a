import pickle
import unicodedata

import pytest

import mmair.datasets.naming as naming_module
from mmair.datasets.naming import Classes, Manifest, NamePattern
from mmair.datasets.readers import table
from mmair.errors import InputError


def test_pattern(tmp_path):
    naming = NamePattern(
        tmp_path, r'(?P<actor>\w+)/(?P<emotion>[a-z]+)?_(?P<recording>\d)\.')
    naming = pickle.loads(pickle.dumps(naming))
    assert naming(tmp_path / 'raw' / 'Ann' / 'joy_1.csv') == dict(
        actor='Ann', emotion='joy', recording='1')
    assert naming(tmp_path / 'Ann' / '_1.csv') == dict(
        actor='Ann', recording='1')
    path = tmp_path / 'joy.csv'
    with pytest.raises(InputError) as error:
        naming(path)
    assert str(error.value).startswith(f'{path}: the pattern ')


@pytest.mark.parametrize('pattern, says', [
    ('(', 'is no regular expression'),
    ('(?P<emotion>a)(?P<emotion>b)', 'is no regular expression'),
    ('joy', 'named groups (none), expected some of emotion'),
    ('(?P<emotoin>.*)', 'named groups emotoin'),
    ('a{99999999999999999999}', 'is no regular expression'),
    ('(' * 5000 + ')' * 5000, 'is no regular expression'),
])
def test_unusable_pattern(tmp_path, pattern, says):
    with pytest.raises(InputError) as error:
        NamePattern(tmp_path, pattern)
    assert says in str(error.value) and len(str(error.value)) < 600


def manifest(tmp_path, text):
    path = tmp_path / 'manifest.csv'
    path.write_text(text)
    return Manifest(tmp_path, path)


def test_manifest(tmp_path):
    naming = manifest(
        tmp_path, 'age,file,emotion,actor\n30,a/one.csv,joy,Ann\n'
        '31,.\\a\\two,,Ann\n32,./three.x.csv,fear,\n33,absent.csv,joy,Ann\n')
    files = [tmp_path / name for name in
             ('a/one.csv', 'a/two.npy', 'three.x.csv', 'four.csv')]
    assert naming.without_file(files) == ['absent.csv']
    naming = pickle.loads(pickle.dumps(naming))
    assert [naming(path) for path in files[:3]] == [
        dict(emotion='joy', actor='Ann'), dict(actor='Ann'),
        dict(emotion='fear')]
    with pytest.raises(InputError, match='four.csv: .* has no row of it'):
        naming(files[3])


@pytest.mark.parametrize('on_disk, written', [('NFD', 'NFC'),
                                              ('NFC', 'NFD')])
def test_accents_are_written_in_two_ways(tmp_path, on_disk, written):
    path = tmp_path / unicodedata.normalize(on_disk, 'Zoé_dégoût.csv')
    words = unicodedata.normalize(written, 'Zoé_dégoût.csv,dégoût')
    table = manifest(tmp_path, f'file,emotion\n{words}\n')
    pattern = NamePattern(tmp_path, unicodedata.normalize(
        written, '(?P<actor>Zoé)_(?P<emotion>[a-zéû]+)'))
    classes = Classes.of([unicodedata.normalize(on_disk, 'disgust=Dégoût')])
    assert not table.without_file([path])
    for naming in (table, pattern):
        assert classes.named(naming(path)['emotion']) == 'disgust'


def test_a_manifest_may_be_larger_than_a_table_of_numbers(tmp_path,
                                                          monkeypatch):
    monkeypatch.setattr(table, 'MAX_BYTES', 3)
    monkeypatch.setattr(table, 'MAX_ROWS', 1)
    text = 'file,emotion\na,joy\nb,fear\n'
    assert len(manifest(tmp_path, text).rows) == 2
    says = 'divide the recordings among several folders'
    monkeypatch.setattr(table, 'MANIFEST_ROWS', 2)
    with pytest.raises(InputError, match=f'4 lines, .* at most 2; {says}'):
        manifest(tmp_path, text + '\n')  # what was read is kept
    monkeypatch.setattr(naming_module, 'MANIFEST_BYTES', 3)
    with pytest.raises(InputError, match=f'expected at most 3; {says}'):
        manifest(tmp_path, text)


def test_an_edited_manifest_is_another(tmp_path):
    one = manifest(tmp_path, 'file,emotion\na,joy\n')
    assert one(tmp_path / 'a') == dict(emotion='joy')
    two = manifest(tmp_path, 'file,emotion\na,fear\n')
    assert two(tmp_path / 'a') == dict(emotion='fear')
    assert one != two and pickle.dumps(one) != pickle.dumps(two)
    assert len(pickle.dumps(one)) < 1000


@pytest.mark.parametrize('text, says', [
    ('file,emotion\na,joy\na,fear\n', "file is 'a' in a row"),
    ('file,emotion\n"",joy\n', "file is '' in a row"),
    ('file,age\na,30\n', 'has none of the columns emotion'),
    ('name,emotion\na,joy\n', 'expected file among them'),
    ('', 'is empty'),
])
def test_unusable_manifest(tmp_path, text, says):
    with pytest.raises(InputError) as error:
        manifest(tmp_path, text)
    assert says in str(error.value)
    assert str(error.value).startswith(str(tmp_path / 'manifest.csv'))


def test_classes():
    classes = Classes.of(['joy=happy, HA', 'sadness', 'fear'])
    assert classes.names == ('joy', 'sadness', 'fear')
    assert [classes.named(w) for w in ('Joy', 'ha', 'HAPPY', 'SADNESS')] == [
        'joy', 'joy', 'joy', 'sadness']
    for word in ('', 'hap', 'fear='):
        with pytest.raises(InputError, match='is none of joy, sadness, fear'):
            classes.named(word)
    for words in (['joy=fear', 'fear'], ['joy', 'Joy'], ['joy', 'joy'],
                  ['=joy'], ['fear=']):
        with pytest.raises(InputError, match='no other class has'):
            Classes.of(words)
