"""AIR with a codebook of the limbs' movements, and what it leaves behind."""
import copy
import logging
from types import SimpleNamespace

import pytest
import torch
from tiny_air import (SEGMENTS, WIDTH, air_config, batch, check_gradients,
                      total, train_ready, views)

from mmair.datasets import SkeletonDataset
from mmair.datasets.readers import save_annotations
from mmair.datasets.synthetic import generate_annotations
from mmair.engine.hooks import PretrainHook
from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.models.backbones import encoder_config, encoder_of, load_backbone
from mmair.models.heads import pool_windows
from mmair.registry import MODELS

S, K = 3, SEGMENTS['codebook']['num_labels']  # streams, codes of each
KEPT = [dict(type='mmair.RandomMirror'), dict(type='mmair.KeepUndisturbed'),
        dict(type='mmair.SensorNoise', std=.01),
        dict(type='mmair.AppendagePartition')]


def ready(layout='ebedb', **changes):
    """In the middle of a training, all of its state fitted."""
    model = train_ready(air_config(layout, without=('refiner', ), **SEGMENTS,
                                   **changes))
    x = torch.cat([views(layout, seed=s)[0]['undisturbed'].flatten(0, 2)
                   for s in range(4)])
    model.codebook.fit(x)
    return model


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_every_parameter_gets_a_gradient(layout):
    model = ready(layout)
    losses = model(*views(layout), mode='loss')
    assert {'loss_segments', 'segments_right'} <= set(losses)
    total(losses).backward()
    trained = {k: v for k, v in model.named_parameters() if v.requires_grad}
    assert sum(k.startswith('segment_head.') for k in trained) == 2 * 7
    assert not any(k.startswith('codebook.') for k in trained)
    check_gradients(model)


@pytest.mark.parametrize('layout', ['ebedb', 'coco'])
def test_the_student_names_what_the_undisturbed_view_does(layout):
    """Group by group and stream by stream, of the same view."""
    model = ready(layout).eval()
    inputs, samples = views(layout)
    with torch.no_grad():
        found = model(inputs, samples, mode='loss')['loss_segments']
        losses = []
        for v in (0, 1):
            maps = model.student.backbone(inputs['keypoint'][:, v])[:, 0]
            labels = model.codebook.labels(inputs['undisturbed'][:, v, 0])
            assert (labels != labels[:, :1]).any()
            for g, group in enumerate(model.codebook.groups):
                pooled = maps[..., model.codebook.joints[group]].mean(3)
                scores = model.segment_head.fc[g](pooled.transpose(1, 2))
                assert scores.shape[2] == S * K
                every = labels.shape[1] // scores.shape[1]
                assert every * scores.shape[1] == labels.shape[1]
                for s in range(S):
                    target = labels[:, every // 2::every, g, s]
                    own = scores[..., s * K:(s + 1) * K].log_softmax(2)
                    losses.append(-own.gather(2, target[..., None]).mean())
    torch.testing.assert_close(found, torch.stack(losses).mean())


@pytest.mark.parametrize('streams', [['motion'], ['centred', 'joint']])
def test_the_head_has_scores_for_the_streams_of_the_codebook(streams):
    model = MODELS.build(air_config(**{**SEGMENTS, 'codebook': dict(
        SEGMENTS['codebook'], streams=streams)}))
    assert [fc.out_features for fc in model.segment_head.fc] == \
        7 * [len(streams) * K]


@pytest.mark.parametrize('without', SEGMENTS)
def test_one_without_the_other_is_told(without):
    with pytest.raises(InputError, match='found one without the other'):
        MODELS.build(air_config(
            **{k: v for k, v in SEGMENTS.items() if k != without}))


def test_a_batch_without_undisturbed_positions_is_told():
    with pytest.raises(InputError, match='KeepUndisturbed') as caught:
        ready()(*batch(), mode='loss')
    assert '\n' not in str(caught.value)


# Fitting ---------------------------------------------------------------------


def dataset(tmp_path, pipeline=tuple(KEPT)):
    path = tmp_path / 'tiny.pkl'
    if not path.exists():
        save_annotations(generate_annotations(
            num_actors=2, actions=['knock'], takes=1, layout='ebedb'), path)
    return SkeletonDataset(
        ann_file=str(path),
        prepare=[dict(type='mmair.ResampleFrames', fps=15),
                 dict(type='mmair.NormalizeSkeleton')],
        pipeline=[dict(type='mmair.SampleWindows', clip_len=16, num_clips=2),
                  *pipeline, dict(type='mmair.PackSkeletonInputs')])


def fitted(data, seed=0, **changes):
    model = MODELS.build(air_config(**SEGMENTS, **changes))
    model.fit(data, seed)
    return {k: v for k, v in model.codebook.state_dict().items()}


def equal(one, other):
    return list(one) == list(other) and all(
        torch.equal(one[k], other[k]) for k in one)


def test_fitting_does_not_depend_on_what_went_before(tmp_path):
    """A resumed training, or another process, fits the same codebook."""
    first = fitted(dataset(tmp_path))
    torch.manual_seed(9)
    assert equal(fitted(dataset(tmp_path)), first)
    assert all(value.any() for value in first.values())


def test_another_seed_fits_another_codebook(tmp_path):
    """So that the spread over seeds is that of the codebook, too."""
    first, second = (fitted(dataset(tmp_path), seed) for seed in (0, 1))
    assert not any(torch.equal(first[name], second[name]) for name in first
                   if name.startswith('codes_'))


def test_fitting_leaves_no_trace(tmp_path):
    """Later views are drawn as if nothing had been fitted."""
    drawn = []
    for fit in (False, True):
        data = dataset(tmp_path)
        model = MODELS.build(air_config(**SEGMENTS))
        torch.manual_seed(2)
        if fit:
            model.fit(data)
        drawn.append([data[0]['inputs']['keypoint'] for _ in range(2)])
        assert not torch.equal(*drawn[-1])
    assert all(torch.equal(a, b) for a, b in zip(*drawn))


def test_views_may_be_made_on_the_device(tmp_path):
    """By the data preprocessor, which then keeps what is undisturbed."""
    changes = dict(data_preprocessor=dict(
        type='mmair.SkeletonDataPreprocessor', transforms=KEPT))
    assert equal(fitted(dataset(tmp_path, ()), **changes),
                 fitted(dataset(tmp_path)))


@pytest.mark.parametrize('pipeline', [(), KEPT[-1:]])
def test_data_without_undisturbed_positions_is_told(pipeline, tmp_path):
    with pytest.raises(InputError) as caught:
        fitted(dataset(tmp_path, pipeline))
    told = str(caught.value)
    assert told.startswith('AIR: the batch has no ') and '\n' not in told


def test_nothing_is_fitted_without_a_codebook():
    model = MODELS.build(air_config())
    before = copy.deepcopy(model.state_dict())
    model.fit(None)
    assert equal(model.state_dict(), before)


# What is left behind ---------------------------------------------------------


@pytest.fixture
def encoder(tmp_path):
    """A pre-trained model, and the folder with its files."""
    model = ready().eval()
    data = SimpleNamespace(layout=get_layout('ebedb'))
    PretrainHook().after_train(SimpleNamespace(
        model=model, work_dir=str(tmp_path), logger=logging.getLogger('test'),
        train_dataloader=SimpleNamespace(dataset=data)))
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'epoch_1.pth')
    return model, tmp_path


