"""The table of layouts, and a user's own."""
import json
import pickle

import pytest
import torch
import yaml
from mmaction.models.utils import Graph

from mmair.datasets.verification.measure import _beyond_limbs
from mmair.errors import InputError
from mmair.layouts import (LAYOUTS, LIMBS, MAX_JOINTS, SkeletonLayout,
                           get_layout)
from mmair.models.backbones import AppendageCodebook
from mmair.models.heads.recording_head import pool_windows
from mmair.visualization.skeleton import bone_limbs

SIZES = {'nturgb+d': 25, 'kinect_v2': 25, 'coco': 17, 'openpose': 18,
         'kdae': 21, 'emilya': 23, 'ebedb': 23, 'ebm': 19,
         'emotion_gait': 16}


@pytest.fixture
def own():
    """A user's layout, all by joint name."""
    return dict(
        name='robot',
        joints=['pelvis', 'chest', 'neck', 'left_s', 'left_e', 'left_w',
                'right_s', 'right_e', 'right_w', 'left_h', 'left_k',
                'left_a', 'right_h', 'right_k', 'right_a'],
        parents=[None, 'pelvis', 'chest', 'neck', 'left_s', 'left_e', 'neck',
                 'right_s', 'right_e', 'pelvis', 'left_h', 'left_k',
                 'pelvis', 'right_h', 'right_k'],
        limbs=dict(left_arm=['left_s', 'left_e', 'left_w'],
                   right_arm=['right_s', 'right_e', 'right_w'],
                   left_leg=['left_h', 'left_k', 'left_a'],
                   right_leg=['right_h', 'right_k', 'right_a']),
        trunk=['pelvis', 'chest', 'neck'])


def test_what_is_wrong_is_told_briefly():
    deep = ['x']
    for _ in range(12):
        deep = [deep] * 10
    good = LAYOUTS['ebedb'].to_dict()
    for key, value in dict(limbs=deep, trunk={1: deep}, dims=deep).items():
        with pytest.raises(InputError) as caught:
            get_layout(dict(good, **{key: value}))
        assert len(str(caught.value)) < 1000


def test_a_name_is_no_difference():
    layout = LAYOUTS['ebedb']
    other = get_layout(dict(layout.to_dict(), name='mine'))
    assert other != layout and not other.differs_in(layout)
    assert LAYOUTS['kdae'].differs_in(layout)[:2] == ['joints', 'parents']


def test_names_and_sizes():
    assert {name: len(get_layout(name)) for name in LAYOUTS} == SIZES


