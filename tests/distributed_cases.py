"""What one process and two compute on the same data.

A case gets a function that cuts this process's part out of a batch and
returns tensors: ``labels...`` of its samples, ``loss...`` of its part,
``grad_input...`` of its samples, ``grad...`` of weights, ``state...`` that
every process must have alike.
"""
import gc
from functools import partial

import torch
import torch.distributed as torch_dist
from mmengine.dist import all_reduce_params
from mmengine.model import MMDistributedDataParallel
from tiny_air import (ALTERNATIVES, air_config, batch, label_head,
                      train_ready)
from tiny_peers import METHODS, peer_batch, peer_config, ready

from mmair.models.heads import DiscreteLabelHead
from mmair.models.losses import MultiGranularityAlignmentLoss
from mmair.models.pretrainers.air import Features
from mmair.models.refiners import AppendageLabelRefiner

SIZE = 8


def doubles(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def head(part):
    """Three batches with a queue: labels, loss and gradients."""
    torch.manual_seed(0)
    model = DiscreteLabelHead(6, num_labels=(3, 5), queue_length=20).double()
    result = {}
    for step in range(3):
        labels = model.assign(part(doubles(SIZE, 6, seed=step)))
        z = part(doubles(SIZE, 6, seed=10 + step)).requires_grad_()
        model.zero_grad()
        loss = model.loss(z, labels)['loss_body']
        loss.backward()
        result.update({f'labels{step}{r}': y for r, y in enumerate(labels)})
        result[f'loss{step}'] = loss
        result[f'grad_input{step}'] = z.grad
        result.update({f'grad{step}{r}': p.grad
                       for r, p in enumerate(model.prototypes)})
    return dict(result, state=model.queue, state_filled=model.queue_filled)


def refiner(part):
    """Features as they pass by, agreement, refined labels."""
    torch.manual_seed(0)
    num = 6 * SIZE
    model = AppendageLabelRefiner(num_neighbors=4)
    model.allocate(torch.arange(num) // 2, 6, (4, 5))
    model.double()
    body, limbs = doubles(num, 6), doubles(num, 4, 5, seed=1)
    limbs[:, 0] += 3 * body[:, :5]
    for index in torch.randperm(num).split(SIZE):
        index = part(index)
        model.observe(index, body[index], limbs[index])
    model.refresh(2, 0.5)
    index = part(torch.arange(SIZE))
    labels = [part(doubles(SIZE, k, seed=k)).softmax(1) for k in (3, 5)]
    votes = [part(doubles(SIZE, 4, k, seed=k)).softmax(2) for k in (3, 5)]
    refined, agreement = model(labels, labels, votes, index)
    return dict(labels0=refined[0], labels1=refined[1],
                labels_agreement=agreement, state=model.agreement,
                state_ratio=model.chance_ratio)


def alignment(part):
    """Losses of which two need the whole batch."""
    x = [part(doubles(SIZE, 7, 6, seed=s)).requires_grad_()
         for s in range(5)]
    losses = MultiGranularityAlignmentLoss()(*x)
    sum(losses.values()).backward()
    return dict(losses, **{f'grad_input{i}': v.grad
                           for i, v in enumerate(x) if v.grad is not None})


def air(part, without=(), train=False, **changes):
    """Two steps of AIR; between them everything follows."""
    model = train_ready(air_config(without=without, **changes),
                        num_recordings=16)
    model.head.queue_filled.zero_()  # two processes have filled it twice
    if hasattr(model.head.assigner, 'center'):
        model.head.assigner.center.zero_()  # rounded to float32 until now
    model.double().train(train)
    if part.world > 1:
        # An unused parameter is an error.
        wrapped = MMDistributedDataParallel(
            model, find_unused_parameters=False, broadcast_buffers=False)
    else:
        wrapped = model
        if train:
            for net in (model.student, model.teacher):
                net.forward = in_halves(net.forward)
    optim = torch.optim.SGD([p for p in model.parameters()
                             if p.requires_grad], lr=0.05)
    result = {}
    for step in range(2):
        inputs, samples = batch(size=SIZE, seed=step, first=step * SIZE)
        inputs = {k: part(v.double()) for k, v in inputs.items()}
        model.set_progress(step / 2)  # prototypes are frozen at first
        model.start_epoch()
        optim.zero_grad()
        losses = wrapped(inputs, part(samples), mode='loss')
        # What is of one process's samples; the rest is of all.
        total, _ = model.parse_losses(losses)
        total.backward()
        result.update({f'{k}{step}' if k.startswith('loss') else
                       f'loss_{k}{step}': v for k, v in losses.items()
                       if k != 'z_std'})
        result.update({f'grad{step}.{k}': p.grad.clone()
                       for k, p in model.named_parameters()
                       if p.requires_grad})
        optim.step()
        model.after_step()
        kept = {k: v.clone() for k, v in model.named_buffers()
                if k == 'refiner.agreement'}
        model.end_epoch(step + 1)
        for name in KEPT:
            state = dict(model.named_buffers()).get(name)
            if state is not None:
                result[f'state_{name.replace(".", "_")}{step}'] = state.clone()
        if kept:  # so few seldom agree
            model.refiner.agreement.copy_(kept['refiner.agreement'])
        result[f'state_queue{step}'] = model.head.queue.sum(0)
        result[f'state_codes{step}'] = model.codes.clone()
    if part.world > 1:
        # MMEngine's SyncBuffersHook; what is alike already must stay.
        all_reduce_params(wrapped.buffers(), op='mean')
        assert torch.equal(result['state_codes1'], model.codes)
    return result


#: Buffers that every process has alike.
KEPT = ('refiner.agreement', 'refiner.body_bank', 'refiner.last_agreement',
        'head.assigner.bank', 'head.assigner.centroids',
        'head.assigner.center', 'consistency.given_0')


def in_halves(forward):
    """Pass what two processes would have through batch norm apart."""
    def split(skeleton, appendages=None, spans=()):
        index = torch.arange(2 * SIZE).view(2, 2, SIZE // 2)  # view, rank
        index = index.transpose(0, 1).flatten(1)
        parts = [forward(skeleton[i], None if appendages is None else
                         appendages[i], spans) for i in index]
        back = index.flatten().argsort()
        return Features(*(None if halves[0] is None else
                          torch.cat(halves)[back] for halves in zip(*parts)))
    return split


def peer(part, method):
    """Two steps of a method beside AIR; queues follow, neighbours count."""
    model = ready(peer_config(method)).double().eval()
    wrapped = model if part.world == 1 else MMDistributedDataParallel(
        model, find_unused_parameters=False, broadcast_buffers=False)
    optim = torch.optim.SGD([p for p in model.parameters()
                             if p.requires_grad], lr=0.05)
    result = {}
    for step in range(2):
        inputs, samples = peer_batch(method, size=SIZE, seed=step,
                                     first=step * SIZE)
        model.set_progress(0.25 + step / 2)
        optim.zero_grad()
        losses = wrapped(dict(keypoint=part(inputs['keypoint'].double())),
                         part(samples), mode='loss')
        model.parse_losses(losses)[0].backward()
        result.update({f'{k}{step}': v for k, v in losses.items()
                       if k != 'z_std'})
        result.update({f'grad{step}.{k}': p.grad.clone()
                       for k, p in model.named_parameters()
                       if p.requires_grad})
        optim.step()
        model.after_step()
        for name in ('codes', 'head.queue'):
            if name in model.state_dict():
                state = model.state_dict()[name]
                # The head of AIR keeps both views process by process.
                result[f'state_{name}{step}'] = (
                    state.sum(0) if method == 'SwAV' else state).clone()
    return result


CASES = dict(
    head=head,
    refiner=refiner,
    alignment=alignment,
    air=air,
    air_labels_only=lambda part: air(
        part, without=('refiner', 'alignment', 'appendage')),
    air_labels_and_limbs=lambda part: air(
        part, without=('refiner', 'alignment')),
    air_train=lambda part: air(part, train=True),
    # Where two processes hand it in, the queue is in another order.
    air_temporal_k_means=partial(air, **{
        **ALTERNATIVES['pooled'], 'head': label_head(
            type='mmair.TemporalLabelHead', num_labels=5, queue_length=0,
            assigner=dict(type='mmair.KMeansAssigner'))}),
    air_batch_agreement=partial(air, **{
        **ALTERNATIVES['masked'], **ALTERNATIVES['batch_agreement'],
        **ALTERNATIVES['consistency'], 'head': label_head(
            queue_length=0, assigner=dict(type='mmair.CenteringAssigner'))}),
    **{method: partial(peer, method=method) for method in METHODS})


class Part:
    """This process's part of a batch."""

    def __init__(self, rank=0, world=1):
        self.rank, self.world = rank, world

    def __call__(self, x):
        size = len(x) // self.world
        return x[self.rank * size:(self.rank + 1) * size]


def run(part):
    results = {}
    for name, case in CASES.items():
        results[name] = {k: v.detach().clone()
                         for k, v in case(part).items()}
    return results


def worker(rank, world, folder):
    torch.set_num_threads(1)
    torch_dist.init_process_group('gloo', rank=rank, world_size=world,
                                  init_method=f'file://{folder}/meeting')
    torch.save(run(Part(rank, world)), f'{folder}/{rank}.pt')
    gc.collect()  # of models that hold the group
    torch_dist.destroy_process_group()
