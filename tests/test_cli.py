"""How tools end."""
import pytest
import torch
from torch.utils.data import DataLoader

from mmair.cli import run
from mmair.errors import InputError


class Refusing(torch.utils.data.Dataset):
    """Data that a user has made a mistake with."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise InputError('data.pkl: clip_1 is garbled, expected numbers')


@pytest.mark.parametrize('workers', [0, 1])
def test_one_sentence_also_from_a_worker(workers, capsys):
    def main():
        next(iter(DataLoader(Refusing(), num_workers=workers)))

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        'error: data.pkl: clip_1 is garbled, expected numbers\n')
