"""The name and the requirements of a package, as far as its pyproject.toml has them (PEP 621)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..formats.parsing import marker_holds, parse_requirement, parse_version, parse_wheel_name
from ..system.urls import file_name


class Package(NamedTuple):
    """A package by its pyproject.toml, without a build (PEP 621)."""

    name: str | None
    """Normalised; None if it is known only after building."""
    source: Path
    dependencies: tuple[str, ...] | None
    """None if they are dynamic."""
    extras: Mapping[str, Sequence[str]] | None

    def refuses(self, name: str, version: str) -> str | None:
        """Return the requirement that a version of a runtime does not meet; None if there is no such requirement.

        :param name: the normalised name of the runtime.
        """
        return next((text for text in self.dependencies or () if is_refused(text, {name: version})), None)

    def requirements(self, extras: frozenset[str]) -> tuple[str, ...] | None:
        """Return the requirements with some extras; None if they are known only after building."""
        if self.dependencies is None or (extras and self.extras is None):
            return None
        named = {canonicalize_name(name): texts for name, texts in (self.extras or {}).items()}
        return (
            *self.dependencies,
            *(text for extra in sorted(extras) for text in named.get(canonicalize_name(extra), [])),
        )


def read_package(source: Path, project: Mapping[str, Any]) -> Package:
    """Return a package from its ``[project]`` table, which may be empty or invalid."""
    dynamic, name = project.get("dynamic", []), project.get("name")
    is_static = isinstance(name, str) and isinstance(dynamic, list)
    dependencies, extras = project.get("dependencies", []), project.get("optional-dependencies", {})
    has_dependencies = is_static and "dependencies" not in dynamic and isinstance(dependencies, list)
    has_extras = is_static and "optional-dependencies" not in dynamic and isinstance(extras, dict)
    has_extras = has_extras and all(map(_is_list_of_texts, extras.values()))
    return Package(
        name=canonicalize_name(name) if isinstance(name, str) else None,
        source=source,
        dependencies=tuple(map(str, dependencies)) if has_dependencies else None,
        extras=extras if has_extras else None,
    )


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_refused(text: str, versions: Mapping[str, str]) -> bool:
    """Return whether a requirement (PEP 508) applies here, and does not accept the version of its runtime.

    :param versions: normalised name -> version; an empty version is unknown, and accepted.
    """
    requirement = parse_requirement(text)
    version = "" if requirement is None else versions.get(canonicalize_name(requirement.name), "")
    if requirement is None or not version or not is_for_here(requirement):
        return False
    if requirement.url is not None:  # the version is known only from a wheel's name
        named = parse_wheel_name(file_name(requirement.url))
        return named is not None and named[1] != parse_version(version)
    return not requirement.specifier.contains(version, prereleases=True)


def is_for_here(requirement: Requirement) -> bool:
    """Return whether a requirement's marker is true here without extras; False if it cannot be evaluated."""
    return marker_holds(requirement) is True
