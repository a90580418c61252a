"""``torch.backends.cudnn``."""

from __future__ import annotations

from .. import _notes
from ..cuda import is_available

__all__ = ["is_available"]

__getattr__ = _notes.absent(__name__)
