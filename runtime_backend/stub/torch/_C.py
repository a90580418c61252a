"""``torch._C``: the only attribute that build scripts read."""

from __future__ import annotations

from typing import Any

from . import _notes

_absent = _notes.absent(__name__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a boolean
    return _notes.fact("cxx11_abi") if name == "_GLIBCXX_USE_CXX11_ABI" else _absent(name)
