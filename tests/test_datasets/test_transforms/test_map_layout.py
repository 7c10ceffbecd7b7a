"""From one skeleton layout to another."""
import itertools

import numpy as np
import pytest
import torch

from mmair.datasets.synthetic import generate_recording
from mmair.datasets.transforms import (AppendagePartition, MapLayout,
                                       NormalizeSkeleton)
from mmair.errors import InputError
from mmair.layout_mapping import describe_mapping, map_joints
from mmair.layouts import LAYOUTS, LIMBS, get_layout

IN_3D = ['kdae', 'emilya', 'ebedb', 'nturgb+d', 'ebm', 'emotion_gait']
PAIRS = [*itertools.permutations(IN_3D, 2), ('coco', 'openpose'),
         ('openpose', 'coco')]
#: The generator bends a trunk at the joints that it has: joints of one role
#: are at one place where trunks are alike, elsewhere nearly.
SAME_TRUNK = {'kdae', 'emilya', 'ebedb'}
TAKES = [('joy', 1, 'talk'), ('anger', 2, 'throw'), ('sadness', 3, 'walk'),
         ('fear', 4, 'lift')]


def mapped(x, source, target):
    return MapLayout(target, layout=source)(dict(keypoint=x))['keypoint']


def table(source, target):
    return dict(describe_mapping(get_layout(source), get_layout(target)))


@pytest.mark.parametrize('name', LAYOUTS)
def test_a_layout_to_itself_is_exact(name):
    layout = get_layout(name)
    assert torch.equal(MapLayout.weights(layout, layout),
                       torch.eye(len(layout)))
    x = torch.randn(2, 1, 5, len(layout), layout.dims)
    assert mapped(x, name, name) is x
    for joint, source in enumerate(map_joints(layout, layout)):
        assert source.weights == {joint: 1} and source.same_role
    # Another one with these joints is as good as itself.
    renamed = dict(layout.to_dict(), name='other')
    assert torch.equal(mapped(x, name, renamed), x)


@pytest.mark.parametrize('source, target', PAIRS)
def test_limbs_are_copies(source, target):
    """The limb encoder gets the same from both, to the bit."""
    have, want = get_layout(source), get_layout(target)
    channels = 3
    x = torch.rand(3, 1, 6, len(have), channels)
    made = mapped(x, source, target)
    for limb in LIMBS:
        assert torch.equal(made[..., list(want.limbs[limb]), :],
                           x[..., list(have.limbs[limb]), :])
    assert torch.equal(AppendagePartition.partition(made, want),
                       AppendagePartition.partition(x, have))
    for end in (0, -1):
        joints = have.trunk[end], want.trunk[end]
        if len(joints[1]) == 1 or joints[0] == joints[1]:
            torch.testing.assert_close(*(
                y[..., list(j), :2].mean(-2)
                for y, j in zip((x, made), joints)))


@pytest.mark.parametrize('source, target', PAIRS)
def test_what_a_joint_is_made_of(source, target):
    have, want = get_layout(source), get_layout(target)
    sources = map_joints(have, want)
    weights = MapLayout.weights(have, want)
    torch.testing.assert_close(weights.sum(1), torch.ones(len(want)))
    assert (weights >= 0).all()
    # Nobody is left or right of what he was.
    mirrored = weights[list(want.mirror)][:, list(have.mirror)]
    torch.testing.assert_close(mirrored, weights)
    x = torch.randn(4, len(have), have.dims)
    made = mapped(x[None], source, target)[0].numpy()
    for joint, origin in enumerate(sources):
        expected = sum(float(w) * x[:, j].numpy()
                       for j, w in origin.weights.items())
        np.testing.assert_allclose(made[:, joint], expected, atol=1e-6)


@pytest.mark.parametrize('source, target',
                         list(itertools.permutations(IN_3D, 2)))
def test_the_same_performance_on_two_skeletons(source, target):
    """Map one, generate the other: joints of one role are at one place."""
    have, want = get_layout(source), get_layout(target)
    same = torch.tensor([s.same_role for s in map_joints(have, want)])
    errors = []
    for take in TAKES:
        x, y = (torch.from_numpy(generate_recording(
            *take, 0, layout=name)['keypoint']) for name in (source, target))
        made = mapped(x, source, target)
        # Bodies stand on what their layout has of the feet.
        made, y = (z - z[..., list(want.root), :].mean(-2, keepdim=True)
                   for z in (made, y))
        errors.append((made - y).norm(dim=-1)[0])
    error = 100 * torch.cat(errors).mean(0)
    if {source, target} <= SAME_TRUNK:
        assert error[same].max() < 1e-4
    else:
        assert error[same].mean() < 2 and error[same].max() < 8
    # The others are at the next joint of the limb: a hand, a foot away.
    assert not (~same).any() or error[~same].max() < 20


