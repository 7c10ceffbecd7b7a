import functools

import pytest
from ntu_pickles import write_ntu60
from tiny_runs import GENERATOR, PRETRAIN, QUICKSTART, run_tool

from mmair.datasets.readers import save_annotations
from mmair.datasets.synthetic import EMOTIONS, generate_annotations
from mmair.registry import DATASETS


#: The layouts of the data sets that configs name.
_LAYOUTS = dict(EBEDBDataset='ebedb', KDAEDataset='kdae',
                EmilyaDataset='emilya', EGBMDataset='nturgb+d')


@pytest.fixture(scope='session')
def ann_files(tmp_path_factory):
    """Synthetic recordings that call themselves another data set.

    Returns:
        Callable: Takes the type of a data set, as a config names it, and
        perhaps its layout or a number of actors, and returns its annotation
        file.
    """
    @functools.cache
    def make(name, layout=None, num_actors=GENERATOR['num_actors']):
        if name == 'mmair.NTU60Dataset':
            return write_ntu60(tmp_path_factory.mktemp('data') / 'ntu60.pkl',
                               layout)
        kind = DATASETS.get(name)
        data = generate_annotations(
            **{**GENERATOR, 'num_actors': num_actors},
            layout=_LAYOUTS[kind.__name__])
        classes = kind.METAINFO['classes']
        data['meta'].update(dataset=kind.__name__, classes=list(classes))
        for annotation in data['annotations']:
            emotion = EMOTIONS[annotation['label']]
            annotation['label'] = (classes.index(emotion)
                                   if emotion in classes
                                   else annotation['label'])
        path = tmp_path_factory.mktemp('data') / 'tiny.pkl'
        save_annotations(data, path)
        return path

    return make


@pytest.fixture(scope='session')
def ann_file(ann_files):
    """Synthetic recordings that call themselves EBEDB."""
    return ann_files('mmair.EBEDBDataset')


@pytest.fixture(scope='session')
def pretrained(tmp_path_factory):
    """Work directory of two epochs of AIR."""
    work_dir = tmp_path_factory.mktemp('pretrained')
    assert run_tool('train.py', QUICKSTART, '--work-dir', work_dir,
                    options=PRETRAIN) == 0
    return work_dir


@pytest.fixture(scope='session', autouse=True)
def memory_is_given_back():
    """What tests measure is not hidden in what trainings before them kept."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ('engine.launch', 'evaluation.training'):
            patch.setattr(f'mmair.{module}.keep_freed_memory', lambda: None)
        yield
