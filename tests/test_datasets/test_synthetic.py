"""The generator of synthetic emotional motion."""
import numpy as np
import pytest

from mmair.datasets.synthetic import (
    ACTIONS,
    EMOTIONS,
    Rig,
    generate_annotations,
    generate_recording,
)
from mmair.errors import InputError
from mmair.layouts import get_layout

LAYOUTS = ('ebedb', 'emilya', 'kdae', 'nturgb+d', 'ebm', 'emotion_gait')


@pytest.fixture(scope='module')
def data():
    return generate_annotations(num_actors=8, actions=('talk', 'throw'),
                                takes=2)


def by_name(data):
    return {a['frame_dir']: a for a in data['annotations']}


def mean_over(data, emotion, measure):
    """Mean of a measure of (T, V, 3) over the recordings of an emotion."""
    label = data['meta']['classes'].index(emotion)
    return np.mean([measure(a['keypoint'][0]) for a in data['annotations']
                    if a['label'] == label])


def speed(keypoint):
    return 30 * np.linalg.norm(np.diff(keypoint, axis=0), axis=-1).mean()


def forward_lean(keypoint):
    """Angle of the trunk against the vertical, towards where hips face."""
    left_hip, right_hip = keypoint[:, 19], keypoint[:, 15]
    ahead = np.cross(left_hip - right_hip, [0, 1, 0])
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    trunk = keypoint[:, 4] - keypoint[:, 0]
    return np.arctan2((trunk * ahead).sum(-1), trunk[:, 1]).mean()


def openness(keypoint):
    """Distance of the elbows in shoulder widths."""
    def apart(a, b):
        return np.linalg.norm(keypoint[:, a] - keypoint[:, b], axis=-1)
    return (apart(9, 13) / apart(8, 12)).mean()


def test_same_arguments_same_recording():
    one = generate_recording('fear', 3, 'wave', 2, seed=5)
    two = generate_recording('fear', 3, 'wave', 2, seed=5)
    assert np.array_equal(one['keypoint'], two['keypoint'])
    # Each argument counts.
    for other in (('joy', 3, 'wave', 2, 5), ('fear', 4, 'wave', 2, 5),
                  ('fear', 3, 'talk', 2, 5), ('fear', 3, 'wave', 1, 5),
                  ('fear', 3, 'wave', 2, 6)):
        found = generate_recording(*other)['keypoint']
        assert (found.shape != one['keypoint'].shape
                or not np.allclose(found, one['keypoint'], atol=.01))


def test_a_recording_depends_on_nothing_else_in_the_set():
    few = generate_annotations(2, ('throw', ), 1, ('joy', 'anger'),
                               unlabelled=.5)
    many = by_name(generate_annotations(4, ('knock', 'throw'), 2,
                                        ('anger', 'fear', 'joy'),
                                        unlabelled=.5))
    for name, annotation in by_name(few).items():
        assert np.array_equal(annotation['keypoint'],
                              many[name]['keypoint'])
        assert ('label' in annotation) == ('label' in many[name])


@pytest.mark.parametrize('name', LAYOUTS)
def test_body(name):
    layout = get_layout(name)
    for action in ACTIONS:
        made = generate_recording('anger', 2, action, 0, layout=name)
        points = made['keypoint'][0]
        assert points.shape == (made['total_frames'], len(layout), 3)
        assert 2 <= made['total_frames'] / made['fps'] <= 9
        bones = np.stack([np.linalg.norm(points[:, j] - points[:, p], axis=-1)
                          for j, p in layout.bones], 1)
        assert np.ptp(bones, axis=0).max() < 1e-5
        assert bones.min() > .01
        # The same bones on both sides.
        where = {bone: n for n, bone in enumerate(layout.bones)}
        for (j, p), n in where.items():
            m = where[layout.mirror[j], layout.mirror[p]]
            assert np.isclose(bones[0, n], bones[0, m], atol=1e-5)
        lowest = points[:, :, 1].min(1)
        assert np.abs(lowest).max() < .02
        assert points[:, :, 1].max() < 2.6


