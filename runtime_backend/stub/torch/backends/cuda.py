"""``torch.backends.cuda``."""

from __future__ import annotations

from .. import _notes

__getattr__ = _notes.absent(__name__)


def is_built() -> bool:
    """Return whether torch is built for CUDA."""
    return _notes.fact("cuda") is not None
