import pytest
from tiny_runs import GENERATOR, PRETRAIN, QUICKSTART, run_tool

from mmair.datasets import EBEDBDataset
from mmair.datasets.readers import save_annotations
from mmair.datasets.synthetic import EMOTIONS, generate_annotations


@pytest.fixture(scope='session')
def ann_file(tmp_path_factory):
    """Synthetic recordings that call themselves EBEDB."""
    data = generate_annotations(**GENERATOR)
    classes = EBEDBDataset.METAINFO['classes']
    data['meta'].update(dataset='EBEDB', classes=list(classes))
    for annotation in data['annotations']:
        annotation['label'] = classes.index(EMOTIONS[annotation['label']])
    path = tmp_path_factory.mktemp('data') / 'tiny.pkl'
    save_annotations(data, path)
    return path


@pytest.fixture(scope='session')
def pretrained(tmp_path_factory):
    """Work directory of two epochs of AIR."""
    work_dir = tmp_path_factory.mktemp('pretrained')
    assert run_tool('train.py', QUICKSTART, '--work-dir', work_dir,
                    options=PRETRAIN) == 0
    return work_dir