@pytest.mark.parametrize('name', LAYOUTS)
def test_left_is_left_and_head_is_up(name):
    layout = get_layout(name)
    rest = Rig(layout).rest
    for limb, joints in layout.limbs.items():
        assert np.all((rest[list(joints), 0] > 0) == limb.startswith('left'))
    assert np.allclose(rest[list(layout.mirror)] * (-1, 1, 1), rest)
    assert rest[:, 1].argmax() == [j.lower() for j in
                                   layout.joints].index('head')


def test_rotations_give_the_positions():
    """A slow forward kinematics, joint by joint and frame by frame."""
    made = generate_recording('joy', 1, 'lift', 0, layout='nturgb+d')
    parents = made['parents']
    assert parents[0] == -1 and parents[20] == 1

    def frame_of(joint, t):
        own = made['rotations'][t, joint]
        if parents[joint] < 0:
            return own, made['root_positions'][t]
        turn, origin = frame_of(parents[joint], t)
        return turn @ own, origin + turn @ made['offsets'][joint]

    for t in (0, made['total_frames'] // 2):
        for joint in range(25):
            assert np.allclose(frame_of(joint, t)[1],
                               made['keypoint'][0, t, joint], atol=1e-5)
    product = made['rotations'] @ made['rotations'].swapaxes(-1, -2)
    assert np.allclose(product, np.eye(3), atol=1e-9)


def test_one_performance_on_every_layout_and_rate():
    slow = generate_recording('joy', 1, 'talk', 0, fps=30.)['keypoint'][0]
    fast = generate_recording('joy', 1, 'talk', 0, fps=60.)['keypoint'][0]
    frames = min(len(slow), len(fast[::2]))
    assert abs(2 * len(slow) - len(fast)) <= 2
    assert np.abs(slow[:frames] - fast[::2][:frames]).max() < .01
    # Emilya has EBEDB's joints in another order.
    other = generate_recording('joy', 1, 'talk', 0, layout='emilya')
    order = [get_layout('emilya').joints.index(joint)
             for joint in get_layout('ebedb').joints]
    assert np.allclose(other['keypoint'][0][:, order], slow, atol=1e-6)


def test_arms_stay_out_of_the_trunk():
    for action in ACTIONS:
        for emotion in EMOTIONS:
            points = generate_recording(emotion, 1, action, 0)['keypoint'][0]
            low, axis = points[:, 1], points[:, 4] - points[:, 1]
            for joint in (9, 10, 13, 14):
                reach = points[:, joint] - low
                along = (reach * axis).sum(-1) / (axis**2).sum(-1)
                away = reach - along.clip(0, 1)[:, None] * axis
                assert np.linalg.norm(away, axis=-1).min() > .1


def test_emotions_differ_as_they_should(data):
    def order(measure, *emotions):
        values = [mean_over(data, emotion, measure) for emotion in emotions]
        assert values == sorted(values, reverse=True), values

    order(speed, 'anger', 'neutral', 'sadness')
    order(speed, 'joy', 'neutral')
    order(forward_lean, 'sadness', 'neutral', 'surprise')
    order(forward_lean, 'anger', 'neutral', 'fear')
    order(openness, 'joy', 'neutral', 'sadness')
    # A sadder stroke is slower, so the same action takes longer.
    order(len, 'sadness', 'neutral', 'anger')


def test_emotions_overlap_and_actors_differ(data):
    """Speed alone tells no emotion from another for sure."""
    speeds = {e: [speed(a['keypoint'][0]) for a in data['annotations']
                  if a['label'] == n and a['recording'].endswith('talk')]
              for n, e in enumerate(EMOTIONS)}
    assert min(speeds['joy']) < max(speeds['neutral'])
    assert min(speeds['neutral']) < max(speeds['sadness'])
    lean = [np.mean([forward_lean(a['keypoint'][0])
                     for a in data['annotations'] if a['actor'] == actor])
            for actor in sorted({a['actor'] for a in data['annotations']})]
    assert np.std(lean) > .03


def test_a_stroke_starts_faster_than_it_ends():
    """Played backwards, it is another motion, the more so in anger."""
    def time_down_against_up(emotion):
        down, up = 0, 0
        for actor in range(1, 9):
            points = generate_recording(emotion, actor, 'lift', 0)['keypoint']
            fall = -np.diff(points[0, :, 0, 1])
            down += (fall > .1 * fall.max()).sum()
            up += (-fall > .1 * fall.max()).sum()
        return down / up

    assert time_down_against_up('anger') < .7
    assert time_down_against_up('anger') < time_down_against_up('sadness')


def test_annotation_format(data):
    meta = data['meta']
    assert set(data) == {'meta', 'split', 'annotations'}
    assert meta['classes'] == list(EMOTIONS) == sorted(EMOTIONS)
    assert meta['layout'] == 'ebedb' and meta['unit'] == 'm'
    assert meta['up_axis'] == 'y' and len(meta['source_sha256']) == 64
    names = [a['frame_dir'] for a in data['annotations']]
    assert len(set(names)) == len(names) == 8 * 2 * 7 * 2
    for annotation in data['annotations']:
        keypoint = annotation['keypoint']
        assert set(annotation) == {'frame_dir', 'label', 'actor', 'recording',
                                   'action', 'fps', 'total_frames',
                                   'keypoint'}
        assert keypoint.dtype == np.float32 and np.isfinite(keypoint).all()
        assert keypoint.shape == (1, annotation['total_frames'], 23, 3)
        actor, action, emotion, _ = annotation['frame_dir'].split('_')
        assert annotation['label'] == EMOTIONS.index(emotion)
        assert annotation['actor'] == actor
        assert annotation['recording'] == f'{actor}_{action}'
        assert annotation['action'] == action


@pytest.mark.parametrize('name, folds, key', [
    ('xsub', 8, 'actor'), ('xrec', 5, 'recording'), ('xseq', 5, 'frame_dir')])
def test_splits_share_no_group(data, name, folds, key):
    group = {n: a[key] for n, a in by_name(data).items()}
    tested = []
    for fold in ['', *(f'_f{n}' for n in range(folds))]:
        train = data['split'][f'{name}{fold}_train']
        test = data['split'][f'{name}{fold}_test']
        assert sorted(train + test) == sorted(group)
        assert not {group[n] for n in train} & {group[n] for n in test}
        tested += test if fold else []
    assert sorted(tested) == sorted(group)
    if name == 'xsub':
        assert {group[n] for n in data['split']['xsub_test']} == {'S07',
                                                                  'S08'}


def test_part_without_labels():
    made = generate_annotations(4, ('knock', ), 3, unlabelled=.4)
    missing = np.mean(['label' not in a for a in made['annotations']])
    assert .2 < missing < .6
    made = generate_annotations(2, ('knock', ), 1, unlabelled=1.)
    assert not any('label' in a for a in made['annotations'])


@pytest.mark.parametrize('arguments, found', [
    (dict(classes=('anger', 'bliss')), 'classes: found anger, bliss'),
    (dict(actions=()), 'actions: found nothing'),
    (dict(actions=('talk', 'talk')), 'actions: found talk, talk'),
    (dict(num_actors=0), 'num_actors: found 0'),
    (dict(unlabelled=1.5), 'unlabelled: found 1.5'),
    (dict(fps=0), 'fps: found 0'),
    (dict(seed=-1), 'seed: found -1'),
    (dict(layout='coco'), "layout 'coco' .17 joints. cannot be animated"),
])
def test_bad_arguments(arguments, found):
    with pytest.raises(InputError, match=found):
        generate_annotations(**arguments)


def test_joint_without_a_role():
    ebedb = get_layout('ebedb')
    with_prop = dict(name='prop', joints=[*ebedb.joints, 'Prop1'],
                     parents=[*ebedb.parents, 0], limbs=ebedb.limbs,
                     trunk=ebedb.trunk, mirror=[*ebedb.mirror, 23])
    with pytest.raises(InputError, match="'Prop1' hangs on 'Hips'"):
        generate_recording('joy', 1, 'talk', 0, layout=with_prop)
