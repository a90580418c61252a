"""Commands that call ``get_requires_*`` but build nothing yet, so that the runtime need not be installed.

Locking, downloading and listing call the hook like an installation, but need only metadata. And if metadata are
dynamic, uv calls it before the project's lock is written, and not again (facts on frontends, sections 3 and 4): a
requirement would come from the old lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from .arguments import read_arguments
from .asking.guard import is_asking
from .caller import Caller
from .commands import read_command
from .processes import Process
from .programs import find_program
from .uv import UvCommand, find_uv_command

_UV = ("lock", "export", "tree", "pip compile")
_PIP = ("lock", "download")
_PIP_TOOLS = ("pip-compile", "piptools")
_UV_ASKS_FOR = {"version", "dependencies", "optional-dependencies", "requires-python"}
"""The fields of ``[project]`` for which uv calls a hook if they are dynamic."""


def find_postponement(caller: Caller, project: Mapping[str, Any]) -> str | None:
    """Return why the runtime need not be installed yet; None if a wheel may be built next.

    :param project: the producer's ``[project]`` table.
    """
    if is_asking(caller.environ):
        return "this is a dry run of the frontend"
    name, process = caller.frontend
    if process is None:
        return None
    uv = find_uv_command(caller)
    if uv is not None:
        return _find_in_uv(uv, project)
    if name == "pip":
        return _find_in_pip(process)
    if name in ("poetry", "pdm"):
        command = read_command(
            caller, name, process, valued=import_module(f".managers.{name}", __package__).VALUED_OPTIONS
        )
        only_locks = command.name == "lock" or command.arguments.has("--lock")
        return f"{name} {command.name} only resolves" if only_locks else None
    # pipenv calls the hooks directly while it locks; to install, it starts pip.
    return "pipenv locks first" if name == "pipenv" else None


def _find_in_uv(command: UvCommand, project: Mapping[str, Any]) -> str | None:
    if command.name in _UV:
        return f"uv {command.name} only resolves"
    if command.arguments.has("--dry-run"):
        return f"uv {command.name} --dry-run only resolves"
    if command.is_project and _is_asked_by_uv(project):
        return f"uv {command.name} asks for metadata before its lock is written"
    return None


def _is_asked_by_uv(project: Mapping[str, Any]) -> bool:
    dynamic = project.get("dynamic", [])
    has_names = "name" in project and "version" in project and isinstance(dynamic, list)
    return not has_names or bool(_UV_ASKS_FOR.intersection(map(str, dynamic)))


def _find_in_pip(process: Process) -> str | None:
    if any(Path(word).stem in _PIP_TOOLS for word in process.argv[:3]):
        return "pip-compile only resolves"
    from .installations.pip import PIP_VALUED  # noqa: PLC0415 - only one frontend's arguments are read

    program = find_program(process.argv, process.cwd)
    words = process.argv[program.start :] if program is not None else ()
    arguments = read_arguments(words, valued=PIP_VALUED)
    command = next(iter(arguments.positional), "")
    if command in _PIP or (command == "install" and arguments.has("--dry-run")):
        return f"pip {command} only resolves"
    return None
