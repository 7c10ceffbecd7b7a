# AIR on ST-GCN++: adaptive graphs and multi-scale temporal convolution.
_base_ = 'air_stgcn_ebedb.py'
stgcnpp = dict(
    gcn_adaptive='init', gcn_with_res=True, tcn_type='mstcn',
    graph_cfg=dict(mode='spatial'))
model = dict(backbone=stgcnpp, appendage=dict(backbone=stgcnpp))
