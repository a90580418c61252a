"""``poetry install``, ``sync``, ``add``, ``update``, ``remove``: from the lock, or before the lock is written.

``poetry install`` from a lock installs everything in parallel, so the runtime may be missing or the old one. If poetry
resolves anew, it writes the lock last, but installs the requirements of a package before it builds the package (poetry
2.5: ``Transaction.calculate_operations``, ``Executor.execute``).
"""

from __future__ import annotations

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ...config.selection import Selection, normalise_names
from ...system.files import is_file
from ..caller import Caller
from ..commands import Command, read_command
from ..folders import find_project, read_toml
from ..places import LateLock, Place
from ..poetry_environment import find_environment

_WAYS_OUT = {
    "install": "`poetry lock`, then `poetry install`",
    "sync": "`poetry lock`, then `poetry sync`",
    "add": "`poetry add --lock` with the same packages, then `poetry install`",
    "update": "`poetry update --lock`, then `poetry install`",
    "remove": "`poetry remove --lock` with the same packages, then `poetry sync`",
}
"""Commands that install -> commands that lock first."""

_VALUED = """
--directory --extras --group --markers --only --optional --platform --project --python --source --with --without
-C -E -G -P
"""
VALUED_OPTIONS = frozenset(_VALUED.split())


def find_place(caller: Caller) -> Place | None:
    """Return the lock, or that it is written too late, and the environment; None if poetry does not install."""
    process = caller.frontend[1]
    command = read_command(caller, "poetry", process, valued=VALUED_OPTIONS)
    if not command.may_be(*_WAYS_OUT) or command.arguments.has("--lock"):
        return None
    root = _find_root(command, is_known=process is not None and process.cwd is not None)
    lock = root / "poetry.lock"
    late = _late_lock(command.name, caller) if command.name and _is_late(command.name, lock) else None
    why, path = find_environment(root, command.environ, caller)
    return Place(
        why=f"poetry {command.name or '(unknown command)'}, {why}",
        path=path,
        locks=(lock,) if is_file(lock) and late is None else (),
        selection=_select(root, command),
        environment=caller.reader.read(path),
        is_target=True,
        is_manager=True,
        removes_others=command.name == "sync" or command.arguments.has("--sync"),
        is_guess=command.name is None,
        late=late,
        ends=late is not None,
    )


def _find_root(command: Command, *, is_known: bool) -> Path:
    """Return the project's folder.

    :param is_known: whether poetry's working directory is known, which includes ``--directory``.
    """
    folder = command.arguments.last("-C", "--directory")
    start = command.cwd if is_known or folder is None else command.cwd / folder
    start /= command.arguments.last("-P", "--project") or ""
    return find_project(start) or start


def _is_late(name: str, lock: Path) -> bool:
    """Return whether a command resolves anew."""
    return name not in ("install", "sync") or not is_file(lock)


def _late_lock(name: str, caller: Caller) -> LateLock:
    needs = _needs(caller.cwd)
    return LateLock(command=f"poetry {name}", name="poetry.lock", installed_first=needs, way_out=_WAYS_OUT[name])


def _needs(source: Path) -> frozenset[str]:
    """Return the names of the package's requirements here; empty if they are known only after building."""
    project = read_toml(source / "pyproject.toml").get("project", {})
    try:
        requirements = [Requirement(text) for text in project.get("dependencies", ())]
        return frozenset(
            str(canonicalize_name(item.name))
            for item in requirements
            if item.marker is None or item.marker.evaluate({"extra": ""})
        )
    except (ValueError, TypeError):
        return frozenset()


def _select(root: Path, command: Command) -> Selection:
    only = normalise_names(command.names("--only"))
    return Selection(
        project=root,
        extras=normalise_names(command.names("--extras", "-E", separator=None)),
        all_extras=command.arguments.has("--all-extras"),
        groups=only or normalise_names(command.names("--with")),
        without_groups=frozenset() if only else normalise_names(command.names("--without")),
        all_groups=command.arguments.has("--all-groups"),
        only_groups=bool(only),
    )
