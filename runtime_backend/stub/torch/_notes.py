"""The stand-in's facts, and the file in which it records what it was asked.

Both are in the folder that ``RUNTIME_BACKEND_STUB`` names: ``facts.json`` (see ``facts.py`` of the shim), and
``notes.jsonl`` with a line for each question whose answer may differ from the real torch's: ``["guessed", NAME]`` for a
guessed fact, ``["unknown", NAME]`` for an attribute that the stand-in lacks. It is a file because build scripts start
other interpreters, which also see the stand-in.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VARIABLE = "RUNTIME_BACKEND_STUB"

_FOREIGN = ("npu", "mlu", "musa", "corex", "sdaa", "gcu", "hpu", "privateuseone")
"""Attributes that torch itself never has: plug-ins and forks add them, and build scripts check for them."""


class NotInStub(AttributeError):  # noqa: N818 - it names a fact, not a failure
    """The stand-in lacks an attribute. hasattr() catches the AttributeError, but the answer is discarded."""


class NoModuleInStub(ModuleNotFoundError):  # noqa: N818 - it names a fact, not a failure
    """The stand-in lacks a module."""


def fact(name: str) -> Any:  # noqa: ANN401 - a string, a boolean or None
    """Return a fact of the stand-in; a guess is recorded."""
    facts = json.loads((_folder() / "facts.json").read_text("utf-8"))
    if name in facts["guessed"]:
        _note("guessed", f"torch.{name}")
    return facts[name]


def absent(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of one of the stand-in's modules."""

    def __getattr__(name: str) -> Any:  # noqa: ANN401, N807 - PEP 562
        if name.startswith("__") or name in _FOREIGN or _is_submodule(module, name):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise NotInStub(unknown(f"{module}.{name}"))

    return __getattr__


def _is_submodule(module: str, name: str) -> bool:
    """Return whether a name is a submodule: ``from torch.utils import cpp_extension`` tries the attribute first."""
    folders = getattr(sys.modules[module], "__path__", [])
    return any((Path(folder) / f"{name}.py").is_file() or (Path(folder) / name).is_dir() for folder in folders)


def unknown(name: str) -> str:
    """Record that something was asked for which the stand-in lacks; return the message."""
    dotted = name[name.find("torch") :]
    _note("unknown", dotted)
    return f"the stand-in torch, which runtime-backend uses to get metadata, has no {dotted}"


def _note(kind: str, name: str) -> None:
    with (_folder() / "notes.jsonl").open("a", encoding="utf-8") as notes:
        notes.write(f"{json.dumps([kind, name])}\n")


def _folder() -> Path:
    return Path(os.environ[VARIABLE])
