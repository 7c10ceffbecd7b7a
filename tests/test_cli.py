"""How tools end."""
import argparse

import pytest
import torch
from tiny_runs import run_tool
from torch.utils.data import DataLoader

from mmair.cli import CfgOptions, check_writable, run
from mmair.errors import InputError


class Refusing(torch.utils.data.Dataset):
    """Data that a user has made a mistake with, told in several lines."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise InputError('data.pkl: clip_1 is garbled (\n  no  number\n\n),'
                         '\nexpected numbers\n')


@pytest.mark.parametrize('workers', [0, 1])
def test_one_sentence_also_from_a_worker(workers, capsys):
    def main():
        next(iter(DataLoader(Refusing(), num_workers=workers)))

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        'error: data.pkl: clip_1 is garbled ( no  number ), expected '
        'numbers\n')


def test_option_that_is_no_pair(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions)
    options = parser.parse_args(['--cfg-options', 'a.b=1', 'c=x=y'])
    assert options.cfg_options == {'a.b': 1, 'c': 'x=y'}
    for wrong in ('a.b', '=3'):
        with pytest.raises(SystemExit) as ended:
            parser.parse_args(['--cfg-options', wrong])
        assert ended.value.code == 2
        assert f'--cfg-options: {wrong!r} is no key=value pair' in (
            capsys.readouterr().err)


@pytest.mark.parametrize('text', [
    '(2,]', '[2', '2)', '[(1,2])', ')(', '[(1,2)', 'a,[b'])
def test_unpaired_brackets(text, capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(['--cfg-options', 'a=[1]', f'b={text}'])
    assert ended.value.code == 2
    assert (f"error: --cfg-options: {f'b={text}'!r} has a bracket without "
            'its partner') in capsys.readouterr().err


@pytest.mark.parametrize('text, expected', [
    ('(1, 2),(3, 4)', [(1, 2), (3, 4)]), ('[[1],[2]],[3]', [[[1], [2]], [3]]),
    ('run(1, 2).pkl', 'run(1, 2).pkl'), ('(1, ),', [(1, )]),
    ('my data (2).pkl', 'my data (2).pkl'), (' 0.5 ', .5), ('None', None),
    ("['very sad', joy]", ['very sad', 'joy']), ('1, 2', [1, 2]),
    ('[(1, 2), (a b, c)]', [(1, 2), ('a b', 'c')]), ('', ''), ('[ ]', [])])
def test_blanks_inside_a_value_stay(text, expected):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions)
    args = parser.parse_args(['--cfg-options', f'a={text}'])
    assert args.cfg_options == dict(a=expected)


def test_ctrl_c(capsys):
    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 130
    assert capsys.readouterr().err == 'Stopped\n'


_COUNT = 'is no whole number from 1 to 1000000000'
_NUMBER = 'is no number from 1e-09 to 1000000000'


@pytest.mark.parametrize('tool, args, expected', [
    ('benchmarks/readout.py', ['a.py', '--seeds', '0'], _COUNT),
    ('benchmarks/readout.py', ['a.py', '--seeds', '-2'], _COUNT),
    ('benchmarks/step_cost.py', ['a.py', '--repeats', '0'], _COUNT),
    ('benchmarks/step_cost.py', ['a.py', '--threads', '-1'], _COUNT),
    ('benchmarks/step_cost.py', ['a.py', '--warm-up', '-1'],
     'is no whole number from 0 to'),
    ('benchmarks/step_cost.py', ['a.py', '--device', 'foo'],
     "'foo' is no device that torch can use here"),
    ('benchmarks/compare.py', ['tiny', '--jobs', '0'], _COUNT),
    ('benchmarks/compare.py', ['tiny', '--time-limit', 'nan'], _NUMBER),
    ('benchmarks/big_set.py', ['a', '--recordings', '0'], _COUNT),
    ('benchmarks/big_set.py', ['a', '--batches', '-1'], _COUNT),
    ('benchmarks/big_set.py', ['a', '--batch-size', '0'], _COUNT),
    ('benchmarks/big_set.py', ['a', '--workers', '-1'],
     'is no whole number from 0 to'),
    ('benchmarks/loader_throughput.py', ['--batch-size', '0'], _COUNT),
    ('benchmarks/loader_throughput.py', ['--seconds', 'nan'], _NUMBER),
    ('deployment/benchmark_edge.py', ['a.onnx', '--seconds', 'inf'],
     _NUMBER),
    ('deployment/quantize_onnx.py', ['a.onnx', 'a.pkl', '--out', 'b.onnx',
                                     '--recordings', '1.5'], _COUNT),
    ('deployment/quantize_onnx.py', ['a.onnx', 'a.pkl', '--out', ''],
     "'' is no name of what to write"),
    ('deployment/export_onnx.py', ['a.py', 'a.pth', '--out', '.'],
     "'.' is no name of what to write"),
    ('dataset_converters/export.py', ['a.pkl', '--out', '/'],
     "'/' is no name of what to write"),
    ('dataset_converters/kdae.py', ['a', '--out', ''],
     "'' is no name of what to write"),
    ('visualizations/browse_dataset.py', ['a.py', '--seed', '-1'],
     'is no whole number from 0 to 4294967295'),
    ('analysis_tools/plot_tsne.py', ['a.npz', '--seed', str(2**32)],
     'is no whole number from 0 to 4294967295'),
    ('analysis_tools/plot_tsne.py', ['a.npz', '--perplexity', '0'], _NUMBER),
    ('analysis_tools/get_flops.py', ['a.py', '--shape', '1', '0', '5', '3'],
     _COUNT),
    ('analysis_tools/extract_features.py', ['a.py', 'a.pth', '--device',
                                            'meta'], "'meta' is no device"),
    ('analysis_tools/label_report.py', ['a.py', 'a.pth', '--device', 'meta'],
     "'meta' is no device")])
def test_arguments_of_no_use(tool, args, expected, capsys):
    assert run_tool(tool, *args) == 2
    err = capsys.readouterr().err
    assert expected in err and 'Traceback' not in err


def test_a_file_is_tried_before_the_work(tmp_path):
    known, new = tmp_path / 'known', tmp_path / 'folder/new.npz'
    known.write_text('kept')
    check_writable(known)
    check_writable(new, '.npz')
    assert known.read_text() == 'kept'
    assert new.parent.is_dir() and not new.exists()
    for path, suffix, expected in (
            (known / 'x.npz', '.npz', 'cannot be written'),
            (tmp_path, '', 'cannot be written'),
            (known, '.npz', 'must end in .npz')):
        with pytest.raises(InputError, match=expected):
            check_writable(path, suffix)