def test_encoder_of_a_recogniser(encoder):
    """The GCN and the codebook, as they were pre-trained."""
    model, folder = encoder
    config, name = encoder_config(air_config(**SEGMENTS))
    assert name == 'encoder.pth'
    recogniser = MODELS.build(dict(
        type='RecognizerGCN',
        data_preprocessor=dict(type='mmair.SkeletonDataPreprocessor'),
        backbone=dict(config, init_cfg=dict(
            type='Pretrained', checkpoint=str(folder / name))),
        cls_head=dict(type='mmair.RecordingHead', num_classes=3,
                      in_channels=WIDTH + 2 * S * K, layout='ebedb'))).eval()
    recogniser.init_weights()
    inputs, samples = batch(seed=3)
    x = inputs['keypoint']
    with torch.no_grad():
        maps = recogniser.backbone(x.flatten(0, 1))
        assert torch.equal(maps[:, :, :WIDTH], model.backbone(x.flatten(0, 1)))
        assert equal(recogniser.backbone.codebook.state_dict(),
                     model.codebook.state_dict())
        pooled = pool_windows(maps, 2, layout='ebedb')
        assert pooled.shape == (4, 2 * 3 * (WIDTH + 2 * S * K))
        scores = recogniser.cls_head(maps, num_clips=2)
        torch.testing.assert_close(scores, recogniser.cls_head.fc(
            recogniser.cls_head.norm(pooled)))


@pytest.mark.parametrize('name', ['encoder.pth', 'epoch_1.pth'])
def test_encoder_of_any_checkpoint(encoder, name):
    model, folder = encoder
    made = MODELS.build(encoder_config(air_config(**SEGMENTS))[0])
    load_backbone(made, str(folder / name))
    assert equal(made.gcn.state_dict(), model.backbone.state_dict())
    assert equal(made.codebook.state_dict(), model.codebook.state_dict())


def test_weights_tell_what_they_are_of(encoder):
    _, folder = encoder
    cfg = air_config(**SEGMENTS)
    for name, kind in (('encoder.pth', 'mmair.AppendageInformedGCN'),
                       ('backbone.pth', 'STGCN')):
        state = torch.load(folder / name)['state_dict']
        assert encoder_of(cfg, state)['type'] == kind
    plain = air_config()
    assert encoder_config(plain) == (plain['backbone'], 'backbone.pth')
    with pytest.raises(InputError, match='lacks'):
        load_backbone(MODELS.build(encoder_config(cfg)[0]),
                      str(folder / 'backbone.pth'))
