import pytest
import torch
from mmengine.registry import init_default_scope
from tiny_air import air_config, backbone, batch, train_ready

from mmair.datasets.transforms import (AppendagePartition, AppendMotion,
                                       DropJoints, ToBone, ToMotion)
from mmair.layouts import get_layout
from mmair.registry import MODELS

init_default_scope('mmaction')
LAYOUTS = ['nturgb+d', 'coco', 'openpose', 'ebedb', 'kdae', 'emilya', 'ebm',
           'emotion_gait']
#: Transforms of a stream, and its channels in 2-D and 3-D.
STREAMS = dict(bone=((ToBone, AppendMotion), {2: 5, 3: 6}),
               motion=((ToMotion, ), {2: 3, 3: 3}),
               bone_motion=((ToBone, ToMotion), {2: 3, 3: 3}))


def sample(name, frames=9, seed=0):
    """Positions of all joints, root-centred; 2-D with scores."""
    layout = get_layout(name)
    x = torch.randn(2, frames, len(layout), 3,
                    generator=torch.Generator().manual_seed(seed))
    if layout.dims == 2:
        x[..., 2] = x[..., 2].sigmoid()
    else:
        x = x - x[..., list(layout.root), :].mean(-2, keepdim=True)
    return dict(keypoint=x, layout=layout, frame_dir='a')


@pytest.mark.parametrize('name', LAYOUTS)
def test_bones_lead_back_to_the_joints(name):
    data = sample(name)
    layout, x = data['layout'], data['keypoint'].clone()
    bones = ToBone()(data)['keypoint']
    assert bones.shape == x.shape
    for joint, parent in enumerate(layout.parents):
        if parent < 0:
            assert not bones[..., joint, :layout.dims].any()
            continue
        at, total = joint, torch.zeros_like(x[..., 0, :layout.dims])
        while layout.parents[at] >= 0:
            total, at = total + bones[..., at, :layout.dims], layout.parents[
                at]
        torch.testing.assert_close(
            total, (x[..., joint, :] - x[..., layout.center, :])
            [..., :layout.dims])
        if layout.dims == 2:
            assert torch.equal(bones[..., joint, 2], torch.minimum(
                x[..., joint, 2], x[..., parent, 2]))


@pytest.mark.parametrize('name', ['ebedb', 'nturgb+d', 'coco'])
def test_bones_with_a_missing_end_are_0(name):
    data = sample(name)
    layout = data['layout']
    lost = next(j for j, p in enumerate(layout.parents)
                if p >= 0 and p != layout.center and j not in layout.root
                and j in layout.parents)
    whole = ToBone()(sample(name))['keypoint']
    data['keypoint'][..., lost, :] = 0  # as DropJoints leaves it
    bones = ToBone()(data)['keypoint']
    gone = [lost, *(j for j, p in enumerate(layout.parents) if p == lost)]
    assert len(gone) > 1 and not bones[..., gone, :].any()
    rest = [j for j in range(len(layout)) if j not in gone]
    assert torch.equal(bones[..., rest, :], whole[..., rest, :])


def test_drop_joints_leaves_bones_as_the_transform_takes_them():
    data = sample('ebedb')
    data['key'] = torch.tensor(3)
    data['keypoint'] = data['keypoint'][None]
    data = DropJoints(prob=.3)(data)
    lost = ~data['keypoint'].any(-1).any(-2)[0, 0]
    lost[0] = False  # the root lies at 0 by rights
    bones = ToBone()(data)['keypoint']
    assert lost.any()
    for joint, parent in enumerate(get_layout('ebedb').parents):
        if parent >= 0:
            assert bones[..., joint, :].any() == (
                not lost[joint] and not lost[parent])


@pytest.mark.parametrize('name', ['ebedb', 'coco'])
def test_motion_is_what_append_motion_appends(name):
    dims = get_layout(name).dims
    both = AppendMotion()(sample(name))['keypoint']
    alone = ToMotion()(sample(name))['keypoint']
    assert torch.equal(alone[..., :dims], both[..., -dims:])
    if dims == 2:
        assert torch.equal(alone[..., 2], both[..., 2])
    # Motion of bones is the motion of a joint minus that of its parent.
    if dims == 3:
        moving = ToMotion()(ToBone()(sample(name)))['keypoint']
        for joint, parent in get_layout(name).bones:
            torch.testing.assert_close(
                moving[..., joint, :],
                alone[..., joint, :] - alone[..., parent, :])


def stream_batch(stream, name, seed=1):
    inputs, samples = batch(name, seed=seed)
    layout, x = get_layout(name), inputs['keypoint']
    if layout.dims == 2:
        x = torch.cat((x, torch.ones_like(x[..., :1])), -1)
    results = dict(keypoint=x, layout=layout)
    results['appendages'] = AppendagePartition.partition(x, layout)
    for transform in STREAMS[stream][0]:
        results = transform()(results)
    return {k: results[k] for k in ('keypoint', 'appendages')}, samples


@pytest.mark.parametrize('name', LAYOUTS)
@pytest.mark.parametrize('stream', STREAMS)
def test_models_take_every_stream_of_every_layout(stream, name):
    channels = STREAMS[stream][1][get_layout(name).dims]
    cfg = air_config(name)
    cfg['backbone']['in_channels'] = channels
    inputs, samples = stream_batch(stream, name)
    assert inputs['keypoint'].shape[-1] == channels
    model = train_ready(dict(cfg, refiner=None))
    losses = model(inputs, samples, mode='loss')
    sum(v for k, v in losses.items() if k.startswith('loss')).backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.any()
               for p in model.backbone.parameters() if p.ndim > 1)
    recogniser = MODELS.build(dict(
        type='RecognizerGCN', backbone=backbone('ST-GCN', name, channels),
        cls_head=dict(type='mmair.RecordingHead', num_classes=3,
                      in_channels=16)))
    features, _ = recogniser.extract_feat(inputs['keypoint'])
    assert torch.isfinite(recogniser.cls_head(features)).all()
