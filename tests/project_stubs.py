"""A checkout of MMAction2 with two small projects in it.

As in the real one both packages are named ``models``, have a module of the
same name and register their class, and MSG3D takes three channels alone.
"""
from pathlib import Path

_UTILS = '''
PROJECT = '{project}'
'''
_CTRGCN = '''
import torch
from mmaction.models.utils import Graph, unit_tcn
from mmaction.registry import MODELS
from mmengine.model import BaseModule

from .utils import PROJECT


@MODELS.register_module()
class CTRGCN(BaseModule):

    def __init__(self, graph_cfg, in_channels=3, base_channels=64,
                 num_person=2, inflate_stages=(5, 8), **kwargs):
        super().__init__()
        self.project = PROJECT
        self.graph = Graph(**graph_cfg)
        A = torch.tensor(self.graph.A, dtype=torch.float32)
        self.A = torch.nn.Parameter(A)
        self.data_bn = torch.nn.BatchNorm1d(
            num_person * in_channels * A.size(1))
        self.tcn = unit_tcn(
            in_channels, base_channels * 2**len(inflate_stages), stride=2)

    def forward(self, x):
        N, M, T, V, C = x.size()
        x = x.permute(0, 1, 3, 4, 2).reshape(N, M * V * C, T)
        x = self.data_bn(x).view(N * M, V, C, T).permute(0, 2, 3, 1)
        x = torch.relu(self.tcn(x @ self.A.sum(0)))
        return x.reshape((N, M) + x.shape[1:])
'''
_MSG3D = '''
import torch
from mmaction.models.utils import Graph
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import nn

from .utils import PROJECT


class Scales(nn.Module):

    def __init__(self, out_channels, A):
        super().__init__()
        self.A = nn.Parameter(torch.stack((torch.eye(len(A)), A)))
        self.mlp = nn.Module()
        self.mlp.layers = nn.ModuleList(
            [nn.Conv2d(3 * 2, out_channels, 1)])

    def forward(self, x):
        x = torch.einsum('kvu,nctv->nkctu', self.A, x).flatten(1, 2)
        return self.mlp.layers[0](x)


class Path(nn.Module):

    def __init__(self, *args):
        super().__init__()
        self.gcn3d = nn.Sequential(nn.Identity(), Scales(*args))

    def forward(self, x):
        return self.gcn3d(x)


@MODELS.register_module()
class MSG3D(BaseModule):

    def __init__(self, graph_cfg, in_channels=3, base_channels=96,
                 num_person=2, num_gcn_scales=13, num_g3d_scales=6):
        super().__init__()
        self.project = PROJECT
        self.graph = Graph(**graph_cfg)
        A = torch.tensor(self.graph.A[0], dtype=torch.float32)
        self.in_channels = in_channels
        self.data_bn = nn.BatchNorm1d(len(A) * in_channels * num_person)
        width = 4 * base_channels
        self.gcn3d1 = nn.Module()
        self.gcn3d1.gcn3d = nn.ModuleList(
            [Path(width, A), Path(width, A)])
        self.sgcn1 = nn.Sequential(Scales(width, A))

    def forward(self, x):
        N, M, T, V, C = x.size()
        x = x.permute(0, 1, 3, 4, 2).reshape(N, M * V * C, T)
        x = self.data_bn(x).view(N * M, V, C, T).permute(0, 2, 3, 1)
        x = torch.relu(self.sgcn1(x)
                       + sum(path(x) for path in self.gcn3d1.gcn3d))
        return x.reshape((N, M) + x.shape[1:])
'''


def write_checkout(root: Path) -> Path:
    """Write the files below ``root``."""
    for project, name, text in (('ctrgcn', 'CTRGCN', _CTRGCN),
                                ('msg3d', 'MSG3D', _MSG3D)):
        package = root / 'projects' / project / 'models'
        package.mkdir(parents=True)
        (package / '__init__.py').write_text(
            f'from .{project} import {name}\n\n__all__ = [{name!r}]\n')
        (package / f'{project}.py').write_text(text)
        (package / 'utils.py').write_text(_UTILS.format(project=project))
    return root
