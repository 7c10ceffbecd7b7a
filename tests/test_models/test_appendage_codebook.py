"""Labels of short movements of the limbs, and a GCN beside them."""
import numpy as np
import pytest
import torch
from tiny_air import WIDTH, backbone

from mmair.datasets.transforms import RandomMirror
from mmair.errors import InputError
from mmair.layouts import LIMB_PAIRS, LIMBS, get_layout
from mmair.models import AppendageCodebook
from mmair.models.backbones.appendage_informed import whitening
from mmair.registry import MODELS

LAYOUTS = ['ebedb', 'coco']
STREAMS = ['joint', 'motion', 'centred']
K, LENGTH, STRIDE, DIMS = 5, 4, 2, 6
FINE = (*LIMBS, 'midline')


def windows(layout='ebedb', num=6, frames=12, seed=0):
    """Smooth movement, with as many channels of motion behind positions."""
    layout = get_layout(layout)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(num, frames, len(layout), 2 * layout.dims,
                    generator=generator)
    return x.cumsum(1) * .3


def codebook(layout='ebedb', fitted=True, **changes):
    made = MODELS.build(dict(
        type='mmair.AppendageCodebook', layout=layout,
        **{**dict(num_labels=K, length=LENGTH, stride=STRIDE, dims=DIMS),
           **changes}))
    if fitted:
        made.fit(windows(layout, num=24))
    return made


# Whitening -------------------------------------------------------------------


def correlated(num=400, width=7, rank=7):
    generator = np.random.default_rng(0)
    mix = generator.normal(size=(rank, width))
    return (generator.normal(size=(num, rank)) @ mix + 3).astype('f')


def covariance(x):
    """Over one less than the samples, as scikit-learn has it."""
    return np.cov(np.asarray(x, dtype=float), rowvar=False, ddof=1)


@pytest.mark.parametrize('dims', [3, 7])
def test_whitened_components_have_variance_1_and_no_correlation(dims):
    x = correlated()
    mean, projection = whitening(x, dims)
    assert mean.dtype == projection.dtype == np.float32
    np.testing.assert_allclose(mean, x.mean(0, dtype=float), rtol=1e-6)
    made = (x - mean) @ projection
    assert made.shape == (400, dims)
    np.testing.assert_allclose(covariance(made), np.eye(dims), atol=1e-4)


def test_components_of_largest_variance_are_kept():
    x = correlated()
    _, projection = whitening(x, 3)
    centred = (x - x.mean(0)).astype(float)
    _, _, basis = np.linalg.svd(centred, full_matrices=False)
    made = centred @ projection
    expected = centred @ basis[:3].T
    expected /= expected.std(0, ddof=1)
    # A component is free in its sign alone.
    np.testing.assert_allclose(
        np.abs((made * expected).sum(0)) / (len(x) - 1), 1, atol=1e-5)


def test_what_does_not_vary_becomes_0():
    x = correlated(rank=2)
    mean, projection = whitening(x, 9)  # more than 7, and 2 vary
    assert projection.shape == (7, 9)
    assert (projection[:, 2:] == 0).all() and projection[:, :2].any(0).all()
    np.testing.assert_allclose(covariance((x - mean) @ projection),
                               np.diag([1, 1, *7 * [0]]), atol=1e-4)
    _, projection = whitening(np.ones((5, 3), dtype='f'), 2)
    assert (projection == 0).all()


def test_little_variance_far_from_0_is_whitened_as_well():
    """A posture is large, and what is done in it may be small."""
    x = np.random.default_rng(0).normal(size=(20000, 4)) * [1, .1, .03, .01]
    x = (x + 5).astype('f')
    mean, projection = whitening(x, 4)
    np.testing.assert_allclose(covariance((x - mean) @ projection),
                               np.eye(4), atol=1e-3)


# Segments and labels ---------------------------------------------------------


def slow_stream(x, stream):
    """One frame after the other, of the whole window."""
    frames = x.shape[1]
    made = torch.zeros_like(x)
    for t in range(frames):
        if stream == 'joint':
            made[:, t] = x[:, t]
        elif stream == 'centred':
            made[:, t] = x[:, t] - sum(x[:, i] for i in range(frames)) / frames
        elif frames > 1:  # the first frame moves as the second does
            made[:, t] = x[:, max(t, 1)] - x[:, max(t, 1) - 1]
    return made


