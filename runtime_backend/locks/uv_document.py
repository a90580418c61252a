"""The text of a ``uv.lock``, split into its packages.

The lock of a real project has megabytes of wheels; a TOML parser needs a quarter of a second for it, in every hook. So
only the packages that the answer needs are parsed. A text with other lines than uv writes is parsed as a whole, which
also finds its mistakes.
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
    """One ``[[package]]``, parsed on first use."""

    def __init__(self, text: str | None, data: dict[str, Any] | None, path: Path) -> None:
        self._text = text
        self._path = path
        if data is not None:
            self.data = self.edges = data

    @cached_property
    def data(self) -> dict[str, Any]:
        """All keys."""
        return self._parse(self._text or "")

    @cached_property
    def edges(self) -> dict[str, Any]:
        """All keys except the files, which are nine tenths of the text."""
        return self._parse(_BULK.sub("", self._text or ""))

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            package: dict[str, Any] = parse_toml(f"[[package]]\n{text}\n", self._path)["package"][0]
        except LockError:
            parse_toml(read_lock(self._path), self._path)  # names the line in the file, not in the package
            raise  # pragma: no cover - the file has been corrected since
        return package

    @property
    def key(self) -> tuple[str, str | None, Mapping[str, str]]:
        """Name, version and source, which identify it."""
        return self.edges["name"], self.edges.get("version"), self.edges.get("source", {})

    @property
    def folder(self) -> tuple[str, str]:
        """How and where a local package is stored, relative to the lock; empty for other packages."""
        if self._text is not None and "[package.source]" not in self._text:  # pdm writes the source as a table
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
                    raise corrupt(path, f"found a [[package]] without a name: {block[:60]!r}")
                self._by_name.setdefault(named.group(1), []).append(Package(block, None, path))
        else:
            self.head = parse_toml(text, path)
            for data in self.head.pop("package", []):
                self._by_name.setdefault(data["name"], []).append(Package(None, data, path))
        self._check_version()

    def _check_version(self) -> None:
        version = self.head.get("version")
        if version != 1:
            raise corrupt(
                self.path, f"found version = {version!r}, expected 1, the only version that this reader knows"
            )

    def supports(self, platform: Platform) -> bool:
        """Return whether the lock is for this platform (``tool.uv.environments``)."""
        markers = self.head.get("supported-markers", [])
        return not markers or any(platform.accepts(marker) for marker in markers)

    def packages(self, name: str) -> tuple[Package, ...]:
        """Return the packages of that name; several if the lock forks."""
        return tuple(limited(self._by_name.get(name, ()), name))

    def matching(self, edge: Mapping[str, Any]) -> Sequence[Package]:
        """Return the packages of an edge, which has a version and a source only if the name is ambiguous."""
        name, version, source = edge["name"], edge.get("version"), edge.get("source")
        if version is None and source is None:
            return self.packages(name)
        return self._matches(name).get((version, None if source is None else _as_key(source)), ())

    def _matches(self, name: str) -> Mapping[tuple[str | None, object], Sequence[Package]]:
        """Return the packages of a name, by (version, source) of an edge, so that many edges stay fast."""
        if name not in self._by_key:
            found = self._by_key[name] = {}
            for package in self.packages(name):
                _, version, source = package.key
                for key in {(version, None), (None, _as_key(source)), (version, _as_key(source))}:
                    found.setdefault(key, []).append(package)
        return self._by_key[name]

    def covers(self, project: Path) -> bool:
        """Return whether the lock belongs to a project: by being in its folder, or by listing it as local."""
        place = real_path(project)
        return place == real_path(self.path.parent) or any(self._is_in(package, place) for package in self._all())

    def roots(self, selection: Selection) -> list[Package]:
        """Return the members of the workspace that are installed."""
        members = [package for package in self._all() if package.folder[0] in ("virtual", "editable")]
        if selection.packages:
            return [member for member in members if member.key[0] in selection.packages]
        if selection.project is None or selection.all_packages:
            return members
        # The root of a workspace need not be a package; then all members are installed.
        place = real_path(selection.project)
        return [member for member in members if self._is_in(member, place)] or members

    def _all(self) -> list[Package]:
        return [package for packages in self._by_name.values() for package in packages]

    def _is_in(self, package: Package, place: Path) -> bool:
        kind, folder = package.folder
        return bool(kind) and real_path(self.path.parent / folder) == place


def _as_key(source: Mapping[str, Any]) -> object:
    return tuple(sorted((key, str(value)) for key, value in source.items()))
