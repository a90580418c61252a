"""``uv.lock``, version 1.

A lock of a real project is megabytes of wheels, and a TOML parser needs a quarter of a second for it, in every hook. So
the text is cut into its packages, and only those are parsed that the answer needs; a text that does not look, line by
line, as uv writes it, is parsed as a whole, which finds what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..selection import Selection
from .locked import Locked, as_url, corrupt, file_name, only_lock_errors, parse_toml, read_lock, read_version
from .platforms import Platform

_SEPARATOR = "\n[[package]]\n"
_UV_LINES = re.compile(
    r"(?:(?:[\w-]+ = [^\n]+|    [\[{\"][^\n]*[\]}\"],|\[[\w.\"-]+\]|\[\[[\w.-]+\]\]|\]{1,2}(?:, \[)?|)\n)*"
)
_NAME = re.compile(r'name = "([^"]+)"\n')
_BULK = re.compile(r"^(?:wheels = \[\n(?:    .*\n)*\]|sdist = .*)\n", re.MULTILINE)
_EXTRA = re.compile(r"extra\s*(==|!=)\s*(['\"])(.*?)\2")


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name which the selected part of the project reaches on this platform.

    :raises LockError: for a file that is no uv.lock of version 1.
    """
    lock = _Lock(path)
    candidates = lock.packages(name) if lock.supports(platform) else ()
    if len(candidates) < 2:  # noqa: PLR2004 - the only one of its name is meant by whoever means one
        return tuple(_locked(package, path, platform) for package in candidates)
    reached = _Walk(lock, selection, platform).reached()
    found = [_locked(package, path, platform) for package in candidates if id(package) in reached]
    if not found:
        found = [_locked(package, path, platform) for package in candidates if package.is_for(platform)]
        found = [locked for locked in found if locked.url is not None] or found
    return tuple(found)


class _Package:
    """One ``[[package]]``, parsed when asked."""

    def __init__(self, text: str | None, data: dict[str, Any] | None, path: Path) -> None:
        self._text = text
        self._path = path
        if data is not None:
            self.data = self.edges = data

    @cached_property
    def data(self) -> dict[str, Any]:
        return self._parse(self._text or "")

    @cached_property
    def edges(self) -> dict[str, Any]:
        """Everything but the files, which are nine tenths of the text."""
        return self._parse(_BULK.sub("", self._text or ""))

    def _parse(self, text: str) -> dict[str, Any]:
        package: dict[str, Any] = parse_toml(f"[[package]]\n{text}\n", self._path)["package"][0]
        return package

    @property
    def key(self) -> tuple[str, str | None, Mapping[str, str]]:
        return self.edges["name"], self.edges.get("version"), self.edges.get("source", {})

    def is_for(self, platform: Platform) -> bool:
        markers = self.edges.get("resolution-markers", [])
        return not markers or any(platform.accepts(_decide_extras(marker, frozenset())) for marker in markers)


class _Lock:
    """The packages of a lock by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = read_lock(path).replace("\r\n", "\n")
        head, *blocks = text.split(_SEPARATOR)
        self._by_name: dict[str, list[_Package]] = {}
        if blocks and '"""' not in text and "'''" not in text and _UV_LINES.fullmatch(text):
            self.head = parse_toml(f"{head}\n", path)
            for block in blocks:
                named = _NAME.match(block)
                if named is None:
                    raise corrupt(path, f"a [[package]] without a name: {block[:60]!r}")
                self._by_name.setdefault(named.group(1), []).append(_Package(block, None, path))
        else:
            self.head = parse_toml(text, path)
            for data in self.head.pop("package", []):
                self._by_name.setdefault(data["name"], []).append(_Package(None, data, path))
        self._check_version()

    def _check_version(self) -> None:
        version = self.head.get("version")
        if version != 1:
            raise corrupt(self.path, f"found version = {version!r}, expected 1, the only one that this reader knows")

    def supports(self, platform: Platform) -> bool:
        """Return whether the lock is for this platform at all (``tool.uv.environments``)."""
        markers = self.head.get("supported-markers", [])
        return not markers or any(platform.accepts(marker) for marker in markers)

    def packages(self, name: str) -> tuple[_Package, ...]:
        return tuple(self._by_name.get(name, ()))

    def matching(self, edge: Mapping[str, Any]) -> tuple[_Package, ...]:
        """Return the packages that an edge means: it tells version and source only where the name is not enough."""
        return tuple(
            package
            for package in self.packages(edge["name"])
            if edge.get("version") in (None, package.key[1]) and edge.get("source") in (None, package.key[2])
        )

    def roots(self, selection: Selection) -> list[_Package]:
        """Return the members of the workspace that are installed."""
        members = [p for name in self._by_name for p in self._by_name[name] if _folder_of(p) is not None]
        if selection.package is not None:
            return [member for member in members if member.key[0] == canonicalize_name(selection.package)]
        named = [] if selection.project is None or selection.all_packages else self._at(selection.project, members)
        return named or members

    def _at(self, project: Path, members: Iterable[_Package]) -> list[_Package]:
        """Return the member in that folder; the root of a workspace may be none, then all members are meant."""
        place = project.resolve()
        return [member for member in members if (self.path.parent / str(_folder_of(member))).resolve() == place]