def slow_segments(x, joints, mirrored, dims, length, stride):
    """One number after the other; frames beyond the ends are the ends."""
    num, frames = x.shape[:2]
    before = (length - stride) // 2
    count = max(frames, stride) // stride
    result = []
    for n in range(num):
        rows = []
        for s in range(count):
            row = []
            for t in range(length):
                at = min(max(s * stride - before + t, 0), frames - 1)
                for joint in joints:
                    for c in range(dims):
                        value = float(x[n, at, joint, c])
                        row.append(-value if mirrored and c == 0 else value)
            rows.append(row)
        result.append(rows)
    return torch.tensor(result)


@pytest.mark.parametrize('frames, length, stride', [
    (12, 4, 2), (13, 4, 2), (12, 5, 2), (1, 4, 2), (2, 4, 3), (7, 3, 3),
    (5, 8, 2), (1, 1, 1)])
@pytest.mark.parametrize('stream', STREAMS)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_segments_against_a_slow_loop(layout, stream, frames, length, stride):
    """Any length, also one that is shorter than a stride."""
    made = codebook(layout, fitted=False, length=length, stride=stride)
    layout, x = get_layout(layout), windows(layout, num=2, frames=frames)
    joints = {**layout.limbs, 'midline': layout.midline,
              **{pair: sum((layout.limbs[limb] for limb in limbs), ())
                 for pair, limbs in LIMB_PAIRS.items()}}
    assert list(made.groups) == [*LIMBS, 'midline', *LIMB_PAIRS]
    for group in made.groups:
        expected = slow_segments(
            slow_stream(x, stream), joints[group], group.startswith('right'),
            layout.dims, length, stride)
        found = made.segments(x, stream, group)
        assert expected.shape[1] >= 1
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_missing_joints_neither_move_nor_stand_off_their_mean():
    """2-D data with scores: where a detector puts them is no matter."""
    made, layout = codebook('coco', fitted=False), get_layout('coco')
    x = windows('coco', num=2)
    score = torch.rand(2, 12, len(layout), 1,
                       generator=torch.Generator().manual_seed(1))
    seen = score > .4
    others = torch.where(seen, x[..., :2], 900.)
    expected = torch.zeros(2, 2, 12, len(layout), 2)  # stream by stream
    for n, t, v in np.ndindex(*seen.shape[:3]):
        at = max(t, 1)
        if seen[n, at, v] and seen[n, at - 1, v]:
            expected[0, n, t, v] = x[n, at, v, :2] - x[n, at - 1, v, :2]
        if seen[n, t, v]:
            expected[1, n, t, v] = x[n, t, v, :2] - x[
                n, seen[n, :, v, 0], v, :2].mean(0)
    for stream, values in zip(('motion', 'centred'), expected):
        for group in made.groups:
            joints = made.joints[group]
            found = made.segments(
                torch.cat((others, score * seen), -1), stream, group)
            torch.testing.assert_close(found, slow_segments(
                values, joints, group.startswith('right'), 2, LENGTH,
                STRIDE), atol=1e-5, rtol=0)


def test_who_is_absent_in_3d_neither_moves_nor_stands_off_the_mean():
    made, x = codebook(fitted=False), windows(num=2)
    x[1, 5:8] = 0
    for stream in ('motion', 'centred'):
        values = slow_stream(x, stream)
        if stream == 'motion':
            values[1, 5:9] = 0
        else:
            seen = [t for t in range(12) if not 5 <= t < 8]
            values[1] = x[1] - x[1, seen].mean(0)
            values[1, 5:8] = 0
        for group in made.groups:
            torch.testing.assert_close(
                made.segments(x, stream, group),
                slow_segments(values, made.joints[group],
                              group.startswith('right'), 3, LENGTH, STRIDE),
                atol=1e-6, rtol=0)


