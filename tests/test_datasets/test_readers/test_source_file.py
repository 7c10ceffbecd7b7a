import os
from pathlib import Path

import pytest

from mmair.datasets.readers import find_sources
from mmair.errors import InputError


def found_below(folder):
    return sorted(path.relative_to(folder).as_posix()
                  for path in find_sources(folder, ['.bvh', '.csv']))


def test_files_are_found_in_any_case_and_through_links(tmp_path):
    raw, elsewhere = tmp_path / 'raw', tmp_path / 'elsewhere'
    for path in (raw / 'a.bvh', raw / 'deep/er/B.BVH', raw / 'notes.txt',
                 elsewhere / 'c.Csv', elsewhere / 'below/d.csv'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    # The folder itself, one above, one another, and one that is not there.
    (raw / 'deep/loop').symlink_to(raw)
    (raw / 'linked').symlink_to(elsewhere)
    (elsewhere / 'back').symlink_to(raw / 'deep')
    (raw / 'nowhere').symlink_to(tmp_path / 'none')
    (raw / 'self').symlink_to(raw / 'self')
    assert found_below(raw) == [
        'a.bvh', 'deep/er/B.BVH', 'linked/back/er/B.BVH', 'linked/below/d.csv',
        'linked/c.Csv']


def test_folders_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    for name, why in (('none', 'No such file'), ('file', 'Not a directory')):
        with pytest.raises(InputError, match=f'{name}: cannot be read as a '
                           rf'folder \({why}'):
            find_sources(tmp_path / name, ['.bvh'])
    (tmp_path / 'shut').mkdir()
    listdir = os.listdir

    def refuse(path):
        if Path(path).name == 'shut':
            raise PermissionError(13, 'Permission denied')
        return listdir(path)

    # Not by the rights of the folder: root may read any.
    monkeypatch.setattr(os, 'listdir', refuse)
    with pytest.raises(InputError, match='shut: cannot be read as a folder '
                       r'\(Permission denied\)'):
        find_sources(tmp_path, ['.bvh'])
