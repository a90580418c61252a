"""Project managers at work: where their lock lies, and where they install.

``find_place(caller)`` returns the one place to look at: the lock, since the environment is empty or out of date while a
project manager installs, and the environment. None where the manager does not install: it runs a program, or builds.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..caller import Caller, once
from ..places import Place

MANAGERS = {"uv": "uv", "poetry": "poetry", "pdm": "pdm", "pip": "pipenv"}
"""The frontend that calls -> the module of the manager that may be behind it.

pdm with ``use_uv`` is uv: it writes a passing uv.lock of exactly what ``uv sync`` is to install, with URLs and hashes.
"""


@once
def find_managed(caller: Caller) -> Place | None:
    """Return the place that the project manager at work names; only what the calling frontend needs is imported."""
    module = MANAGERS.get(caller.frontend[0] or "")
    if module is None:
        return None
    find_place: Callable[[Caller], Place | None] = import_module(f".{module}", __name__).find_place
    return find_place(caller)
