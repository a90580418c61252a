"""``torch.backends`` on a machine without a GPU."""

from __future__ import annotations

from .. import _notes
from . import cuda, cudnn, mps, openmp

__all__ = ["cuda", "cudnn", "mps", "openmp"]

__getattr__ = _notes.absent(__name__)
