"""Labels of short movements of the limbs, and a GCN beside them."""
import numpy as np
import pytest
import torch
from tiny_air import WIDTH, backbone

from mmair.datasets.transforms import RandomMirror
from mmair.errors import InputError
from mmair.layouts import LIMB_PAIRS, LIMBS, get_layout
from mmair.models import AppendageCodebook
from mmair.models.backbones.appendage_informed import (k_means,
                                                       squared_distances,
                                                       whitening)
from mmair.registry import MODELS

LAYOUTS = ['ebedb', 'coco']
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


# Whitening and clustering ----------------------------------------------------


def correlated(num=400, width=7, rank=7):
    generator = torch.Generator().manual_seed(0)
    mix = torch.randn(rank, width, generator=generator)
    return torch.randn(num, rank, generator=generator) @ mix + 3


@pytest.mark.parametrize('dims', [3, 7])
def test_whitened_components_have_variance_1_and_no_correlation(dims):
    x = correlated()
    mean, projection = whitening(x, dims)
    torch.testing.assert_close(mean, x.mean(0))
    made = ((x - mean) @ projection).double()
    assert made.shape == (400, dims)
    torch.testing.assert_close(made.T @ made / len(made),
                               torch.eye(dims).double(), atol=1e-4, rtol=0)


def test_components_of_largest_variance_are_kept():
    x = correlated()
    _, projection = whitening(x, 3)
    centred = (x - x.mean(0)).double().numpy()
    _, _, basis = np.linalg.svd(centred, full_matrices=False)
    made = centred @ projection.double().numpy()
    expected = centred @ basis[:3].T
    expected /= expected.std(0)
    # A component is free in its sign alone.
    np.testing.assert_allclose(np.abs((made * expected).mean(0)), 1,
                               atol=1e-5)


def test_what_does_not_vary_becomes_0():
    x = correlated(rank=2)
    mean, projection = whitening(x, 9)  # more than 7, and 2 vary
    assert projection.shape == (7, 9)
    assert (projection[:, 2:] == 0).all() and projection[:, :2].any(0).all()
    made = ((x - mean) @ projection).double()
    expected = torch.diag(torch.tensor([1., 1, *7 * [0]])).double()
    torch.testing.assert_close(made.T @ made / len(made), expected,
                               atol=1e-4, rtol=0)
    _, projection = whitening(torch.ones(5, 3), 2)
    assert (projection == 0).all()


def test_squared_distances_are_the_slow_ones():
    x, centres = torch.randn(6, 3), torch.randn(4, 3)
    expected = [[sum((a - b) ** 2 for a, b in zip(u, v)) for v in centres]
                for u in x]
    torch.testing.assert_close(squared_distances(x, centres),
                               torch.tensor(expected))
    assert (squared_distances(x, x) >= 0).all()  # whatever rounding does


def slow_k_means(x, centres, num_iters):
    """Lloyd's algorithm in loops."""
    for _ in range(num_iters):
        members = [[] for _ in centres]
        for point in x:
            distance = [((point - c) ** 2).sum() for c in centres]
            members[int(np.argmin(distance))].append(point)
        centres = np.stack([np.mean(m, 0) if m else c
                            for m, c in zip(members, centres)])
    return centres


@pytest.mark.parametrize('num_iters', [1, 2, 20])
def test_k_means_against_lloyd_in_loops(num_iters):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(90, 3, generator=generator)
    first = torch.randperm(90, generator=torch.Generator().manual_seed(4))[:7]
    found = k_means(x, 7, torch.Generator().manual_seed(4), num_iters)
    expected = slow_k_means(x.double().numpy(), x[first].double().numpy(),
                            num_iters)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_centre_that_nothing_is_near_stays():
    """Of two equal first centres one gets all the points."""
    x = torch.tensor([[1.], [1.], [1.]])
    found = k_means(x, 2, torch.Generator().manual_seed(0))
    assert found.tolist() == [[1.], [1.]]
    assert torch.isfinite(found).all()


# Segments and labels ---------------------------------------------------------


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
@pytest.mark.parametrize('layout', LAYOUTS)
def test_segments_against_a_slow_loop(layout, frames, length, stride):
    """Any length, also one that is shorter than a stride."""
    made = codebook(layout, fitted=False, length=length, stride=stride)
    layout, x = get_layout(layout), windows(layout, num=2, frames=frames)
    joints = {**layout.limbs, 'midline': layout.midline,
              **{pair: sum((layout.limbs[limb] for limb in limbs), ())
                 for pair, limbs in LIMB_PAIRS.items()}}
    assert list(made.groups) == [*LIMBS, 'midline', *LIMB_PAIRS]
    for group in made.groups:
        expected = slow_segments(x, joints[group], group.startswith('right'),
                                 layout.dims, length, stride)
        found = made.segments(x, group)
        assert expected.shape[1] >= 1
        assert torch.equal(found, expected), group


def slow_distances(made, x, group):
    kind = made.groups[group]
    mean, projection, codes = (getattr(made, f'{name}_{kind}').double()
                               for name in ('mean', 'projection', 'codes'))
    segments = (made.segments(x, group).double() - mean) @ projection
    return (segments[:, :, None] - codes).square().sum(3).sqrt()


