# Fine-tune the encoder that air_stgcn_ntu60_3d pre-trained. Built and stepped
# on small files of MMAction2's format; not trained on the real file.
_base_ = [
    '../../_base_/recognition/ntu60_3d.py',
    '../../_base_/schedules/finetune.py',
    '../../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmair.AppendageInformedGCN',
        gcn=_base_.model.backbone,
        codebook=dict(type='mmair.AppendageCodebook', layout='nturgb+d'),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/air_stgcn_ntu60_3d/encoder.pth')),
    # Channels of the GCN, and codes: fine and coarse, 3 streams of 128.
    cls_head=dict(in_channels=64 + 2 * 3 * 128, layout='nturgb+d'))
