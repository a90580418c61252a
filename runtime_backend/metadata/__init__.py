"""Answering about metadata without the runtime: locking, downloading and sdists must not pull gigabytes.

The ways, in the order in which ``metadata = "auto"`` takes them (design, section 4.5):

``static``  a complete ``[project]`` table answers by itself; the real backend is not called
``stub``    the real backend answers with a stand-in torch, where the real one is not there
``real``    the real backend answers with what is there
"""

from __future__ import annotations

from .pins import with_requirements
from .prepared import Prepared, mark_prepared, read_prepared
from .static import is_complete, named_files, static_metadata, write_static
from .ways import plan_ways

__all__ = [
    "Prepared",
    "is_complete",
    "mark_prepared",
    "named_files",
    "plan_ways",
    "read_prepared",
    "static_metadata",
    "with_requirements",
    "write_static",
]
