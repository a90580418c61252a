"""``torch.utils``."""

from __future__ import annotations

from pathlib import Path

from .. import _notes

__getattr__ = _notes.absent(__name__)

cmake_prefix_path = str(Path(__file__).parents[1] / "share" / "cmake")
