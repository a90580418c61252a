"""``uv sync``, ``run``, ``add``: uv writes the lock first, then builds, then installs."""

from __future__ import annotations

from ..caller import Caller
from ..folders import find_lock_upward, find_project
from ..places import Place
from ..uv import find_uv_command


def find_place(caller: Caller) -> Place | None:
    """Return the project's lock: at hook time its environment is empty, or still holds the old runtime."""
    command = find_uv_command(caller)
    if command is None or not command.is_project:
        return None
    project = find_project(command.project)
    lock = find_lock_upward(project or command.project, "uv.lock")
    root = lock.parent if lock is not None else (project or command.project)
    why, path = command.project_environment(root)
    return Place(
        why=f"uv {command.name}, {why}",
        path=path,
        locks=() if lock is None else (lock,),
        selection=command.selection(project),
        environment=caller.reader.read(path),
        is_target=True,
        is_manager=True,
    )