@pytest.mark.parametrize('layout', LAYOUTS)
def test_labels_are_the_nearest_codes(layout):
    made, x = codebook(layout), windows(layout, seed=1)
    found = made.labels(x)
    assert found.shape == (6, 6, 7) and found.dtype == torch.int64
    for g, group in enumerate(made.groups):
        assert torch.equal(found[..., g],
                           slow_distances(made, x, group).argmin(2))
        assert len(found[..., g].unique()) > 1


@pytest.mark.parametrize('layout', LAYOUTS)
def test_activations_are_how_much_nearer_than_the_mean(layout):
    """f_k = max(0, mean(z) - z_k): Coates, Lee & Ng, 2011."""
    made, x = codebook(layout), windows(layout, seed=1)
    for group, found in zip(made.groups, made(x)):
        z = slow_distances(made, x, group)
        expected = torch.zeros_like(z)
        for place in np.ndindex(*z.shape):
            expected[place] = max(0, z[place[:2]].mean() - z[place])
        torch.testing.assert_close(found.double(), expected, atol=2e-5,
                                   rtol=1e-4)
        # What is labelled is what is most active.
        assert torch.equal(found.argmax(2), z.argmin(2))


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
        assert not torch.equal(labels[left], labels[right])


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


def state(made):
    return dict(made.state_dict())


def test_fitting_is_that_of_its_seed():
    x = windows(num=24)
    first, again, other = (codebook(fitted=False) for _ in range(3))
    for made, seed in ((first, 3), (again, 3), (other, 4)):
        torch.randn(5)  # what was drawn before does not matter
        made.fit(x, seed)
    assert all(torch.equal(value, state(again)[name])
               for name, value in state(first).items())
    assert not torch.equal(first.codes_arm, other.codes_arm)
    assert torch.equal(first.mean_leg, other.mean_leg) or torch.allclose(
        first.mean_leg, other.mean_leg, atol=1e-5)  # all segments, shuffled


@pytest.mark.parametrize('layout', LAYOUTS)
def test_both_sides_are_fitted_as_one(layout):
    """All arms are whitened together: mean 0, variance 1 over both sides."""
    made, x = codebook(layout, dims=3), windows(layout, num=24)
    for kind in made.kinds:
        of_kind = [g for g, k in made.groups.items() if k == kind]
        assert len(of_kind) == (2 if kind in ('arm', 'leg') else 1)
        all_of_them = torch.cat([made.whitened(x, g).flatten(0, 1)
                                 for g in of_kind]).double()
        torch.testing.assert_close(all_of_them.mean(0),
                                   torch.zeros(3).double(), atol=1e-4, rtol=0)
        torch.testing.assert_close(
            all_of_them.T @ all_of_them / len(all_of_them),
            torch.eye(3).double(), atol=1e-3, rtol=0)
        # Codes are means of what is nearest to them, or nearly so.
        codes = getattr(made, f'codes_{kind}').double()
        nearest = torch.cdist(all_of_them, codes).argmin(1)
        means = torch.stack([all_of_them[nearest == k].mean(0)
                             for k in range(K)])
        assert (means - codes).norm(dim=1).max() < .2


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


def informed(layout='ebedb'):
    torch.manual_seed(0)
    channels = 2 * get_layout(layout).dims
    made = MODELS.build(dict(
        type='mmair.AppendageInformedGCN',
        gcn=backbone('ST-GCN', layout, channels),
        codebook=dict(type='mmair.AppendageCodebook', layout=layout,
                      num_labels=K, length=LENGTH, stride=STRIDE,
                      dims=DIMS)))
    made.init_weights()
    made.codebook.fit(windows(layout, num=24))
    return made.eval()


@pytest.mark.parametrize('frames', [12, 13, 2])
@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_joint_has_the_codes_of_its_limb_and_pair(layout, frames):
    made = informed(layout)
    layout = get_layout(layout)
    x = windows(layout, num=4, frames=frames).unflatten(0, (2, 2))
    with torch.no_grad():
        gcn, maps = made.gcn(x), made(x)
        codes = dict(zip(made.codebook.groups,
                         made.codebook(x.flatten(0, 1))))
    time = gcn.shape[3]
    assert maps.shape == (2, 2, WIDTH + 2 * K, time, len(layout))
    assert torch.equal(maps[:, :, :WIDTH], gcn)
    own, pair = maps[:, :, WIDTH:].flatten(0, 1).split(K, 1)
    for joint in range(len(layout)):
        mine = [g for g in FINE if joint in (
            layout.midline if g == 'midline' else layout.limbs[g])]
        both = [p for p, limbs in LIMB_PAIRS.items()
                if set(mine) & set(limbs)]
        assert len(mine) <= 1 and len(both) <= 1
        for found, groups in ((own, mine), (pair, both)):
            if not groups:
                assert (found[..., joint] == 0).all()
                continue
            of_group = codes[groups[0]]  # (N * M, T_s, K)
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
    expected = made.codebook.labels(flat), made.codebook(flat)[0]
    with torch.autocast('cpu', torch.bfloat16):
        labels, codes = made.codebook.labels(flat), made.codebook(flat)[0]
    assert torch.equal(labels, expected[0])
    assert torch.equal(codes, expected[1])


def test_the_codebook_is_an_appendage_codebook():
    assert isinstance(informed().codebook, AppendageCodebook)
