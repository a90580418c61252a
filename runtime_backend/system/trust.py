"""Which files are trusted without being named: the person's own and root's, if no other user can change them.

We search parent folders, and use what we find there: locks, environments, variables for the real backend. In a folder
that others can write to, such as the temporary folder, another user may have put a file there. git has the same rule
(``safe.directory``), and so does pip for its cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_IWGRP, S_IWOTH
from typing import NamedTuple


class Trust(NamedTuple):
    """The users and folders that one process trusts."""

    users: frozenset[int]
    """The ids of trusted users; empty on a system without user ids, where everybody is trusted."""
    groups: frozenset[int]
    """The ids of the person's groups, whose members may write."""
    folders: tuple[Path, ...] = ()
    """Folders that are trusted with all their content, regardless of their owner, because they were named."""

    def including(self, *folders: Path | None) -> Trust:
        """Return this trust with more folders."""
        more = [folder for folder in folders if folder is not None]
        return self._replace(folders=(*self.folders, *more)) if self.users else self

    def objection(self, path: Path) -> str | None:
        """Return why a path may be another user's work: ``it belongs to the user 1001`` …

        None if it belongs to the person or to root, or does not exist. Links are followed.
        """
        if not self.users:
            return None
        try:
            found = path.stat()
        except OSError:
            return None
        why = self._why(found)
        # Resolving a path takes a system call per part, so it is done only for files of others.
        return None if why is None or self._is_named(path) else why

    def _is_named(self, path: Path) -> bool:
        place = _prefix(path)
        return any(place.startswith(_prefix(folder)) for folder in self.folders)

    def _why(self, found: os.stat_result) -> str | None:
        if found.st_uid not in self.users:
            return f"it belongs to the user {_name(found.st_uid)}"
        if found.st_mode & S_IWOTH:
            return "every user can write to it"
        if found.st_mode & S_IWGRP and found.st_gid not in self.groups:
            return f"the group {found.st_gid}, which you are not in, can write to it"
        return None


EVERYBODY = Trust(users=frozenset(), groups=frozenset())
"""The trust on a system without user ids."""


def find_trust(environ: Mapping[str, str]) -> Trust:
    """Return the trust of the running process in its user and root; under sudo also in the caller, as git does."""
    if os.name == "nt":  # pragma: no cover - Windows
        return EVERYBODY
    users, groups = {os.geteuid(), 0}, {os.getegid(), *os.getgroups(), 0}
    if os.geteuid() == 0:
        users |= set(_ids(environ, "SUDO_UID"))
        groups |= set(_ids(environ, "SUDO_GID"))
    return Trust(users=frozenset(users), groups=frozenset(groups))


def _ids(environ: Mapping[str, str], name: str) -> Iterator[int]:
    text = environ.get(name, "")
    if text.isascii() and text.isdecimal():
        yield int(text)


def trusting(folder: Path) -> str:
    """Return the variable by which a person trusts a folder, as a shell takes it."""
    import shlex  # noqa: PLC0415 - a refusal alone needs it

    return f"RUNTIME_BACKEND_TRUST={shlex.quote(str(folder))}"


def _prefix(folder: Path) -> str:
    return os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - adds a separator at the end


def _name(user: int) -> str:
    """Return a user's name, else the number."""
    import pwd  # noqa: PLC0415 - only a refusal needs it

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
