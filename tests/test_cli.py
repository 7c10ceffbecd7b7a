"""How tools end."""
import argparse

import pytest
import torch
from torch.utils.data import DataLoader

from mmair.cli import CfgOptions, run
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


def test_option_that_is_no_pair(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions)
    options = parser.parse_args(['--cfg-options', 'a.b=1', 'c=x=y'])
    assert options.cfg_options == {'a.b': 1, 'c': 'x=y'}
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(['--cfg-options', 'a.b'])
    assert ended.value.code == 2
    assert "--cfg-options: 'a.b' is no key=value pair" in (
        capsys.readouterr().err)
