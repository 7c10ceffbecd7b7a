"""A child of every MMAction2 registry.

``mmair.X`` names are found from configs whose default scope is ``mmaction``,
and MMAction2's own names from configs whose default scope is ``mmair``. A
registry without a child would fall back to mmengine's root silently, so the
children are made in a loop over whatever this MMAction2 has.
"""
import mmaction.registry as mmaction_registry
from mmengine.registry import Registry

_OWN_MODULES = dict(
    DATASETS='mmair.datasets',
    TRANSFORMS='mmair.datasets.transforms',
    MODELS='mmair.models',
    WEIGHT_INITIALIZERS='mmair.models',
    HOOKS='mmair.engine.hooks',
    METRICS='mmair.evaluation',
)


def _children() -> dict:
    children = {}
    for name, parent in vars(mmaction_registry).items():
        if isinstance(parent, Registry) and parent.scope == 'mmaction':
            # A look-up in the child does not import the parent's modules,
            # so the child imports them itself.
            locations = list(parent._locations)
            if name in _OWN_MODULES:
                locations.append(_OWN_MODULES[name])
            children[name] = Registry(
                parent.name, parent=parent, scope='mmair',
                locations=locations)
    return children


globals().update(_children())