def test_tables_by_hand():
    made = table('kdae', 'ebedb')
    assert made['Chest3'] == 'Spine2' and made['Neck'] == 'Neck'
    assert made['LeftCollar'] == 'LeftShoulder'  # called so in KDAE
    assert made['LeftShoulder'] == 'LeftArm'
    assert made['LeftWrist'] == 'LeftHand'
    assert made['RightToe'] == '[RightFoot]'
    made = table('nturgb+d', 'kdae')
    assert made['Spine'] == '[0.5 spine_base + 0.5 spine_mid]'
    assert made['Spine1'] == 'spine_mid'
    assert made['Spine3'] == 'spine_shoulder'
    assert made['RightShoulder'] == ('[0.8 spine_shoulder + '
                                     '0.2 right_shoulder]')
    assert made['Head'] == 'head'
    made = table('kdae', 'nturgb+d')
    assert made['left_hand'] == made['left_thumb'] == '[LeftHand]'
    assert made['spine_mid'] == 'Spine1'
    assert table('ebedb', 'nturgb+d')['right_foot'] == 'RightToe'
    assert table('emotion_gait', 'ebm')['Spine1'] == '[0.2 spine + 0.8 neck]'
    made = table('coco', 'openpose')
    assert made['neck'] == '0.5 left_shoulder + 0.5 right_shoulder'
    assert made['left_ear'] == 'left_ear'


def test_scores_are_the_least_of_the_parts():
    coco, openpose = get_layout('coco'), get_layout('openpose')
    x = torch.rand(1, 8, 17, 3)
    x[:, 2, 5] = 0
    made = mapped(x, 'coco', 'openpose')
    neck = openpose.joints.index('neck')
    assert torch.equal(made[..., neck, 2], x[..., [5, 6], 2].amin(-1))
    assert made[0, 2, neck, 2] == 0
    others = [j for j in range(18) if j != neck]
    back = [coco.joints.index(openpose.joints[j]) for j in others]
    assert torch.equal(made[..., others, :], x[..., back, :])
    assert NormalizeSkeleton('openpose')(
        dict(keypoint=made))['keypoint'].isfinite().all()


def test_the_layout_of_the_sample_follows():
    x = torch.randn(1, 4, 23, 3)
    results = dict(keypoint=x, layout=get_layout('ebedb'))
    made = MapLayout('kdae')(results)
    assert made['layout'] is get_layout('kdae')
    NormalizeSkeleton()(made)
    assert made['keypoint'].shape == (1, 4, 21, 3)


def test_own_layouts_of_other_makes(tmp_path):
    """Collars of two joints, hips on girdles, a head without a name."""
    own = get_layout('kdae').to_dict()
    own.update(name='own', mirror=None)
    joints = own['joints']

    def insert(name, child):
        child = joints.index(child)
        joints.append(name)
        own['parents'].append(own['parents'][child])
        own['parents'][child] = len(joints) - 1

    for side in ('Left', 'Right'):
        insert(f'{side}Scapula', f'{side}Arm')
        insert(f'{side}Pelvis', f'{side}UpLeg')
    joints[joints.index('Head')] = 'Skull'
    made = dict(describe_mapping(get_layout('kdae'), get_layout(own)))
    assert made['LeftShoulder'] == '[LeftShoulder]'
    assert made['LeftScapula'] == '[LeftShoulder]'
    assert made['RightPelvis'] == '[0.8 Hips + 0.2 RightUpLeg]'
    assert made['Skull'] == '[Head]'
    made = dict(describe_mapping(get_layout(own), get_layout('kdae')))
    assert made['LeftShoulder'] == '[LeftShoulder]'
    assert made['Head'] == '[Skull]'
    own = get_layout(own)
    assert [source.weights for source in map_joints(own, own)] == [
        {joint: 1} for joint in range(len(own))]


def test_hands_of_other_lengths():
    own = get_layout('kdae').to_dict()
    own.update(name='own', mirror=None)
    for side in ('Left', 'Right'):
        own['joints'].append(f'{side}Palm')
        own['parents'].append(own['joints'].index(f'{side}Hand'))
    made = dict(describe_mapping(get_layout('nturgb+d'), get_layout(own)))
    assert made['LeftPalm'] == 'left_hand'
    made = dict(describe_mapping(get_layout(own), get_layout('nturgb+d')))
    assert made['left_hand'] == 'LeftPalm'
    assert made['left_thumb'] == made['left_hand_tip'] == '[LeftPalm]'


def test_points_of_the_trunk_may_share_joints():
    own = get_layout('emotion_gait').to_dict()
    own.update(name='own', trunk=[[0], [0, 2], [2]])
    made = dict(describe_mapping(get_layout(own), get_layout('ebm')))
    # A tenth of the way back from the middle.
    assert made['Spine'] == '[0.55 root + 0.45 neck]'


@pytest.mark.parametrize('source, target, found', [
    ('ebedb', 'coco', "the layout 'ebedb' .* is 3-D and cannot be mapped to "
     "'coco' .17 joints., which is 2-D"),
    ('coco', 'kdae', 'is 2-D and cannot be mapped'),
])
def test_dimensions_cannot_be_made(source, target, found):
    layout = get_layout(source)
    with pytest.raises(InputError, match=found):
        mapped(torch.zeros(1, 2, len(layout), layout.dims), source, target)


def test_a_joint_without_a_role():
    own = get_layout('kdae').to_dict()
    own.update(name='own', mirror=[*own['mirror'], 21])
    own['joints'].append('Tail')
    own['parents'].append(0)
    with pytest.raises(InputError, match="^no layout can be mapped to 'own' "
                       ".22 joints.: its joint 'Tail' is of no limb"):
        map_joints(get_layout('ebedb'), get_layout(own))
    # To come from it is no harm.
    made = dict(describe_mapping(get_layout(own), get_layout('ebedb')))
    assert made['Hips'] == 'Hips' and made['Head'] == 'Head'