def test_where_somebody_stands_is_in_one_stream_alone():
    """A posture that is held is neither motion nor off its mean."""
    made, x = codebook(fitted=False), windows()
    x = x - x.mean((0, 1, 2))
    posture = torch.randn(x.shape[2:])
    for group in made.groups:
        for stream in STREAMS:
            before, moved = (made.segments(y, stream, group)
                             for y in (x, x + posture))
            same = torch.allclose(moved, before, atol=1e-5)
            assert same == (stream != 'joint'), (group, stream)


def slow_distances(made, x, stream, group):
    kind = made.groups[group]
    mean, projection, codes = (
        getattr(made, f'{name}_{stream}_{kind}').double()
        for name in ('mean', 'projection', 'codes'))
    segments = (made.segments(x, stream, group).double() - mean) @ projection
    return (segments[:, :, None] - codes).square().sum(3).sqrt()


#: Which streams a codebook has, in which order.
SOME = [None, ['motion'], ['centred', 'joint']]


def chosen(streams):
    return dict(streams=streams) if streams else {}


@pytest.mark.parametrize('streams', SOME)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_labels_are_the_nearest_codes(layout, streams):
    made, x = codebook(layout, **chosen(streams)), windows(layout, seed=1)
    streams = streams or STREAMS
    found = made.labels(x)
    assert found.shape == (6, 6, 7, len(streams))
    assert found.dtype == torch.int64
    for g, group in enumerate(made.groups):
        for s, stream in enumerate(streams):
            assert torch.equal(
                found[..., g, s],
                slow_distances(made, x, stream, group).argmin(2))
            assert len(found[..., g, s].unique()) > 1


@pytest.mark.parametrize('streams', SOME)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_activations_are_how_much_nearer_than_the_mean(layout, streams):
    """f_k = max(0, mean(z) - z_k): Coates, Lee & Ng, 2011; the mean is that
    of a stream's own codes."""
    made, x = codebook(layout, **chosen(streams)), windows(layout, seed=1)
    streams = streams or STREAMS
    activations = made(x)
    assert activations.shape == (6, 7, 6, len(streams) * K)
    for g, group in enumerate(made.groups):
        for s, stream in enumerate(streams):
            found = activations[:, g, :, s * K:(s + 1) * K]
            z = slow_distances(made, x, stream, group)
            expected = torch.zeros_like(z)
            for place in np.ndindex(*z.shape):
                expected[place] = max(0, z[place[:2]].mean() - z[place])
            torch.testing.assert_close(found.double(), expected, atol=5e-5,
                                       rtol=1e-4)
            # What is labelled is what is most active.
            assert torch.equal(found.argmax(2), z.argmin(2))


def test_a_stream_does_not_depend_on_those_beside_it():
    together, x = codebook(), windows(seed=1)
    for s, stream in enumerate(STREAMS):
        alone = codebook(streams=[stream])
        alone.load_state_dict({
            name: value for name, value in together.state_dict().items()
            if f'_{stream}_' in name})
        assert torch.equal(alone.labels(x)[..., 0],
                           together.labels(x)[..., s])
        assert torch.equal(alone(x), together(x)[..., s * K:(s + 1) * K])


@pytest.mark.parametrize('streams, told', [
    ([], 'streams is [], expected some of joint, motion, centred, each '
     'once'),
    (['joint', 'bone'], "streams is ['joint', 'bone'], expected some of "
     'joint, motion, centred, each once'),
    (['joint', 'joint'], "streams is ['joint', 'joint'], expected some of "
     'joint, motion, centred, each once')])
def test_no_streams_and_unknown_ones_are_told(streams, told):
    with pytest.raises(InputError) as caught:
        codebook(fitted=False, streams=streams)
    assert str(caught.value) == f'AppendageCodebook: {told}'


def test_what_is_labelled_by_default():
    """128 codes of each stream, half a second every two frames."""
    made = MODELS.build(dict(type='mmair.AppendageCodebook', layout='ebedb'))
    assert list(made.streams) == STREAMS and made.num_labels == 128
    assert (made.length, made.stride, made.dims) == (8, 2, 24)
    assert made.codes_motion_leg.shape == (128, 24)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_mirrored_person_has_the_labels_of_limbs_swapped(layout):
    made = codebook(layout)
    x = windows(layout)[..., :get_layout(layout).dims]
    mirrored = RandomMirror(1., layout=layout)(
        dict(keypoint=x[:, None], key=torch.arange(len(x))))['keypoint'][:, 0]
    labels, swapped = (dict(zip(made.groups, made.labels(y).unbind(2)))
                       for y in (x, mirrored))
    for part in ('arm', 'leg'):
        left, right = f'left_{part}', f'right_{part}'
        assert torch.equal(swapped[left], labels[right])
        assert torch.equal(swapped[right], labels[left])
        for one, other in zip(labels[left].unbind(2),
                              labels[right].unbind(2)):
            assert not torch.equal(one, other)


