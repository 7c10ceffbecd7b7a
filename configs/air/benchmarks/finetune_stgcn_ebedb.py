# Fine-tune the encoder that air_stgcn_ebedb pre-trained.
_base_ = [
    '../../_base_/recognition/air_ebedb.py',
    '../../_base_/schedules/finetune.py',
    '../../_base_/default_runtime.py'
]
