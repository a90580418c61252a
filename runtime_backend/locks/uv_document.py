"""The text of a ``uv.lock``, cut into its packages.

A lock of a real project is megabytes of wheels, and a TOML parser needs a quarter of a second for it, in every hook.
So only the packages are parsed that the answer needs; a text that does not look, line by line, as uv writes it, is
parsed as a whole, which finds what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..config.selection import Selection
from ..errors import LockError
from ..system.files import real_path
from ..system.platforms import Platform
from .answer import corrupt, limited, parse_toml, read_lock

_SEPARATOR = "\n[[package]]\n"
_LINES = re.compile(
    r"(?:(?:[\w-]+ = [^\n]+|    [\[{\"][^\n]*[\]}\"],|\[[\w.\"-]+\]|\[\[[\w.-]+\]\]|\]{1,2}(?:, \[)?|)\n)*"
)
_NAME = re.compile(r'name = "([^"]+)"\n')
_BULK = re.compile(r"^(?:wheels = \[\n(?:    .*\n)*\]|sdist = .*)\n", re.MULTILINE)
_FOLDER = re.compile(r'^source = \{ (virtual|editable|directory) = "([^"]*)" \}$', re.MULTILINE)


class Package:
    """One ``[[package]]``, parsed when asked."""

    def __init__(self, text: str | None, data: dict[str, Any] | None, path: Path) -> None:
        self._text = text
        self._path = path
        if data is not None:
            self.data = self.edges = data

    @cached_property
    def data(self) -> dict[str, Any]:
        """All of it."""
        return self._parse(self._text or "")

    @cached_property
    def edges(self) -> dict[str, Any]:
        """Everything but the files, which are nine tenths of the text."""
        return self._parse(_BULK.sub("", self._text or ""))

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            package: dict[str, Any] = parse_toml(f"[[package]]\n{text}\n", self._path)["package"][0]
        except LockError:
            parse_toml(read_lock(self._path), self._path)  # says the line of the file, not of the package
            raise  # pragma: no cover - the file has been mended since
        return package

    @property
    def key(self) -> tuple[str, str | None, Mapping[str, str]]:
        """Name, version and source: what tells it from its namesakes."""
        return self.edges["name"], self.edges.get("version"), self.edges.get("source", {})

    @property
    def folder(self) -> tuple[str, str]:
        """How and where the package lies beside the lock, relative to it; empty where it comes from elsewhere."""
        if self._text is not None and "[package.source]" not in self._text:  # the table is how pdm writes it
            found = _FOLDER.search(self._text)
            return (found.group(1), found.group(2)) if found else ("", "")
        source = self.edges.get("source", {})
        return next(((kind, source[kind]) for kind in ("virtual", "editable", "directory") if kind in source), ("", ""))


class UvLock:
    """The packages of a lock by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = read_lock(path).replace("\r\n", "\n")
        head, *blocks = text.split(_SEPARATOR)
        self._by_name: dict[str, list[Package]] = {}
        self._by_key: dict[str, dict[tuple[str | None, object], list[Package]]] = {}
        if blocks and '"""' not in text and "'''" not in text and _LINES.fullmatch(text):
            self.head = parse_toml(f"{head}\n", path)
            for block in blocks:
                named = _NAME.match(block)
                if named is None:
                    raise corrupt(path, f"a [[package]] without a name: {block[:60]!r}")
                self._by_name.setdefault(named.group(1), []).append(Package(block, None, path))
        else:
            self.head = parse_toml(text, path)
            for data in self.head.pop("package", []):
                self._by_name.setdefault(data["name"], []).append(Package(None, data, path))
        self._check_version()

    def _check_version(self) -> None:
        version = self.head.get("version")
        if version != 1:
            raise corrupt(self.path, f"found version = {version!r}, expected 1, the only one that this reader knows")

    def supports(self, platform: Platform) -> bool:
        """Return whether the lock is for this platform at all (``tool.uv.environments``)."""
        markers = self.head.get("supported-markers", [])
        return not markers or any(platform.accepts(marker) for marker in markers)

    def packages(self, name: str) -> tuple[Package, ...]:
        """Return the packages of that name; several where the lock forks."""
        return tuple(limited(self._by_name.get(name, ()), name))

    def matching(self, edge: Mapping[str, Any]) -> Sequence[Package]:
        """Return the packages that an edge means: it tells version and source only where the name is not enough."""
        name, version, source = edge["name"], edge.get("version"), edge.get("source")
        if version is None and source is None:
            return self.packages(name)
        return self._matches(name).get((version, None if source is None else _as_key(source)), ())

    def _matches(self, name: str) -> Mapping[tuple[str | None, object], Sequence[Package]]:
        """Return the packages of a name by what an edge may tell of them, so that many edges need no long time."""
        if name not in self._by_key:
            found = self._by_key[name] = {}
            for package in self.packages(name):
                _, version, source = package.key
                for key in {(version, None), (None, _as_key(source)), (version, _as_key(source))}:
                    found.setdefault(key, []).append(package)
        return self._by_key[name]

    def covers(self, project: Path) -> bool:
        """Return whether the lock is that of a project: it lies beside it, or knows it as a member or by its path."""
        place = real_path(project)
        return place == real_path(self.path.parent) or any(self._lies_in(package, place) for package in self._all())

    def roots(self, selection: Selection) -> list[Package]:
        """Return the members of the workspace that are installed."""
        members = [package for package in self._all() if package.folder[0] in ("virtual", "editable")]
        if selection.packages:
            return [member for member in members if member.key[0] in selection.packages]
        if selection.project is None or selection.all_packages:
            return members
        # The root of a workspace may be no package: then all members are meant.
        place = real_path(selection.project)
        return [member for member in members if self._lies_in(member, place)] or members

    def _all(self) -> list[Package]:
        return [package for packages in self._by_name.values() for package in packages]

    def _lies_in(self, package: Package, place: Path) -> bool:
        kind, folder = package.folder
        return bool(kind) and real_path(self.path.parent / folder) == place


def _as_key(source: Mapping[str, Any]) -> object:
    return tuple(sorted((key, str(value)) for key, value in source.items()))
