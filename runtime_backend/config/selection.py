"""The selected part of a lock: projects, extras and groups."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name


class Selection(NamedTuple):
    """The part of a lock that a command installs; by default the project with its default groups."""

    project: Path | None = None
    """The folder of the installed project, by which a member of a workspace is found."""
    packages: frozenset[str] = frozenset()
    """Normalised names of members, if the command names some."""
    all_packages: bool = False
    extras: frozenset[str] = frozenset()
    without_extras: frozenset[str] = frozenset()
    all_extras: bool = False
    groups: frozenset[str] = frozenset()
    without_groups: frozenset[str] = frozenset()
    all_groups: bool = False
    default_groups: bool = True
    only_groups: bool = False
    """Only groups, without the project's own dependencies."""

    def or_else(self, *, extras: frozenset[str], groups: frozenset[str]) -> Selection:
        """Return the selection with these extras if it has none, and with these groups if it has none."""
        return self._replace(extras=self.extras or extras, groups=self.groups or groups)

    def describe(self) -> str:
        """Return ``extras cpu; groups dev``, or ``no extra, default groups``."""
        extras = "all extras" if self.all_extras else _named("extra", self.extras)
        groups = "all groups" if self.all_groups else _named("group", self.groups)
        default = "default groups" if self.default_groups else "no default groups"
        return ", ".join(part for part in (extras or "no extra", groups, default) if part)


def _named(noun: str, names: frozenset[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(sorted(names))}" if names else ""


def normalise_names(names: Iterable[str]) -> frozenset[str]:
    """Return normalised names of extras or groups (PEP 685, PEP 735)."""
    return frozenset(str(canonicalize_name(name)) for name in names)
