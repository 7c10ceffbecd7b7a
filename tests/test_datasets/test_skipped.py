"""What a conversion says of the files that it leaves out."""
import pytest

from mmair.datasets.conversion import convert
from mmair.datasets.skipped import tell_skipped
from mmair.errors import InputError


def told(skipped, out, capsys):
    tell_skipped(skipped, out)
    return capsys.readouterr().out.splitlines()


def test_few_of_a_kind_are_told_one_by_one(tmp_path, capsys):
    skipped = {f'{i}.bvh': 'is empty' for i in range(5)}
    out = tmp_path / 'out.pkl'
    (tmp_path / 'out.pkl.skipped.txt').write_text('of an earlier conversion')
    assert told(skipped, out, capsys) == [
        f'skipped {i}.bvh: is empty' for i in range(5)]
    assert not list(tmp_path.iterdir())


def test_many_of_a_kind_are_counted_and_all_are_listed(tmp_path, capsys):
    skipped = {f'b{i}.bvh': 'is empty' for i in range(9)}
    skipped.update({f'c{i}.bvh': f"byte-equal to x/{i * 'y'}.bvh"
                    for i in range(6)})
    skipped.update({f'd{i}.bvh': f"frame {i} of {90 + i} is 'nan{i}'"
                    for i in range(6)})
    skipped.update({f'e{i}.bvh': f'has the name of {i * "z"}.bvh, but another '
                    'content' for i in range(6)})
    skipped['a.bvh'] = 'is no BVH file'
    # In the folder that a conversion makes, beside a store.
    out = tmp_path / 'new' / 'store'
    path = tmp_path / 'new' / 'store.skipped.txt'
    assert told(skipped, out, capsys) == [
        'skipped a.bvh: is no BVH file',
        'skipped 9 files, b0.bvh, b1.bvh, b2.bvh and 6 more: is empty',
        'skipped 6 files, c0.bvh, c1.bvh, c2.bvh and 3 more: byte-equal to '
        'x/.bvh (the first; the others alike)',
        "skipped 6 files, d0.bvh, d1.bvh, d2.bvh and 3 more: frame 0 of 90 "
        "is 'nan0' (the first; the others alike)",
        'skipped 6 files, e0.bvh, e1.bvh, e2.bvh and 3 more: has the name of '
        '.bvh, but another content (the first; the others alike)',
        f'all 28 skipped files and why: {path}']
    assert path.read_text().splitlines() == [
        f'{name}: {skipped[name]}' for name in sorted(skipped)]


def test_reasons_of_other_words_stay_apart(tmp_path, capsys):
    skipped = {f'{i}.bvh': f'lacks {"ab"[i % 2]}' for i in range(6)}
    assert len(told(skipped, tmp_path / 'out', capsys)) == 6


def test_a_list_that_cannot_be_written(tmp_path):
    (tmp_path / 'out.skipped.txt').mkdir()
    with pytest.raises(InputError, match='out.skipped.txt: cannot be written'):
        tell_skipped({f'{i}': 'is empty' for i in range(6)}, tmp_path / 'out')


def _refuse(path):
    raise InputError(f'{path}: is refused')


def test_in_a_conversion(tmp_path, capsys):
    root = tmp_path / 'raw'
    root.mkdir()
    for i in range(7):
        (root / f'{i}.txt').write_text(str(i))
    with pytest.raises(InputError, match='none of the 7 .*most often .7.: '
                       'is refused'):
        convert(sorted(root.iterdir()), root, _refuse, tmp_path / 'out',
                dataset='odd', layout='ebedb', classes=['joy'], workers=1)
    assert ('skipped 7 files, 0.txt, 1.txt, 2.txt and 4 more: is refused\n'
            '7 files found, 7 skipped, 0 usable\n'
            ) in capsys.readouterr().out
    # Nothing is left of a conversion that writes nothing.
    assert [path.name for path in tmp_path.iterdir()] == ['raw']
