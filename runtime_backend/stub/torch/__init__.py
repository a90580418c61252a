"""A stand-in for torch, for build scripts that run only to get metadata. It compiles and computes nothing."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Sequence
from typing import Any

from . import _C, __config__, _notes, backends, cuda, mps, torch_version, utils, version, xpu

__all__ = [
    "_C",
    "__config__",
    "backends",
    "compiled_with_cxx11_abi",
    "cuda",
    "mps",
    "torch_version",
    "utils",
    "version",
    "xpu",
]

_absent = _notes.absent(__name__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any attribute of torch
    if name == "__version__":
        return torch_version.TorchVersion(_notes.fact("version"))
    if name == "has_cuda":
        return _notes.fact("cuda") is not None
    return _absent(name)


def compiled_with_cxx11_abi() -> bool:
    """Return whether torch is compiled with the C++11 ABI."""
    return bool(_notes.fact("cxx11_abi"))


class _UnknownModules(importlib.abc.MetaPathFinder):
    """The last finder: a module of torch that no other finder has found is missing in the stand-in."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:  # noqa: ANN401, ARG002
        if fullname.startswith(f"{__name__}."):
            raise _notes.NoModuleInStub(_notes.unknown(fullname), name=fullname)


sys.meta_path.append(_UnknownModules())
