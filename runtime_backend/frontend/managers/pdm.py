"""``pdm install``, ``sync``, ``add``, ``update``: pdm writes the lock first, then installs everything in parallel."""

from __future__ import annotations

from pathlib import Path

from ...config.selection import Selection, normalise_names
from ...system.files import is_file
from ...system.trust import Trust
from ..caller import Caller
from ..commands import Command, read_command
from ..folders import find_lock_upward, find_project, read_toml
from ..places import Place

INSTALLING = ("install", "sync", "add", "update", "remove")
_VALUED = """
--config --config-setting --editable --exclude-newer --group --lockfile --override --project --skip --venv --with
--without -C -G -L -c -e -k -p
"""
VALUED_OPTIONS = frozenset(_VALUED.split())


def find_place(caller: Caller) -> Place | None:
    """Return pdm's lock, and the environment of the running interpreter; None if pdm does not install."""
    command = read_command(caller, "pdm", caller.frontend[1], valued=VALUED_OPTIONS)
    if not command.may_be(*INSTALLING):
        return None
    root = _find_root(command)
    lock = _find_lock(root, command, caller.trust)
    return Place(
        why=f"pdm {command.name or '(unknown command)'}",
        path=caller.prefix,
        locks=() if lock is None else (lock,),
        selection=_select(root, command),
        environment=caller.own_environment,
        is_target=True,
        is_manager=True,
        removes_others=command.arguments.has("--clean", "--clean-unselected", "--only-keep"),
        is_guess=command.name is None,
    )


def _find_root(command: Command) -> Path:
    named = command.arguments.last("-p", "--project") or command.environ.get("PDM_PROJECT")
    return command.cwd / named if named else find_project(command.cwd) or command.cwd


def _find_lock(root: Path, command: Command, trust: Trust) -> Path | None:
    named = command.arguments.last("-L", "--lockfile") or command.environ.get("PDM_LOCKFILE")
    if named:
        return command.cwd / named
    names = ("pylock.toml", "pdm.lock") if _wants_pylock(root, command) else ("pdm.lock", "pylock.toml")
    # Upward, because the lock of a workspace's member is at the workspace's root.
    return next((root / name for name in names if is_file(root / name)), find_lock_upward(root, "pdm.lock", trust))


def _wants_pylock(root: Path, command: Command) -> bool:
    """Return whether ``lock.format`` is ``pylock``, which matters if both files exist."""
    home = command.environ.get("HOME", "")
    config = Path(command.environ.get("XDG_CONFIG_HOME") or f"{home}/.config") / "pdm/config.toml"
    tables = (read_toml(path).get("lock", {}) for path in (root / "pdm.toml", config))
    formats = [command.environ.get("PDM_LOCK_FORMAT"), *(table.get("format") for table in tables)]
    return next((text for text in formats if text), None) == "pylock"


def _select(root: Path, command: Command) -> Selection:
    """Return the groups, which include extras in pdm. In ``add`` and ``remove``, options select where to write."""
    if command.name in ("add", "remove"):
        return Selection(project=root)
    given, has = command.names("-G", "--group", "--with"), command.arguments.has
    without = normalise_names(command.names("--without"))
    is_without_alone = bool(without) and not given and not has("-d", "--dev", "--prod", "--production")
    # --dev alone is a selection, too, to which "default" belongs anyway.
    named = given or (["default"] if has("-d", "--dev") else [])
    return Selection(
        project=root,
        groups=normalise_names(name for name in named if name != ":all"),
        without_groups=without,
        all_groups=":all" in given or is_without_alone,
        default_groups=not has("--prod", "--production"),
        only_groups=has("--no-default"),
    )
