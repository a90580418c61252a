"""``torch.xpu`` on a machine without a GPU."""

from __future__ import annotations

from . import _notes
from .cuda import device_count, is_available

__all__ = ["device_count", "is_available"]

__getattr__ = _notes.absent(__name__)
