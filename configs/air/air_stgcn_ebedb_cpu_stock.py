# air_stgcn_ebedb_cpu on what MMAction2's own transforms make of a recording,
# for an ablation: the spine of the first frame is turned upright (lean is
# gone), everything is seen from one joint of the first frame, in metres, and
# each recording, whatever its length, is stretched to 64 frames (tempo is
# gone). The augmentations are the same.
_base_ = 'air_stgcn_ebedb_cpu.py'
prepare = [
    dict(
        type='mmair.StockTransforms',
        transforms=[
            # Hips and Chest; right and left shoulder.
            dict(type='PreNormalize3D', zaxis=[0, 1], xaxis=[8, 12])
        ])
]
stretch = [dict(type='PoseDecode'), dict(type='FormatGCNInput', num_person=1)]
train_dataloader = dict(
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(
                type='mmair.StockTransforms',
                transforms=[
                    dict(type='UniformSampleFrames', clip_len=64, num_clips=2),
                    *stretch
                ]), *_base_.train_dataloader.dataset.pipeline[1:]
        ]))
val_dataloader = dict(
    dataset=dict(
        prepare=prepare,
        pipeline=[
            dict(
                type='mmair.StockTransforms',
                transforms=[
                    dict(type='UniformSampleFrames', clip_len=64, num_clips=4,
                         test_mode=True), *stretch
                ]), *_base_.val_dataloader.dataset.pipeline[1:]
        ]))