@pytest.mark.parametrize('name', LAYOUTS)
def test_bones_are_a_tree(name):
    layout = get_layout(name)
    reached = {layout.center}
    while True:
        more = {j for j, p in layout.bones if p in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(range(len(layout)))
    assert len(layout.bones) == len(layout) - 1


@pytest.mark.parametrize('name', LAYOUTS)
def test_limbs_are_chains_of_the_tree(name):
    layout = get_layout(name)
    for first, middle, last in layout.limb_joints:
        assert layout.parents[last] == middle
        assert layout.parents[middle] == first
    joints = sum(layout.limb_joints, ())
    assert len(set(joints)) == 12
    # Joints of the trunk belong to no limb, but for layouts without any.
    if all(len(point) == 1 for point in layout.trunk):
        assert not set(joints) & {j for j, in layout.trunk}


@pytest.mark.parametrize('name', LAYOUTS)
def test_limbs_are_on_the_side_and_of_the_role_that_they_say(name):
    layout = get_layout(name)
    # Some data sets name a joint after the bone that it moves.
    roles = dict(arm=('shoulder arm', 'elbow forearm', 'wrist hand'),
                 leg=('hip upleg', 'knee leg', 'ankle foot'))
    for limb, joints in layout.limbs.items():
        side, part = limb.split('_')
        for joint, role in zip(joints, roles[part]):
            found = layout.joints[joint].lower()
            assert found.startswith(side)
            assert found[len(side):].strip('_') in role.split()


@pytest.mark.parametrize('name', LAYOUTS)
def test_mirror(name):
    layout = get_layout(name)
    mirror = layout.mirror
    assert [mirror[m] for m in mirror] == list(range(len(layout)))
    for joint, parent in layout.bones:
        assert layout.parents[mirror[joint]] == mirror[parent]
    for part in ('arm', 'leg'):
        left, right = (layout.limbs[f'{side}_{part}']
                       for side in ('left', 'right'))
        assert tuple(mirror[j] for j in left) == right
    for point in layout.trunk:
        assert {mirror[j] for j in point} == set(point)


@pytest.mark.parametrize('name', LAYOUTS)
def test_parts_are_arms_legs_and_all_else(name):
    layout = get_layout(name)
    assert list(layout.parts) == ['arms', 'legs', 'torso']
    assert layout.parts['legs'] == (layout.limbs['left_leg']
                                    + layout.limbs['right_leg'])
    assert sorted(sum(layout.parts.values(), ())) == list(range(len(layout)))
    for joints in layout.parts.values():  # which side is not told
        assert {layout.mirror[j] for j in joints} == set(joints)


@pytest.mark.parametrize('name, names', [
    ('ebedb', 'Chest Chest2 Chest3 Chest4 Neck Head'),
    ('nturgb+d', 'spine_mid neck head spine_shoulder'),
    ('emotion_gait', 'spine neck head'),
    ('coco', 'nose'), ('openpose', 'nose neck')])
def test_the_midline_is_the_spine_without_the_root(name, names):
    layout = get_layout(name)
    assert ' '.join(layout.joints[j] for j in layout.midline) == names


@pytest.mark.parametrize('name', LAYOUTS)
def test_the_midline_is_its_own_mirror_and_of_no_limb(name):
    layout = get_layout(name)
    assert layout.midline and not set(layout.midline) & set(
        sum(layout.limb_joints, ()))
    assert all(layout.mirror[j] == j for j in layout.midline)


def test_a_body_without_a_midline_has_its_torso(own):
    """As where a camera sees shoulders and hips, and no head."""
    of = {j: j for j in own['joints'] if j[:4] in ('left', 'righ')}
    joints = [*of, 'left_eye', 'right_eye']
    parents = [{'e': 's', 'w': 'e', 'k': 'h', 'a': 'k'}.get(j[-1])
               for j in of]
    parents = [p and f'{j[:-1]}{p}' for j, p in zip(of, parents)]
    # Hips hang on the shoulders, these on each other.
    own.update(joints=joints, trunk=[['left_h', 'right_h'],
                                     ['left_s', 'right_s']],
               parents=[None if j == 'left_s' else p or 'left_s'
                        for j, p in zip(of, parents)] + ['left_s'] * 2)
    layout = get_layout(own)
    assert layout.midline == layout.parts['torso'] == (12, 13)


def test_a_body_of_limbs_alone(own):
    """No joint is between shoulders and hips: features without a torso."""
    limbs = [j for j in own['joints'] if j[:4] in ('left', 'righ')]
    chain = {'e': 's', 'w': 'e', 'k': 'h', 'a': 'k'}
    own.update(joints=limbs, trunk=[['left_h', 'right_h'],
                                    ['left_s', 'right_s']],
               parents=[None if j == 'left_s' else j[:-1] + chain[j[-1]]
                        if j[-1] in chain else 'left_s' for j in limbs])
    layout = get_layout(own)
    assert list(layout.parts) == ['arms', 'legs']
    assert {layout.joints[j] for j in layout.midline} == {
        'left_s', 'right_s', 'left_h', 'right_h'}
    x = torch.randn(4, 1, 5, 6, 12)
    assert pool_windows(x, 2, layout=own).shape == (2, 2 * 2 * 5)
    assert pool_windows(x, 2, layout=own).isfinite().all()
    book = AppendageCodebook(own, num_labels=3, dims=4)
    windows = torch.randn(8, 16, 12, 3)
    book.fit(windows)
    assert book(windows).isfinite().all()


@pytest.mark.parametrize('name', ['nturgb+d', 'coco', 'openpose'])
def test_bones_are_those_of_mmaction2(name):
    graph = Graph(layout=name, mode='spatial')
    assert set(graph.inward) == set(get_layout(name).bones)
    assert graph.center == get_layout(name).center


@pytest.mark.parametrize('name', ['kdae', 'emilya', 'ebedb', 'ebm',
                                  'emotion_gait'])
def test_mmaction2_takes_our_names(name):
    layout = get_layout(name)
    graph = Graph(layout=name, mode='binary_adj')
    adjacency = graph.A[0]
    assert adjacency.shape == (len(layout), len(layout))
    for i in range(len(layout)):
        for j in range(len(layout)):
            bone = (i, j) in layout.bones or (j, i) in layout.bones
            assert (adjacency[i, j] > 0) == bone


@pytest.mark.parametrize('name', LAYOUTS)
def test_to_dict_holds_all(name):
    layout = get_layout(name)
    description = layout.to_dict()
    assert get_layout(description) == layout
    # Plain data: it survives JSON, and YAML's safe half.
    assert get_layout(json.loads(json.dumps(description))) == layout
    assert get_layout(yaml.safe_load(yaml.safe_dump(description))) == layout
    assert pickle.loads(pickle.dumps(layout)) == layout


def test_a_users_layout_by_dict_and_by_file(own, tmp_path):
    layout = get_layout(own)
    assert layout.name == 'robot' and layout.center == 0
    assert layout.parents[3:6] == (2, 3, 4)
    assert layout.limb_joints == ((3, 4, 5), (6, 7, 8), (9, 10, 11),
                                  (12, 13, 14))
    assert layout.root == (0, ) and layout.trunk == ((0, ), (1, ), (2, ))
    assert layout.mirror == (0, 1, 2, 6, 7, 8, 3, 4, 5, 12, 13, 14, 9, 10, 11)
    assert own['parents'][0] is None  # what is given is not changed
    by_name = dict(own, mirror=[own['joints'][m] for m in layout.mirror])
    assert get_layout(by_name) == layout
    assert get_layout(layout) is layout
    for suffix, dump in (('json', json.dumps), ('yaml', yaml.safe_dump),
                         ('yml', yaml.safe_dump)):
        path = tmp_path / f'machine.{suffix}'
        path.write_text(dump(own))
        assert get_layout(str(path)) == layout
        path.write_text(dump({k: v for k, v in own.items() if k != 'name'}))
        assert get_layout(str(path)).name == 'machine'
    assert Graph(layout=own, mode='spatial').num_node == 15
    assert Graph(layout=str(path), mode='spatial').num_node == 15


@pytest.mark.parametrize('code', [
    '!!python/object/apply:pathlib.Path.touch [{mark}]',
    '!!python/object/apply:os.system ["touch {mark}"]',
    '!!python/object/new:os.system ["touch {mark}"]',
    '!!python/object/apply:eval ["open({mark!r}, \'w\')"]',
])
@pytest.mark.parametrize('suffix', ['yaml', 'yml', 'json'])
def test_a_hostile_file_does_nothing(code, suffix, tmp_path):
    mark = tmp_path / 'executed'
    path = tmp_path / f'layout.{suffix}'
    path.write_text('joints: ' + code.format(mark=str(mark)))
    with pytest.raises(InputError, match='is no layout file') as error:
        get_layout(str(path))
    assert not mark.exists()
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('text, found', [
    ('joints: [a', 'is no layout file that can be read'),
    ('- a\n- b', 'holds a list, expected a dict'),
    ('', 'holds a NoneType, expected a dict'),
    ('joints: [a]', 'found the keys name, joints, expected'),
])
def test_bad_files(text, found, tmp_path):
    path = tmp_path / 'bad.yaml'
    path.write_text(text)
    with pytest.raises(InputError, match=found):
        get_layout(str(path))


def test_a_missing_file_and_an_unknown_name(tmp_path):
    with pytest.raises(InputError, match='none.json: no such layout file'):
        get_layout(str(tmp_path / 'none.json'))
    with pytest.raises(InputError, match='is no layout file'):
        (tmp_path / 'folder.json').mkdir()
        get_layout(str(tmp_path / 'folder.json'))
    with pytest.raises(InputError, match='mine.py: is no layout file by its '
                       'name, expected one that ends in .json or .yaml'):
        (tmp_path / 'mine.py').touch()
        get_layout(str(tmp_path / 'mine.py'))
    for unknown in ('kinect', 25, None, ['ebedb']):
        with pytest.raises(InputError, match='unknown layout .*; known are '
                           'coco, ebedb, .*or give a dict'):
            get_layout(unknown)


@pytest.mark.parametrize('changes, found', [
    (dict(parents=None), 'parents is None, expected type list'),
    (dict(joints='pelvis'), "joints is 'pelvis', expected type list"),
    (dict(name=3), 'name is 3, expected type str'),
    (dict(limbs=[1, 2]), 'limbs is .1, 2., expected type dict'),
    (dict(dims='3'), "dims is '3', expected type int"),
    (dict(dims=4), 'dims is 4, expected 2 or 3'),
    (dict(bones=[]), 'found the keys .*bones, expected name, joints'),
    (dict(trunk=['pelvis']), 'trunk is .* expected at least two points'),
    (dict(trunk=['pelvis', []]), 'trunk is .* expected at least two points'),
    (dict(trunk=['pelvis', 'neck', 'hat']), "unknown joint 'hat'; its joints "
     'are pelvis, chest'),
    (dict(trunk=[0, 99]), 'trunk is .* indices below 15'),
    (dict(mirror=[0, 1]), 'mirror is .0, 1., expected a permutation'),
    (dict(mirror=[*range(1, 15), 0]), 'mirror is .* that undoes itself'),
])
def test_bad_descriptions(own, changes, found):
    with pytest.raises(InputError, match=f'^layout .*{found}'):
        get_layout(dict(own, **changes))


@pytest.mark.parametrize('change, found', [
    (lambda d: d['joints'].append('pelvis'), "joints is .'pelvis'., expected "
     'each name once'),
    (lambda d: d['joints'].append(7), 'joints is .* expected names'),
    (lambda d: d['joints'].append('hat'), 'parents is .* expected 16 '
     'indices'),
    (lambda d: d['parents'].__setitem__(1, None), 'exactly one of them -1'),
    (lambda d: d['parents'].__setitem__(1, 'neck'), 'parents is .* a tree'),
    (lambda d: d['parents'].__setitem__(1, 44), 'parents is .* a tree'),
    (lambda d: d['limbs'].pop('left_leg'), 'expected the four limbs '
     'left_arm, right_arm, left_leg, right_leg'),
    (lambda d: d['limbs']['left_leg'].pop(), "limbs.'left_leg'. is .9, 10., "
     'expected three'),
    (lambda d: d['limbs'].__setitem__('left_leg', 9), "limbs.'left_leg'."),
    (lambda d: d['joints'].__setitem__(3, 'left_shoulder'), 'unknown joint '
     "'left_s'"),
])
def test_bad_changes(own, change, found):
    change(own)
    with pytest.raises(InputError, match=f"^layout 'robot'.*{found}"):
        get_layout(own)


def test_a_file_may_describe_so_many_joints(tmp_path):
    """Deep chains need no recursion, and a garbled file no hours."""
    def chain(joints):
        return dict(joints=[f'j{i}' for i in range(joints)],
                    parents=[-1, *range(joints - 1)], trunk=[[0], [1]],
                    limbs={limb: [0, 1, 2] for limb in LIMBS})

    layout = get_layout(chain(MAX_JOINTS))
    assert _beyond_limbs(layout) == [*range(3, MAX_JOINTS)]
    assert set(bone_limbs(layout)) == {LIMBS[-1]}
    path = tmp_path / 'many.json'
    for joints in (MAX_JOINTS + 1, 10**5):
        path.write_text(json.dumps(chain(joints)))
        with pytest.raises(InputError, match=(
                f"^layout 'many': has {joints} joints, expected a body of at "
                f'most {MAX_JOINTS}$')):
            get_layout(str(path))


def test_a_joint_without_its_mirror_image(own):
    own = json.loads(json.dumps(own).replace('left_a"', 'left_foot"'))
    with pytest.raises(InputError, match="'left_foot' has no mirror image "
                       "'right_foot'"):
        get_layout(own)


def test_it_cannot_be_changed():
    layout = get_layout('ebedb')
    with pytest.raises(AttributeError):
        layout.joints = ()
    assert isinstance(layout, SkeletonLayout)
    assert tuple(layout.limbs) and set(layout.limbs) == set(LIMBS)
