"""Project managers at work: their lock and their environment.

``find_place(caller)`` returns the only place to look at: the lock, because the environment is empty or out of date
while a project manager installs, and the environment. None if the manager runs a program or builds.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..caller import Caller, once
from ..places import Place

MANAGERS = {"uv": "uv", "poetry": "poetry", "pdm": "pdm", "pip": "pipenv"}
"""The frontend that calls -> the module of the manager that may have started it.

pdm with ``use_uv`` is uv: it writes a temporary uv.lock with exactly the selected distributions, with URLs and hashes.
"""


@once
def find_managed(caller: Caller) -> Place | None:
    """Return the place of the project manager at work, if there is one; only its module is imported."""
    module = MANAGERS.get(caller.frontend[0] or "")
    if module is None:
        return None
    find_place: Callable[[Caller], Place | None] = import_module(f".{module}", __name__).find_place
    return find_place(caller)
