"""mmair: self-supervised emotion recognition from body skeletons."""
from mmair import compat
from mmair.version import __version__

compat.apply()

from mmair import registry  # noqa: E402  (the stack must be mended first)

__all__ = ['__version__', 'registry']
