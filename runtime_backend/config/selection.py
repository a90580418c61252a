"""Which part of a lock is meant: the project, its extras, its groups."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name


class Selection(NamedTuple):
    """What a frontend was told to install out of a lock; by default the project with its default groups."""

    project: Path | None = None
    """The folder of the project that is installed: it tells which member of a workspace is meant."""
    packages: frozenset[str] = frozenset()
    """Members by normalised name, where the frontend was told some."""
    all_packages: bool = False
    extras: frozenset[str] = frozenset()
    without_extras: frozenset[str] = frozenset()
    all_extras: bool = False
    groups: frozenset[str] = frozenset()
    without_groups: frozenset[str] = frozenset()
    all_groups: bool = False
    default_groups: bool = True
    only_groups: bool = False
    """Groups alone, without the project's own dependencies."""

    def or_else(self, *, extras: frozenset[str], groups: frozenset[str]) -> Selection:
        """Return the selection with other extras and groups, where none of that kind is selected."""
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
    """Return the names of extras or groups as they are compared (PEP 685, PEP 735)."""
    return frozenset(str(canonicalize_name(name)) for name in names)