def _folder_of(package: _Package) -> str | None:
    """Return the folder of a package that lies in the workspace, relative to the lock."""
    source: Mapping[str, str] = package.key[2]
    return source.get("virtual") or source.get("editable")


class _Walk:
    """The packages that a selection reaches, by the markers of the edges."""

    def __init__(self, lock: _Lock, selection: Selection, platform: Platform) -> None:
        self._lock = lock
        self._selection = selection
        self._platform = platform
        self._roots = lock.roots(selection)
        self._active = frozenset(name for root in self._roots for name in self._conflict_names(root))

    def reached(self) -> set[int]:
        """Return the ids of the package objects reached."""
        pending = [edge for root in self._roots for edge in self._root_edges(root)]
        seen: set[tuple[int, frozenset[str]]] = set()
        while pending:
            edge = pending.pop()
            if not self._platform.accepts(_decide_extras(edge.get("marker", ""), self._active)):
                continue
            extras = frozenset(edge.get("extra", ()))
            for package in self._lock.matching(edge):
                if (id(package), extras) not in seen:
                    seen.add((id(package), extras))
                    pending += _edges(package, extras)
        return {package for package, _ in seen}

    def _root_edges(self, root: _Package) -> Iterator[dict[str, Any]]:
        if not self._selection.only_groups:
            yield from _edges(root, self._extras(root))
        for group in self._groups(root):
            yield from root.edges.get("dev-dependencies", {}).get(group, ())

    def _extras(self, root: _Package) -> frozenset[str]:
        known = frozenset(root.edges.get("optional-dependencies", {}))
        wanted = known if self._selection.all_extras else self._selection.extras
        return (wanted & known) - self._selection.without_extras

    def _groups(self, root: _Package) -> frozenset[str]:
        known = frozenset(root.edges.get("dev-dependencies", {}))
        wanted = known if self._selection.all_groups else self._selection.groups
        if self._selection.default_groups:
            wanted |= self._default_groups(root, known)
        return (wanted & known) - self._selection.without_groups

    def _default_groups(self, root: _Package, known: frozenset[str]) -> frozenset[str]:
        """Return the member's default groups: as the lock says (revision 5), or its pyproject.toml, or ``dev``."""
        if "default-groups" in root.edges:
            return frozenset(root.edges["default-groups"])
        path = self._lock.path.parent / str(_folder_of(root)) / "pyproject.toml"
        if not path.is_file():
            return frozenset(("dev",))
        groups = parse_toml(read_lock(path), path).get("tool", {}).get("uv", {}).get("default-groups", ["dev"])
        return known if groups == "all" else frozenset(str(canonicalize_name(group)) for group in groups)

    def _conflict_names(self, root: _Package) -> Iterator[str]:
        """Yield how uv spells, in ``extra`` markers, which of the conflicting extras and groups are chosen."""
        name = root.key[0]
        yield f"project-{len(name)}-{name}"
        for extra in self._extras(root):
            yield f"extra-{len(name)}-{name}-{extra}"
        for group in self._groups(root):
            yield f"group-{len(name)}-{name}-{group}"


def _edges(package: _Package, extras: frozenset[str]) -> Iterator[dict[str, Any]]:
    yield from package.edges.get("dependencies", ())
    for extra in extras:
        yield from package.edges.get("optional-dependencies", {}).get(extra, ())


def _decide_extras(marker: str, active: frozenset[str]) -> str:
    """Return the marker with each test of ``extra`` decided: packaging takes one extra at a time, uv means a set."""

    def decide(test: re.Match[str]) -> str:
        holds = (test.group(3) in active) == (test.group(1) == "==")
        return "python_version >= '0'" if holds else "python_version < '0'"

    return _EXTRA.sub(decide, marker)


def _locked(package: _Package, path: Path, platform: Platform) -> Locked:
    data = package.data
    name, version, source = data["name"], read_version(data), data.get("source", {})
    detail = "; ".join(data.get("resolution-markers", [])) or source.get("registry", "")
    wheels = [(_location(wheel, source, path), wheel) for wheel in data.get("wheels", ())]
    best = platform.best_wheel((file_name(url), (url, wheel)) for url, wheel in wheels)
    if best is None:
        missing = (
            "none of its wheels fits this interpreter" if wheels else f"it is locked as {_kind(source)}, not as a wheel"
        )
        return Locked(name=name, version=version, lock=path, missing=missing, detail=detail)
    url, wheel = best
    algorithm, _, digest = wheel.get("hash", "").partition(":")
    sha256 = digest if algorithm == "sha256" else None
    return Locked(name=name, version=version, lock=path, url=url, sha256=sha256, detail=detail)


def _location(wheel: Mapping[str, str], source: Mapping[str, str], path: Path) -> str:
    """Return a wheel's URL: its own, or that of its path in a flat index, or of the path that the source names."""
    if "url" in wheel:
        return wheel["url"]
    if "path" in wheel:
        return as_url(wheel["path"], path.parent / source["registry"])
    return as_url(source["path"], path.parent)


def _kind(source: Mapping[str, str]) -> str:
    return next(iter(source), "nothing")
