"""CTR-GCN and MS-G3D, from the user's checkout of MMAction2."""
from typing import Any, Optional

from torch import nn

from mmair.errors import InputError
from mmair.registry import MODELS

from .checkout import project_class


@MODELS.register_module()
def CTRGCN(graph_cfg: dict,
           root: Optional[str] = None,
           num_person: int = 1,
           **kwargs: Any) -> nn.Module:
    """CTR-GCN (Chen et al., ICCV 2021) of ``projects/ctrgcn``.

    Runs the code of the checkout.

    Args:
        graph_cfg (dict): As of MMAction2's ``Graph``; ``mode`` is 'spatial'
            where it is left out.
        root (str, optional): A checkout of MMAction2; by default the
            environment variable ``MMACTION2_ROOT``.
        num_person (int): Persons M of a sample, to which the first batch norm
            is tied. Defaults to 1, not to MMAction2's 2.
        **kwargs: Further arguments of the class: ``in_channels``,
            ``base_channels``, ``num_stages``, ``inflate_stages``,
            ``down_stages``, ``tcn_dropout``.

    Returns:
        nn.Module: ``(N, M, T, V, C)`` to ``(N, M, C', T', V)``.
    """
    graph_cfg = dict(dict(mode='spatial'), **graph_cfg)
    return project_class('ctrgcn', 'CTRGCN', root)(
        graph_cfg=graph_cfg, num_person=num_person, **kwargs)


@MODELS.register_module()
def MSG3D(graph_cfg: dict,
          root: Optional[str] = None,
          in_channels: int = 3,
          num_person: int = 1,
          **kwargs: Any) -> nn.Module:
    """MS-G3D (Liu et al., CVPR 2020) of ``projects/msg3d``.

    Runs the code of the checkout. That one takes three channels whatever it
    is told; here its first convolutions are made as wide as ``in_channels``.

    Args:
        graph_cfg (dict): As of MMAction2's ``Graph``; ``mode`` is
            'binary_adj', the only one that MS-G3D is made for.
        root (str, optional): As of :func:`CTRGCN`.
        in_channels (int): Channels C. Defaults to 3.
        num_person (int): As of :func:`CTRGCN`.
        **kwargs: Further arguments of the class: ``base_channels``,
            ``num_gcn_scales``, ``num_g3d_scales``, ``tcn_dropout``.

    Returns:
        nn.Module: ``(N, M, T, V, C)`` to ``(N, M, 4 * base_channels, T',
        V)``.

    Raises:
        InputError: On another ``mode``, of which it would read one part.
    """
    graph_cfg = dict(dict(mode='binary_adj'), **graph_cfg)
    if graph_cfg['mode'] != 'binary_adj':
        raise InputError(f'mmair.MSG3D: graph_cfg.mode is '
                         f'{graph_cfg["mode"]!r}, expected \'binary_adj\'; '
                         'leave it out')
    net = project_class('msg3d', 'MSG3D', root)(
        graph_cfg=graph_cfg, num_person=num_person, **kwargs)
    if in_channels != net.in_channels:
        _widen(net, in_channels)
    return net


def _widen(net: nn.Module, in_channels: int) -> None:
    """Give an MS-G3D of three channels another number of them."""
    joints = net.data_bn.num_features // net.in_channels
    net.data_bn = nn.BatchNorm1d(joints * in_channels)
    for mlp in [net.sgcn1[0].mlp,
                *(path.gcn3d[1].mlp for path in net.gcn3d1.gcn3d)]:
        first = mlp.layers[0]
        mlp.layers[0] = nn.Conv2d(
            first.in_channels // net.in_channels * in_channels,
            first.out_channels, kernel_size=1)
    net.in_channels = in_channels
