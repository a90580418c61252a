"""``pipenv install``, ``sync``, ``update``: pipenv locks, then starts its own pip to install from the lock."""

from __future__ import annotations

from pathlib import Path

from ...config.selection import Selection
from ...system.files import is_file
from ..caller import Caller
from ..commands import Command, read_command
from ..folders import find_locks, upward
from ..places import Place

INSTALLING = ("install", "sync", "update", "upgrade", "uninstall")
_VALUED = """
--backend --categories --config-settings --editable --extra-pip-args --extras --index --pypi-mirror --python
--requirements --resolver -e -i -r
"""
VALUED_OPTIONS = frozenset(_VALUED.split())
_SECTIONS = {"packages": "default", "dev-packages": "develop"}
"""Category in the Pipfile -> section in the lock, if the names differ."""


def find_place(caller: Caller) -> Place | None:
    """Return the lock that pip installs from, and pip's environment; None if pipenv does not install.

    While pipenv locks, it is the frontend itself, and the lock on disk is the old one.
    """
    process = next((process for name, process in caller.frontends[1:2] if name == "pipenv"), None)
    if process is None and (caller.ancestors or not _is_marked(caller)):
        return None
    command = read_command(caller, "pipenv", process, valued=VALUED_OPTIONS)
    if not command.may_be(*INSTALLING):
        return None
    pipfile = _find_pipfile(command)
    lock = pipfile.with_name(f"{pipfile.name}.lock")
    return Place(
        why=f"pipenv {command.name or '(unknown command)'}",
        path=caller.prefix,
        locks=(lock,) if is_file(lock) else find_locks(lock.parent),
        selection=_select(command),
        environment=caller.own_environment,
        is_target=True,
        is_manager=True,
        is_guess=command.name is None,
    )


def _is_marked(caller: Caller) -> bool:
    """Return whether variables show an installation by pipenv; its ``run`` and ``shell`` set ``PIPENV_ACTIVE``, too."""
    return "PIP_PYTHON_PATH" in caller.environ and "PIPENV_ACTIVE" not in caller.environ


def _find_pipfile(command: Command) -> Path:
    named = command.environ.get("PIPENV_PIPFILE")
    if named:
        return command.cwd / named
    folders = (folder / "Pipfile" for folder in upward(command.cwd))
    return next((path for path in folders if is_file(path)), command.cwd / "Pipfile")


def _select(command: Command) -> Selection:
    """Return the sections of the lock: ``default`` unless categories are named, ``develop`` for ``--dev``."""
    named = command.names("--categories", separator=None) or command.environ.get("PIPENV_CATEGORIES", "").split()
    categories = [part for name in named for part in name.split(",") if part]
    extras = [part for name in command.names("--extras", separator=None) for part in name.split(",") if part]
    is_dev = command.arguments.has("--dev", "-d") or command.environ.get("PIPENV_DEV", "").lower() in ("1", "true")
    groups = {_SECTIONS.get(name, name) for name in (*categories, *extras)} | ({"develop"} if is_dev else set())
    return Selection(
        project=command.cwd,
        groups=frozenset(groups),
        all_groups=command.arguments.has("--all"),
        only_groups=bool(categories) and "packages" not in categories,
    )
