"""What the stand-in knows, and the notebook in which it writes down what it was asked.

Both lie in the folder that ``RUNTIME_BACKEND_STUB`` names: ``facts.json`` (see ``facts.py`` of the shim) and
``notes.jsonl``, one line for each question that an answer with the real torch might turn on: ``["guessed", NAME]`` for
a fact that is a guess, ``["unknown", NAME]`` for what the stand-in does not have. It is a file since build scripts
start other interpreters, which find the stand-in too.
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
"""What torch never has by itself: plug-ins and forks add it, and build scripts ask whether they did."""


class NotInStub(AttributeError):  # noqa: N818 - it says what is the case
    """The stand-in does not have that. An AttributeError: hasattr() may go on, but the answer is thrown away."""


class NoModuleInStub(ModuleNotFoundError):  # noqa: N818 - likewise
    """The stand-in does not have that module."""


def fact(name: str) -> Any:  # noqa: ANN401 - a string, a boolean or None
    """Return what the stand-in says of itself."""
    facts = json.loads((_folder() / "facts.json").read_text("utf-8"))
    if name in facts["guessed"]:
        _note("guessed", f"torch.{name}")
    return facts[name]


def absent(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of one of the stand-in's modules."""

    def __getattr__(name: str) -> Any:  # noqa: ANN401, N807 - as PEP 562 has it
        if name.startswith("__") or name in _FOREIGN or _is_submodule(module, name):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise NotInStub(unknown(f"{module}.{name}"))

    return __getattr__


def _is_submodule(module: str, name: str) -> bool:
    """``from torch.utils import cpp_extension`` asks for the attribute first, then imports the module."""
    folders = getattr(sys.modules[module], "__path__", [])
    return any((Path(folder) / f"{name}.py").is_file() or (Path(folder) / name).is_dir() for folder in folders)


def unknown(name: str) -> str:
    """Write down that something was asked for which the stand-in does not have; return the words for it."""
    dotted = name[name.find("torch") :]
    _note("unknown", dotted)
    return f"the stand-in torch, which runtime-backend answers about metadata with, has no {dotted}"


def _note(kind: str, name: str) -> None:
    with (_folder() / "notes.jsonl").open("a", encoding="utf-8") as notes:
        notes.write(f"{json.dumps([kind, name])}\n")


def _folder() -> Path:
    return Path(os.environ[VARIABLE])
