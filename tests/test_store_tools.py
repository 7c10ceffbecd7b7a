"""The tools around memory-mapped stores."""
import pickle
import re

import numpy as np
from mmaction.datasets import PoseDataset
from tiny_runs import run_tool, sentence

from mmair.datasets.readers import load_annotations, save_annotations
from mmair.datasets.synthetic import generate_annotations


def test_export(tmp_path, capsys):
    data = generate_annotations(2, ['knock'], 1)
    pkl, store, again = (tmp_path / n for n in ('a.pkl', 'b', 'c.pkl'))
    save_annotations(data, pkl)
    assert run_tool('dataset_converters/export.py', pkl, '--out', store) == 0
    assert store.is_dir()
    assert run_tool('dataset_converters/export.py', store, '--out', again) == 0
    assert '14 recordings, ' in capsys.readouterr().out
    # Plain Python and MMAction2 read it.
    found = pickle.loads(again.read_bytes())
    assert found['meta'] == data['meta'] and found['split'] == data['split']
    for one, two in zip(found['annotations'], data['annotations']):
        assert one.keys() == two.keys()
        np.testing.assert_array_equal(one['keypoint'], two['keypoint'])
    assert len(PoseDataset(str(again), pipeline=[], split='xsub_test')) == 7


def test_export_of_what_is_no_data(tmp_path, capsys):
    for source, says in ((tmp_path, 'cannot be read as a store'),
                         (tmp_path / 'none.pkl', 'cannot be read')):
        assert run_tool('dataset_converters/export.py', source,
                        '--out', tmp_path / 'out') == 2
        assert says in sentence(capsys)
    assert not (tmp_path / 'out').exists()


def test_big_set(tmp_path, capfd):
    assert run_tool('benchmarks/big_set.py', tmp_path, '--recordings', 40,
                    '--batches', 2, '--batch-size', 8, '--workers', 1) == 0
    printed = capfd.readouterr().out
    assert len(load_annotations(tmp_path / 'noise_40')['annotations']) == 40
    stages = re.findall(r'^ +(\w.*?) {2,}[\d. ]+$', printed, re.M)
    assert stages == ['libraries imported', 'load_annotations',
                      'SkeletonDataset', '2 batches of 8, 0 workers (largest)',
                      '2 batches of 8, 1 workers (largest)']
