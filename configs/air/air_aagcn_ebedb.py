# AIR on 2s-AGCN's adaptive graph convolution (AAGCN).
_base_ = 'air_stgcn_ebedb.py'
aagcn = dict(type='AAGCN', graph_cfg=dict(mode='spatial'))
model = dict(backbone=aagcn, appendage=dict(backbone=aagcn))
