"""Data of a poetry project's pyproject.toml that the lock lacks.

No lock states which groups are optional. Locks before lock-version 2.1 (poetry 1.x) have neither groups nor markers, so
only the project states which requirement needs which of several locked versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ..config.selection import Selection, normalise_names
from ..formats.parsing import parse_requirement
from ..system.files import is_file
from ..system.platforms import Platform
from .answer import only_lock_errors, parse_toml, read_lock
from .markers import decide_extras, ignore_extras
from .poetry_constraints import allows


class Choice(NamedTuple):
    """The groups and extras of a selection in one project."""

    selection: Selection
    optional_groups: frozenset[str]
    extras: frozenset[str]
    """The active extras."""

    def has_group(self, name: str) -> bool:
        """Return whether a group is installed; ``--only`` excludes all groups that it does not name."""
        selection, group = self.selection, canonicalize_name(name)
        if group in selection.without_groups or group in selection.groups:
            return group not in selection.without_groups
        if selection.only_groups or group == "main":
            return not selection.only_groups
        return selection.all_groups or (selection.default_groups and group not in self.optional_groups)


class Need(NamedTuple):
    """One requirement of a project for the runtime."""

    group: str
    extras: frozenset[str] | None
    """The extras that activate it; None if it is not optional."""
    constraint: Mapping[str, Any]
    """A value of ``[tool.poetry.dependencies]``: ``version``, ``source``, ``markers``, ``python``, ``url`` ..."""

    def means(self, package: Mapping[str, Any]) -> bool:
        """Return whether this requirement allows a locked package."""
        source = package.get("source", {})
        for key, types in (("url", ("url",)), ("path", ("file", "directory")), ("git", ("git",))):
            if key in self.constraint:
                file = Path(self.constraint[key]).name
                return source.get("type") in types and (key == "git" or Path(source["url"]).name == file)
        named = self.constraint.get("source")
        if named is not None and source.get("reference", "pypi").lower() != named.lower():
            return False
        return source.get("type", "legacy") == "legacy" and allows(
            self.constraint.get("version", "*"), package["version"]
        )

    def is_for(self, platform: Platform) -> bool:
        """Return whether it may apply on a platform, for any extras."""
        return self._holds(platform, ignore_extras(self.constraint.get("markers", "")))

    def is_chosen(self, choice: Choice, platform: Platform) -> bool:
        """Return whether it applies on a platform with the chosen groups and extras."""
        is_wanted = self.extras is None or bool(self.extras & choice.extras)
        marker = decide_extras(self.constraint.get("markers", ""), choice.extras)
        return is_wanted and choice.has_group(self.group) and self._holds(platform, marker)

    def _holds(self, platform: Platform, marker: str) -> bool:
        system = self.constraint.get("platform", "")
        is_here = not system.isalnum() or system == platform.environment["sys_platform"]
        python = self.constraint.get("python", "*")
        return is_here and allows(python, platform.environment["python_full_version"]) and platform.accepts(marker)


@only_lock_errors
def read_optional_groups(path: Path) -> frozenset[str]:
    """Return the groups that are installed only on request; empty if there is no pyproject.toml."""
    groups = _read(path).get("tool", {}).get("poetry", {}).get("group", {})
    return normalise_names(name for name, group in groups.items() if group.get("optional"))


@only_lock_errors
def read_needs(path: Path, name: str) -> tuple[Need, ...]:
    """Return a project's requirements of a runtime.

    :param name: the distribution's normalised name.
    """
    document = _read(path)
    poetry = document.get("tool", {}).get("poetry", {})
    return (*_standard_needs(document.get("project", {}), name), *_poetry_needs(poetry, name))


@only_lock_errors
def read_poetry_needs(path: Path, name: str) -> tuple[Need, ...]:
    """Return the requirements in a project's ``[tool.poetry]`` of a distribution, by its normalised name."""
    return tuple(_poetry_needs(_read(path).get("tool", {}).get("poetry", {}), name))


def _read(path: Path) -> dict[str, Any]:
    return parse_toml(read_lock(path), path) if is_file(path) else {}


def _poetry_needs(poetry: Mapping[str, Any], name: str) -> Iterator[Need]:
    extras = normalise_names(
        extra for extra, members in poetry.get("extras", {}).items() if name in normalise_names(members)
    )
    tables = [("main", poetry.get("dependencies", {})), ("dev", poetry.get("dev-dependencies", {}))]
    tables += [(group, table.get("dependencies", {})) for group, table in poetry.get("group", {}).items()]
    for group, table in tables:
        for key, constraints in table.items():
            if canonicalize_name(key) == name:
                for item in constraints if isinstance(constraints, list) else [constraints]:
                    constraint = {"version": item} if isinstance(item, str) else item
                    is_optional = constraint.get("optional", False)
                    yield Need(group=group, extras=extras if is_optional else None, constraint=constraint)


def _standard_needs(project: Mapping[str, Any], name: str) -> Iterator[Need]:
    lines: list[tuple[frozenset[str] | None, str]] = [(None, line) for line in project.get("dependencies", ())]
    for extra, members in project.get("optional-dependencies", {}).items():
        lines += [(normalise_names([extra]), line) for line in members]
    for extras, line in lines:
        requirement = parse_requirement(line)  # None for poetry's own syntax; ignoring it leaves more candidates
        if requirement is not None and canonicalize_name(requirement.name) == name:
            constraint = {"version": str(requirement.specifier) or "*", "markers": str(requirement.marker or "")}
            yield Need(
                group="main",
                extras=extras,
                constraint=constraint | ({"url": requirement.url} if requirement.url else {}),
            )