def test_pooling_of_groups_is_the_slow_one():
    made, layout = codebook(fitted=False), get_layout('ebedb')
    maps = torch.randn(2, 3, 4, len(layout))
    found = made.pool(maps)
    assert found.shape == (2, 7, 3, 4)
    for g, group in enumerate(made.groups):
        limbs = LIMB_PAIRS.get(group, (group, ))
        joints = (layout.midline if group == 'midline' else
                  [j for limb in limbs for j in layout.limbs[limb]])
        expected = sum(maps[..., j] for j in joints) / len(joints)
        torch.testing.assert_close(found[:, g], expected)


# Fitting ---------------------------------------------------------------------


def test_fitting_is_that_of_its_seed():
    x = windows(num=24)
    first, again, other = (codebook(fitted=False) for _ in range(3))
    for made, seed in ((first, 3), (again, 3), (other, 4)):
        torch.randn(5)  # what was drawn before does not matter
        made.fit(x, seed)
    assert all(torch.equal(value, again.state_dict()[name])
               for name, value in first.state_dict().items())
    for stream in STREAMS:
        codes, others = (getattr(made, f'codes_{stream}_arm')
                         for made in (first, other))
        assert not torch.equal(codes, others)
        # All segments are seen, but in another order.
        means = (getattr(made, f'mean_{stream}_leg')
                 for made in (first, other))
        torch.testing.assert_close(*means, atol=1e-5, rtol=0)


@pytest.mark.parametrize('stream', STREAMS)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_both_sides_are_fitted_as_one(layout, stream):
    """All arms are whitened together: mean 0, variance 1 over both sides."""
    made, x = codebook(layout, dims=3), windows(layout, num=24)
    for kind in made.kinds:
        of_kind = [g for g, k in made.groups.items() if k == kind]
        assert len(of_kind) == (2 if kind in ('arm', 'leg') else 1)
        all_of_them = torch.cat([made.whitened(x, stream, g).flatten(0, 1)
                                 for g in of_kind]).double()
        torch.testing.assert_close(all_of_them.mean(0),
                                   torch.zeros(3).double(), atol=1e-4, rtol=0)
        np.testing.assert_allclose(covariance(all_of_them), np.eye(3),
                                   atol=1e-3)
        # Codes are means of what is nearest to them, or nearly so.
        codes = getattr(made, f'codes_{stream}_{kind}').double()
        nearest = torch.cdist(all_of_them, codes).argmin(1)
        means = torch.stack([all_of_them[nearest == k].mean(0)
                             for k in range(K)])
        assert (means - codes).norm(dim=1).max() < .2


def test_joints_that_move_as_one_have_no_codes_of_rounding():
    """What never was apart is not told apart by the last digits."""
    layout = get_layout('ebedb')
    x = windows(num=24)
    joints = layout.limbs['left_arm'] + layout.limbs['right_arm']
    x[:, :, joints] = x[:, :1, joints[:1]] + 2  # arms that are points
    made = codebook(fitted=False)
    made.fit(x)
    for kind in ('arm', 'arms'):
        state = made.state_dict()
        assert state[f'projection_joint_{kind}'].any(0).sum() == layout.dims
        assert not state[f'projection_motion_{kind}'].any()


def test_too_few_segments_are_told():
    with pytest.raises(InputError) as caught:
        codebook(fitted=False, num_labels=20).fit(windows(num=1))
    told = str(caught.value)
    assert 'have 12 segments of arm, expected 20' in told
    assert 'num_labels' in told and '\n' not in told


@pytest.mark.parametrize('stride', [0, 5])
def test_a_stride_that_leaves_frames_out_is_told(stride):
    with pytest.raises(InputError, match=f'stride is {stride}, expected 1 to '
                       'length=4'):
        codebook(fitted=False, stride=stride)


