"""``uv sync``, ``run``, ``add``: uv writes the lock first, then builds, then installs."""

from __future__ import annotations

from ..caller import Caller
from ..folders import find_lock_upward, find_project
from ..places import Place
from ..uv import find_uv_command


def find_place(caller: Caller) -> Place | None:
    """Return the project's lock: during a hook its environment is empty, or still has the old runtime.

    With ``--isolated`` the environment is new, and the lock on disk may be out of date, because it is not written.
    """
    command = find_uv_command(caller)
    if command is None or not command.is_project:
        return None
    project = find_project(command.project)
    lock = find_lock_upward(project or command.project, "uv.lock", caller.trust)
    root = lock.parent if lock is not None else (project or command.project)
    why, path = command.project_environment(root)
    is_isolated = command.is_isolated
    return Place(
        why=f"uv {command.name}, {'--isolated' if is_isolated else why}",
        path=path,
        locks=() if lock is None or is_isolated else (lock,),
        selection=command.selection(project),
        environment=None if is_isolated else caller.reader.read(path),
        is_target=True,
        is_manager=True,
        removes_others=command.is_exact,
    )
