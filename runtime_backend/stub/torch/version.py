"""``torch.version``."""

from __future__ import annotations

from typing import Any

from . import _notes

debug = False

_absent = _notes.absent(__name__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a string or None
    if name in ("cuda", "hip", "rocm", "xpu", "git_version"):
        return _notes.fact(name)
    return _notes.fact("version") if name == "__version__" else _absent(name)