def test_all_that_was_fitted_is_in_the_state():
    made, fresh = codebook(), codebook(fitted=False)
    x = windows(seed=1)
    assert not torch.equal(fresh.labels(x), made.labels(x))
    fresh.load_state_dict(made.state_dict())
    assert torch.equal(fresh.labels(x), made.labels(x))
    assert not list(made.parameters())


# Beside a GCN ----------------------------------------------------------------


def informed(layout='ebedb', streams=('joint', 'motion', 'centred')):
    torch.manual_seed(0)
    channels = 2 * get_layout(layout).dims
    made = MODELS.build(dict(
        type='mmair.AppendageInformedGCN',
        gcn=backbone('ST-GCN', layout, channels),
        codebook=dict(type='mmair.AppendageCodebook', layout=layout,
                      num_labels=K, length=LENGTH, stride=STRIDE,
                      dims=DIMS, streams=streams)))
    made.init_weights()
    made.codebook.fit(windows(layout, num=24))
    return made.eval()


@pytest.mark.parametrize('streams', [STREAMS, ['motion']])
@pytest.mark.parametrize('frames', [12, 13, 2])
@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_joint_has_the_codes_of_its_limb_and_its_pair(
        layout, frames, streams):
    made = informed(layout, streams)
    layout, width = get_layout(layout), len(streams) * K
    x = windows(layout, num=4, frames=frames).unflatten(0, (2, 2))
    with torch.no_grad():
        gcn, maps = made.gcn(x), made(x)
        codes = dict(zip(made.codebook.groups,
                         made.codebook(x.flatten(0, 1)).unbind(1)))
    time = gcn.shape[3]
    assert maps.shape == (2, 2, WIDTH + 2 * width, time, len(layout))
    assert torch.equal(maps[:, :, :WIDTH], gcn)
    own, pair = maps[:, :, WIDTH:].flatten(0, 1).split(width, 1)
    for joint in range(len(layout)):
        mine = [g for g in FINE if joint in (
            layout.midline if g == 'midline' else layout.limbs[g])]
        both = [p for p, limbs in LIMB_PAIRS.items() if {*limbs} & {*mine}]
        assert len(mine) <= 1 and len(both) <= 1
        for found, groups in ((own, mine), (pair, both)):
            if not groups:
                assert (found[..., joint] == 0).all()
                continue
            of_group = codes[groups[0]]  # (N * M, T_s, S * K)
            for t in range(time):
                at = t * of_group.shape[1] // time
                torch.testing.assert_close(found[:, :, t, joint],
                                           of_group[:, at])
    assert own.any() and pair.any()
    none = set(range(len(layout))) - set(layout.midline) - set(
        sum(layout.limb_joints, ()))
    assert none  # there are joints without codes


def test_gradients_reach_the_gcn_alone():
    made = informed()
    x = windows(num=4).unflatten(0, (2, 2)).requires_grad_()
    made(x).square().sum().backward()
    weights = dict(made.named_parameters())
    assert weights and all(name.startswith('gcn.') for name in weights)
    for name, weight in weights.items():
        assert weight.grad is not None, name
        if weight.ndim > 1:
            assert weight.grad.any(), name
    through = x.grad.clone()
    x.grad = None
    made.gcn(x).square().sum().backward()
    torch.testing.assert_close(x.grad, through)
    assert not any(b.requires_grad for b in made.buffers())


def test_it_has_the_graph_of_its_gcn():
    """By which hooks compare it with the data."""
    assert informed('coco').graph.num_node == 17


def test_labels_and_codes_are_no_matter_of_mixed_precision():
    made = informed()
    x = windows(num=4, seed=1).unflatten(0, (2, 2))
    flat = x.flatten(0, 1)
    expected = made.codebook.labels(flat), made.codebook(flat)
    with torch.autocast('cpu', torch.bfloat16):
        labels, codes = made.codebook.labels(flat), made.codebook(flat)
    assert torch.equal(labels, expected[0])
    assert torch.equal(codes, expected[1])


def test_the_codebook_is_an_appendage_codebook():
    assert isinstance(informed().codebook, AppendageCodebook)
