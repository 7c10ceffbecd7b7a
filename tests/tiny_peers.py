"""Peers of AIR, and batches for them, small enough for a test."""
import torch
from tiny_air import NUM_LABELS, WIDTH, backbone, batch

from mmair.layouts import get_layout
from mmair.registry import MODELS

_NECK = dict(type='mmair.ProjectionNeck', in_channels=WIDTH, hid_channels=24,
             out_channels=12)
_QUEUE = dict(type='mmair.ContrastiveHead', in_channels=12)
#: What a method has beside its backbone.
METHODS = dict(
    SkeletonCLR=dict(neck=_NECK, head=_QUEUE),
    AimCLR=dict(neck=_NECK, head=_QUEUE),
    VICReg=dict(neck=_NECK),
    SwAV=dict(neck=_NECK, head=dict(
        type='mmair.DiscreteLabelHead', in_channels=12, hard=False,
        num_labels=NUM_LABELS, queue_length=16)),
    MAMP=dict(head=dict(type='mmair.MaskedMotionHead', in_channels=WIDTH,
                        hid_channels=12)))


def numbers(seed, *shape):
    """The recipe of the inputs that were given to authors' code."""
    return torch.randn(shape, dtype=torch.float64,
                       generator=torch.Generator().manual_seed(seed))


def peer_config(method, layout='ebedb', name='ST-GCN', **changes):
    cfg = dict(type=f'mmair.{method}', **METHODS[method],
               backbone=backbone(name, layout, get_layout(layout).dims),
               **changes)
    if method == 'MAMP':
        cfg['layout'] = layout
    return cfg


def peer_batch(method, layout='ebedb', size=4, seed=0, first=0):
    """Views as the method wants them, with limbs that it must ignore."""
    inputs, samples = batch(layout, size, seed, first)
    if method == 'AimCLR':
        more, _ = batch(layout, size, seed + 1000, first)
        inputs['keypoint'] = torch.cat(
            (inputs['keypoint'], more['keypoint'][:, :1]), 1)
    for sample in samples:
        sample.set_metainfo(dict(key=2**40 + sample.sample_idx))
    return inputs, samples


def ready(cfg, num_recordings=16, progress=0.5):
    """The model as it is in the middle of a training."""
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    model.attach([dict(recording=f'r{i}') for i in range(num_recordings)])
    # No weight stays at a special value: some backbones start with zeros.
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    model.set_progress(progress)
    model.start_epoch()
    return model
