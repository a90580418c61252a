"""Data of a pdm project's pyproject.toml that the lock lacks: groups and indexes."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from ..config.selection import normalise_names
from ..system.files import is_file
from .answer import only_lock_errors, parse_toml, read_lock


class Source(NamedTuple):
    """One ``[[tool.pdm.source]]``."""

    name: str
    url: str
    included: tuple[str, ...]
    excluded: tuple[str, ...]


class Project(NamedTuple):
    """The groups and indexes of a project."""

    groups: frozenset[str] = frozenset()
    """All groups, including ``default``; empty if there is no pyproject.toml."""
    dev_groups: frozenset[str] = frozenset()
    sources: tuple[Source, ...] = ()

    def indexes_of(self, name: str) -> tuple[str, ...]:
        """Return the indexes that pdm searches for a distribution.

        :param name: its normalised name.
        """
        included = [source.url for source in self.sources if _matches(name, source.included)]
        rest = [source.url for source in self.sources if not _matches(name, source.excluded)]
        return tuple(included or rest)

    def asks_default(self, name: str) -> bool:
        """Return whether pdm also searches its default index: a source named ``pypi`` replaces it."""
        replaces = any(source.name == "pypi" or _matches(name, source.included) for source in self.sources)
        return not replaces


@only_lock_errors
def read_project(path: Path) -> Project:
    """Read a pyproject.toml; empty if there is none."""
    if not is_file(path):
        return Project()
    document = parse_toml(read_lock(path), path)
    pdm = document.get("tool", {}).get("pdm", {})
    dev = normalise_names(document.get("dependency-groups", {})) | normalise_names(pdm.get("dev-dependencies", {}))
    optional = normalise_names(document.get("project", {}).get("optional-dependencies", {}))
    sources = tuple(
        Source(
            name=source.get("name", ""),
            url=source["url"],
            included=_patterns(source.get("include_packages", ())),
            excluded=_patterns(source.get("exclude_packages", ())),
        )
        for source in pdm.get("source", ())
        if source.get("url") and source.get("type") != "find_links"
    )
    return Project(groups=dev | optional | {"default"}, dev_groups=dev, sources=sources)


def _patterns(patterns: list[str]) -> tuple[str, ...]:
    """Return patterns in the form in which pdm compares them with normalised names."""
    return tuple(re.sub(r"[^A-Za-z0-9?*\[\]-]+", "-", pattern).lower() for pattern in patterns)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
