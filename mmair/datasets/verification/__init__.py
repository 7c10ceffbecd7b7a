"""Whether an annotation file holds what it says: checks that a person reads.

:func:`verify` looks at one recording after the other and returns a
:class:`Report` of counts, ranges and :class:`Finding` s.
"""
from .finding import Finding
from .report import NO_ACTOR, UNLABELLED, Report, verify

__all__ = ['Finding', 'NO_ACTOR', 'Report', 'UNLABELLED', 'verify']
