"""Two processes compute what one computes."""
import distributed_cases
import pytest
import torch


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    """Of one process, and of two."""
    folder = tmp_path_factory.mktemp('gloo')
    torch.multiprocessing.spawn(distributed_cases.worker, (2, str(folder)), 2)
    # One thread, as the two have: with two threads the refined labels of the
    # whole model differ by 3e-9, about the rounding of float32 state.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    one = distributed_cases.run(distributed_cases.Part())
    torch.set_num_threads(threads)
    return one, [torch.load(folder / f'{rank}.pt') for rank in (0, 1)]


def merge(name, parts):
    """Two processes' tensors as the one that they stand for."""
    if name.startswith('labels'):
        return torch.cat(parts)
    if name.startswith('grad_input'):  # of the mean of both losses
        return torch.cat(parts) / 2
    if name.startswith('state'):
        assert torch.equal(*parts)
        return parts[0]
    return sum(parts) / 2


@pytest.mark.parametrize('case', distributed_cases.CASES)
def test_two_processes_are_one(results, case):
    one, two = results[0][case], [r[case] for r in results[1]]
    assert set(one) == set(two[0]) == set(two[1])
    if any('.' in name for name in one):  # averaged by DistributedDataParallel
        for name in one:
            if name.startswith('grad'):
                assert torch.equal(two[0][name], two[1][name]), name
    for name, expected in one.items():
        found = merge(name, [r[name] for r in two])
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9,
                                   msg=lambda m, n=name: f'{n}: {m}')


def test_the_cases_are_no_trifles(results):
    one = results[0]
    assert one['head']['state_filled'] == 20
    assert ((one['refiner']['state'] > 0) & (one['refiner']['state'] < 1)
            ).any()
    assert one['air']['loss_refined1'] > 0
    assert one['air_temporal_k_means']['state_head_assigner_centroids1'].any()
    assert one['air_batch_agreement']['state_head_assigner_center1'].any()
    assert one['air_batch_agreement']['loss_consistency1'] > 0
    assert one['air_batch_agreement']['loss_refined1'] > 0
    # Batch norm of halves is not that of the whole.
    assert (one['air']['loss_body0'] - one['air_train']['loss_body0']
            ).abs() > 1e-3
    for scale in (0, 1):
        name = f'head.prototypes.{scale}'
        assert (one['air'][f'grad0.{name}'] == 0).all()
        assert (one['air'][f'grad1.{name}'] != 0).any()
