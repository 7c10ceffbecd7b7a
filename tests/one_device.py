"""A device that no machine lacks, and a judge of what mixes it with the CPU.

Tensors on ``meta`` have shapes and no numbers, and go through the same code
as those on a GPU.
"""
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

#: Operations that take tensors of several devices.
_ACROSS = ('aten::copy_', 'aten::_to_copy', 'aten::_index_put_impl_',
           'aten::index', 'aten::index_put', 'aten::index_put_')
#: What reads a number, as ``item``.
_READ = torch.ops.aten._local_scalar_dense.default


def _ones(x):
    return torch.ones(x.shape, dtype=x.dtype) if x.is_meta else x


class OneDevice(TorchDispatchMode):
    """Within it, operations on tensors of two devices are an error.

    Scalars may be of the CPU, as on a GPU. Where numbers are needed, those of
    a tensor that has none are ones.
    """

    def __enter__(self):
        self.autocast = mock.patch.object(  # there is none of this device
            torch, 'autocast', mock.MagicMock())
        self.autocast.start()
        return super().__enter__()

    def __exit__(self, *error):
        self.autocast.stop()
        return super().__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [x for x in tree_flatten((args, kwargs))[0]
                   if isinstance(x, torch.Tensor)]
        devices = {x.device.type for x in tensors if x.dim()}
        if len(devices) > 1 and func._schema.name not in _ACROSS:
            raise AssertionError(f'{func} of tensors on {sorted(devices)}')
        meta = any(x.is_meta for x in tensors)
        if not (meta and func is _READ):
            try:
                return func(*args, **kwargs)
            except NotImplementedError:  # what needs numbers
                if not meta:
                    raise
        args, kwargs = tree_map_only(torch.Tensor, _ones, (args, kwargs))
        out = func(*args, **kwargs)
        if str(kwargs.get('device')) == 'cpu':  # copied on purpose
            return out
        return tree_map_only(torch.Tensor, lambda x: x.to('meta'), out)


def to_device(x):
    """A batch on the device of :class:`OneDevice`."""
    if isinstance(x, dict):
        return {key: to_device(value) for key, value in x.items()}
    return x.to('meta')
