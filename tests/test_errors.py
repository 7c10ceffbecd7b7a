"""How a sentence about a user's mistake is made."""
import pytest

from mmair.errors import InputError, listed, writing


@pytest.mark.parametrize('error, reason', [
    (OSError(28, 'No space left on device'), 'No space left on device'),
    (OSError('of a library'), 'of a library')])
def test_what_cannot_be_written(tmp_path, error, reason):
    path = tmp_path / 'folder/file'
    with pytest.raises(InputError) as raised, writing(path):
        raise error
    assert str(raised.value) == f'{path}: cannot be written ({reason})'
    assert path.parent.is_dir()


def test_many_names():
    assert listed('abc') == 'a, b, c'
    assert listed(iter('abcdd')) == 'a, b, c and 2 more'
    assert listed('abcdd', 4) == 'a, b, c, d and 1 more'
