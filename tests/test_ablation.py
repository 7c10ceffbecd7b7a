"""Every part and reading of AIR builds, is what it says, and makes a step."""
import functools

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from tiny_air import set_gt_label  # noqa: F401  (sets the default scope)
from tiny_runs import ROOT

from mmair.evaluation.preset import load_preset
from mmair.models import (AppendageEncoder, AppendageLabelRefiner,
                          BatchAgreementRefiner, CenteringAssigner,
                          DiscreteLabelHead, KMeansAssigner, MaskedAppendages,
                          MultiGranularityAlignmentLoss, PooledAppendages,
                          ScaleConsistencyLoss, SinkhornAssigner,
                          TemporalLabelHead)
from mmair.registry import DATASETS, MODELS

#: All of AIR, and in what each row differs from it.
WHOLE = dict(limbs=AppendageEncoder, head=DiscreteLabelHead,
             assigner=SinkhornAssigner, scales=3, hard=True,
             refiner=AppendageLabelRefiner, corrected=True,
             alignment=MultiGranularityAlignmentLoss, consistency=None,
             segments=True, lr=2e-3, stretched=False)
_ALONE = dict(alignment=None)
_NO_VOTE = dict(_ALONE, refiner=None, corrected=None)
ROWS = {
    'AMDL': dict(_NO_VOTE, limbs=None),
    'AMDL + ASP': _NO_VOTE,
    'AMDL + ASP + ALR': _ALONE,
    'AMDL + ASP + ALR + MGAA': {},
    'the same, untrained': dict(lr=0.),
    'AMDL, no labels of segments': dict(
        _NO_VOTE, limbs=None, segments=False),
    'AMDL + ASP, no labels of segments': dict(_NO_VOTE, segments=False),
    'AMDL + ASP + ALR, no labels of segments': dict(_ALONE, segments=False),
    'AMDL + ASP + ALR + MGAA, no labels of segments': dict(segments=False),
    'the same, limbs by masking': dict(limbs=MaskedAppendages),
    'the same, limbs pooled from the body': dict(limbs=PooledAppendages),
    'the same, one scale': dict(scales=1),
    'the same, scales of time': dict(head=TemporalLabelHead, scales=1),
    'the same, soft labels': dict(hard=False),
    'the same, k-means labels': dict(assigner=KMeansAssigner),
    'the same, centred labels': dict(assigner=CenteringAssigner),
    'the same, centred soft labels': dict(assigner=CenteringAssigner,
                                          hard=False),
    'the same, agreement as it is': dict(corrected=False),
    'the same, agreement in the batch': dict(refiner=BatchAgreementRefiner,
                                             corrected=None),
    'the same, consistent scales': dict(consistency=ScaleConsistencyLoss),
    'the same, stock pipeline': dict(stretched=True)
}
init_default_scope('mmaction')


@functools.cache
def presets():
    """Of the parts, and of the readings, which begin with all of AIR."""
    return [load_preset(str(ROOT / f'tools/benchmarks/presets/{name}.py'))
            for name in ('ablation', 'readings')]


def kind(module):
    return None if module is None else type(module)


def test_no_row_is_forgotten():
    trained = [[n for n, row in preset.rows.items() if
                row.kind == 'pretrained' and not row.get('gcn_alone')]
               for preset in presets()]
    assert list(dict.fromkeys(sum(trained, []))) == list(ROWS)
    parts, readings = presets()
    assert trained[1][0] == readings.subject == parts.subject
    assert readings.rows[readings.subject] == parts.rows[parts.subject]
    # The others are these, read without codes: of the readings each one.
    for preset in presets():
        for name, row in preset.rows.items():
            if row.get('gcn_alone'):
                assert dict(row, gcn_alone=None) == dict(
                    preset.rows[name.removesuffix(', GCN alone')],
                    gcn_alone=None)
    assert all(f'{name}, GCN alone' in readings.rows for name in trained[1])


@pytest.mark.parametrize('name', ROWS)
def test_row_is_what_it_says_and_makes_a_step(name, ann_files):
    preset = next(p for p in presets() if name in p.rows)
    row = preset.rows[name]
    cfg = Config.fromfile(ROOT / row.config)
    for changes in (preset.options, row.options):  # as compare.py does
        cfg.merge_from_dict(dict(changes))
    source = cfg.train_dataloader.dataset
    source.ann_file = str(ann_files('mmair.EBEDBDataset'))
    data = DATASETS.build(source)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    refiner = model.refiner
    assert dict(
        limbs=kind(model.student.appendage), head=type(model.head),
        assigner=type(model.head.assigner),
        scales=len(model.head.num_labels), hard=model.head.hard,
        refiner=kind(refiner),
        corrected=getattr(refiner, 'chance_correction', None),
        alignment=kind(model.alignment), consistency=kind(model.consistency),
        segments=bool(model.segment_head and model.codebook),
        lr=cfg.optim_wrapper.optimizer.lr,
        stretched=source.pipeline[0].type == 'mmair.StockTransforms'
    ) == {**WHOLE, **ROWS[name]}

    model.init_weights()
    model.attach(data.recordings)
    model.set_progress(0.5)
    samples = data.__getitems__(list(range(4)))
    inputs = {key: torch.stack([s['inputs'][key] for s in samples])
              for key in samples[0]['inputs']}
    loss, _ = model.parse_losses(model(
        inputs, [s['data_samples'] for s in samples], mode='loss'))
    loss.backward()
    assert torch.isfinite(loss)
