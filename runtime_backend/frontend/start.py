"""Where the search for the consumer's project starts, and whose files are trusted there."""

from __future__ import annotations

from pathlib import Path

from ..system.trust import Trust
from .caller import Caller
from .managers import find_managed
from .uv import find_uv_command


def find_start(caller: Caller) -> Path | None:
    """Return the folder from which the consumer's project is searched for upward: the frontend's, or a named one."""
    managed = find_managed(caller)
    if managed is not None and managed.selection.project is not None:
        return managed.selection.project
    command = find_uv_command(caller)
    return command.project if command is not None else next(iter(caller.working_folders), None)


def find_believed(caller: Caller) -> Trust:
    """Return the caller's trust, extended by the project in which a project manager is at work.

    The project manager installs from that project, whatever its owner.
    """
    managed = find_managed(caller)
    if managed is None:
        return caller.trust
    return caller.trust.including(managed.selection.project, *(lock.parent for lock in managed.locks))


def find_uv_options(caller: Caller) -> tuple[str, ...]:
    """Return the options of a running uv that name its sources."""
    command = find_uv_command(caller)
    return () if command is None else command.inherited
