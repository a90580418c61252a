"""``torch.backends.openmp``."""

from __future__ import annotations

from .. import _notes

__getattr__ = _notes.absent(__name__)


def is_available() -> bool:
    """Return True: every published torch is built with OpenMP."""
    return True
