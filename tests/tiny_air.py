"""AIR models, and batches for them, small enough for a test."""
import torch
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope

from mmair.datasets.transforms import AppendagePartition
from mmair.layouts import LIMB_GRAPH, get_layout
from mmair.registry import MODELS

# As in a runner; some of MMAction2's models cannot be built without.
init_default_scope('mmaction')

BACKBONES = {
    'ST-GCN': dict(type='STGCN', graph_cfg=dict(mode='stgcn_spatial')),
    'ST-GCN++': dict(
        type='STGCN', gcn_adaptive='init', gcn_with_res=True,
        tcn_type='mstcn', graph_cfg=dict(mode='spatial')),
    'AAGCN': dict(type='AAGCN', graph_cfg=dict(mode='spatial'))
}
NUM_LABELS = (3, 5)
WIDTH = 16  # of features, 2 * base_channels


NECK = dict(type='mmair.ProjectionNeck', in_channels=WIDTH, hid_channels=24,
            out_channels=12)


def label_head(**changes):
    return dict(dict(type='mmair.DiscreteLabelHead', in_channels=12,
                     num_labels=NUM_LABELS, queue_length=16), **changes)


#: Labels of segments, which AIR has and the ablations leave out.
SEGMENTS = dict(
    codebook=dict(type='mmair.AppendageCodebook', num_labels=6, dims=8),
    segment_head=dict(type='mmair.SegmentLabelHead'))
#: Other readings of the parts of AIR.
ALTERNATIVES = {
    'masked': dict(appendage=dict(type='mmair.MaskedAppendages', neck=NECK)),
    'pooled': dict(appendage=dict(type='mmair.PooledAppendages', neck=NECK)),
    'temporal': dict(head=label_head(type='mmair.TemporalLabelHead',
                                     num_labels=5)),
    'k-means': dict(head=label_head(
        assigner=dict(type='mmair.KMeansAssigner'))),
    'centring': dict(head=label_head(
        assigner=dict(type='mmair.CenteringAssigner'))),
    'uncorrected': dict(refiner=dict(
        type='mmair.AppendageLabelRefiner', num_neighbors=3, interval=1,
        chance_correction=False)),
    'batch_agreement': dict(refiner=dict(type='mmair.BatchAgreementRefiner')),
    'consistency': dict(consistency=dict(type='mmair.ScaleConsistencyLoss'))
}


def backbone(name, graph, in_channels):
    cfg = BACKBONES[name]
    return dict(
        cfg, in_channels=in_channels, base_channels=WIDTH // 2, num_person=1,
        num_stages=3, inflate_stages=[2], down_stages=[3],
        graph_cfg=dict(cfg['graph_cfg'], layout=graph))


def air_config(layout='ebedb', name='ST-GCN', without=(), **changes):
    """AIR on ``layout``, without the parts that are named."""
    dims = get_layout(layout).dims
    cfg = dict(
        type='mmair.AIR',
        layout=layout,
        backbone=backbone(name, layout, dims),
        neck=NECK,
        appendage=dict(type='mmair.AppendageEncoder',
                       backbone=backbone(name, LIMB_GRAPH, 2 * dims),
                       neck=NECK),
        head=label_head(),
        refiner=dict(type='mmair.AppendageLabelRefiner', num_neighbors=3,
                     interval=1),
        alignment=dict(type='mmair.MultiGranularityAlignmentLoss'))
    cfg.update(changes)
    return {k: v for k, v in cfg.items() if k not in without}


def batch(layout='ebedb', size=4, seed=0, first=0):
    """Two views of samples: inputs and data samples without labels."""
    layout = get_layout(layout)
    generator = torch.Generator().manual_seed(seed)
    shape = size, 2, 1, 16, len(layout), layout.dims
    x = torch.randn(shape, generator=generator)
    # Every view is in a posture of its own.
    x += 2 * torch.randn(*shape[:3], 1, *shape[4:], generator=generator)
    samples = [ActionDataSample(metainfo=dict(sample_idx=i))
               for i in range(first, first + size)]
    return dict(keypoint=x, appendages=AppendagePartition.partition(
        x, layout)), samples


def views(layout='ebedb', size=4, seed=1):
    """As ``batch``, with other views that pass for the undisturbed ones."""
    inputs, samples = batch(layout, size, seed)
    generator = torch.Generator().manual_seed(100 + seed)
    inputs['undisturbed'] = torch.randn(
        inputs['keypoint'].shape, generator=generator).cumsum(3)
    return inputs, samples


def set_gt_label(sample, label):
    """In mmaction2 1.1.0 as in later releases."""
    name = 'set_gt_labels' if hasattr(sample, 'set_gt_labels') else \
        'set_gt_label'
    getattr(sample, name)(label)


def train_ready(cfg, num_recordings=12, seed=0):
    """The model as it is in the middle of a training, limbs voting."""
    torch.manual_seed(seed)
    model = MODELS.build(cfg)
    model.init_weights()
    model.attach([dict(recording=f'r{i // 2}')
                  for i in range(num_recordings)])
    # No weight stays at a special value: some backbones start with zeros.
    with torch.no_grad():
        for part in (model.student, model.teacher):
            for weight in part.parameters():
                weight.add_(0.05 * torch.randn_like(weight))
    model.set_progress(0.5)
    model.start_epoch()
    if model.refiner:
        for first in range(0, num_recordings, 4):
            with torch.no_grad():
                model(*batch(cfg['layout'], seed=first, first=first),
                      mode='loss')
        model.end_epoch(1)
        if hasattr(model.refiner, 'agreement'):
            model.refiner.agreement.uniform_()  # so few seldom agree
    return model


def total(losses):
    return sum(v for k, v in losses.items() if k.startswith('loss'))


def check_gradients(model):
    """Every weight has a finite gradient, the teacher's have none."""
    for key, weight in model.named_parameters():
        if key.startswith('teacher.'):
            assert not weight.requires_grad and weight.grad is None, key
            continue
        assert weight.grad is not None, key
        assert torch.isfinite(weight.grad).all(), key
        # A bias ahead of a batch norm has the gradient 0.
        if weight.ndim > 1:
            assert (weight.grad != 0).any(), key
