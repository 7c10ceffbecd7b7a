import json
from types import SimpleNamespace

import pytest
from torch import nn

from mmair.engine.hooks import ProvenanceHook
from mmair.errors import InputError
from mmair.evaluation.provenance import (check_unseen, load_provenance, merge,
                                         pretraining_saw)

RECORD = dict(unlabelled=dict(A=['a1', 'a2']),
              labelled=dict(A=['a2'], B=['b1']))


@pytest.fixture
def checkpoint(tmp_path):
    (tmp_path / 'provenance.json').write_text(json.dumps(RECORD))
    return str(tmp_path / 'backbone.pth')


def test_labels_that_were_seen_are_refused(checkpoint):
    with pytest.raises(InputError, match='saw the labels of 1 test '
                       'recordings, a2 first'):
        check_unseen(checkpoint, 'A', ['a1', 'a2', 'a3'])
    check_unseen(checkpoint, 'A', ['a1', 'a3'])
    # The same name in another data set is another recording.
    check_unseen(checkpoint, 'C', ['a2', 'b1'])
    # The base class reads the files of all.
    with pytest.raises(InputError, match='of 1 test recordings, b1 first'):
        check_unseen(checkpoint, 'SkeletonDataset', ['a1', 'b1'])


def test_what_was_seen_without_labels(checkpoint, tmp_path):
    assert pretraining_saw(checkpoint, 'A', ['a1', 'x']) == 'transductive'
    assert pretraining_saw(checkpoint, 'A', ['x']) == 'inductive'
    assert pretraining_saw(checkpoint, 'B', ['a1']) == 'inductive'
    other = str(tmp_path / 'elsewhere' / 'backbone.pth')
    assert load_provenance(other) is None
    assert pretraining_saw(other, 'A', ['a1']) == 'not recorded'
    check_unseen(other, 'A', ['a1'])


def test_persons_of_a_recording_are_of_it(tmp_path):
    path = str(tmp_path / 'backbone.pth')
    for seen, tested in (('a1', 'a1#0'), ('a1#1', 'a1'), ('a1#1', 'a1#0')):
        (tmp_path / 'provenance.json').write_text(json.dumps(
            dict(unlabelled=dict(A=[seen]), labelled=dict(A=[seen]))))
        assert pretraining_saw(path, 'A', [tested]) == 'transductive'
        with pytest.raises(InputError, match='a1 first'):
            check_unseen(path, 'A', [tested])
        check_unseen(path, 'A', ['a10', 'a#1b'])


def test_pretraining_leaves_a_record(pretrained):
    record = load_provenance(str(pretrained / 'backbone.pth'))
    names = record['unlabelled']['SyntheticEmotionDataset']
    assert len(names) == 28 and record['labelled'] == {}


def test_several_data_sets_and_a_resume(tmp_path):
    class A(SimpleNamespace):
        pass

    class B(A):
        pass

    def run(resume, *datasets):
        ProvenanceHook().before_train(SimpleNamespace(
            model=nn.Linear(1, 1), _load_from=None, _resume=resume,
            work_dir=str(tmp_path), train_dataloader=SimpleNamespace(
                dataset=SimpleNamespace(datasets=datasets))))
        return load_provenance(str(tmp_path / 'latest'))['labelled']

    def of(kind, *names):
        return kind(recordings=[dict(frame_dir=name) for name in names])

    first = run(False, of(A, 'a1'), SimpleNamespace(dataset=of(B, 'b1')),
                of(A, 'a2'))
    assert first == dict(A=['a1', 'a2'], B=['b1'])
    assert run(True, of(A, 'a3')) == dict(A=['a1', 'a2', 'a3'], B=['b1'])
    assert run(False, of(A, 'a3')) == dict(A=['a3'])
    # Weights of an earlier training lie there still.
    (tmp_path / 'epoch_9.pth').touch()
    assert run(False, of(A, 'a4')) == dict(A=['a3', 'a4'])


def test_what_is_inherited_is_kept_beside_unknown_data(checkpoint, tmp_path):
    """Of a data set that is not mmair's no names are known."""
    hook, made = ProvenanceHook(), tmp_path / 'made'
    made.mkdir()

    def run(weights):
        hook.before_train(SimpleNamespace(
            model=nn.Linear(1, 1), _load_from=weights, _resume=False,
            work_dir=str(made),
            train_dataloader=SimpleNamespace(dataset=[1, 2])))
    run(None)
    assert not list(made.iterdir())
    run(checkpoint)
    assert load_provenance(str(made / 'backbone.pth')) == RECORD


def test_records_add_up():
    assert merge([RECORD, dict(unlabelled={}, labelled=dict(A=['a1']))]) == \
        dict(unlabelled=dict(A=['a1', 'a2']),
             labelled=dict(A=['a1', 'a2'], B=['b1']))


@pytest.mark.parametrize('text', [
    '{', '[]', '{"unlabelled": {}}', '{"unlabelled": 3, "labelled": {}}',
    '{"unlabelled": {"A": [1]}, "labelled": {}}'])
def test_a_broken_record_is_one_sentence(checkpoint, tmp_path, text):
    (tmp_path / 'provenance.json').write_text(text)
    with pytest.raises(InputError, match='not a record of seen recordings'):
        check_unseen(checkpoint, 'A', [])
