"""``uv.lock``, version 1: the packages that the selected part of a project reaches on one platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..config.selection import Selection, normalise_names
from ..system.files import is_file
from ..system.platforms import UNFIT, Platform
from ..system.urls import as_url, file_name
from .answer import Locked, only_lock_errors, parse_toml, read_lock, read_sha256, read_version
from .markers import decide_extras
from .uv_document import Package, UvLock


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name that the selected part of the project reaches on this platform.

    :raises LockError: if the file is not a uv.lock of version 1.
    """
    lock = UvLock(path)
    is_ours = selection.project is None or bool(selection.packages) or lock.covers(selection.project)
    candidates = lock.packages(name) if is_ours and lock.supports(platform) else ()
    if not [package.key for package in candidates]:  # parses each, so that a malformed one is an error
        return ()
    reached = _Walk(lock, selection, platform).reached()
    return tuple(_locked(package, path, platform) for package in candidates if id(package) in reached)


class _Walk:
    """The packages that a selection reaches through edges whose markers are true."""

    def __init__(self, lock: UvLock, selection: Selection, platform: Platform) -> None:
        self._lock = lock
        self._selection = selection
        self._platform = platform
        self._roots = lock.roots(selection)
        self._active = frozenset(name for root in self._roots for name in self._conflict_names(root))

    def reached(self) -> set[int]:
        """Return the ids of the reached package objects."""
        pending = [edge for root in self._roots for edge in self._root_edges(root)]
        reached: set[int] = set()
        followed: set[str] = set()
        while pending:
            edge = pending.pop()
            if not self._platform.accepts(decide_extras(edge.get("marker", ""), self._active)):
                continue
            extras = frozenset(edge.get("extra", ()))
            meant = repr((edge["name"], edge.get("version"), edge.get("source"), sorted(extras)))
            if meant in followed:
                continue
            followed.add(meant)
            for package in self._lock.matching(edge):
                reached.add(id(package))
                pending += _edges(package, extras)
        return reached

    def _root_edges(self, root: Package) -> Iterator[dict[str, Any]]:
        if not self._selection.only_groups:
            yield from _edges(root, self._extras(root))
        for group in self._groups(root):
            yield from root.edges["dev-dependencies"][group]

    def _extras(self, root: Package) -> frozenset[str]:
        known = frozenset(root.edges.get("optional-dependencies", {}))
        wanted = known if self._selection.all_extras else self._selection.extras
        return (wanted & known) - self._selection.without_extras

    def _groups(self, root: Package) -> frozenset[str]:
        known = frozenset(root.edges.get("dev-dependencies", {}))
        wanted = known if self._selection.all_groups else self._selection.groups
        if self._selection.default_groups:
            wanted |= self._default_groups(root, known)
        return (wanted & known) - self._selection.without_groups

    def _default_groups(self, root: Package, known: frozenset[str]) -> frozenset[str]:
        """Return the member's default groups: in the lock (revision 5), else in its pyproject.toml, else ``dev``."""
        if "default-groups" in root.edges:
            return frozenset(root.edges["default-groups"])
        path = self._lock.path.parent / root.folder[1] / "pyproject.toml"
        if not is_file(path):
            return frozenset(("dev",))
        groups = parse_toml(read_lock(path), path).get("tool", {}).get("uv", {}).get("default-groups", ["dev"])
        return known if groups == "all" else normalise_names(groups)

    def _conflict_names(self, root: Package) -> Iterator[str]:
        """Yield uv's names, in ``extra`` markers, of the chosen conflicting extras and groups."""
        name = root.key[0]
        yield f"project-{len(name)}-{name}"
        for extra in self._extras(root):
            yield f"extra-{len(name)}-{name}-{extra}"
        for group in self._groups(root):
            yield f"group-{len(name)}-{name}-{group}"


def _edges(package: Package, extras: frozenset[str]) -> Iterator[dict[str, Any]]:
    yield from package.edges.get("dependencies", ())
    for extra in extras:
        yield from package.edges.get("optional-dependencies", {}).get(extra, ())


def _locked(package: Package, path: Path, platform: Platform) -> Locked:
    data = package.data
    name, version, source = data["name"], read_version(data), data.get("source", {})
    detail = "; ".join(data.get("resolution-markers", [])) or source.get("registry", "")
    wheels = [(_location(wheel, source, path), wheel) for wheel in data.get("wheels", ())]
    best = platform.best_wheel((file_name(url), (url, wheel)) for url, wheel in wheels)
    if best is None:
        missing = UNFIT if wheels else f"it is locked as {_kind(source)}, not as a wheel"
        return Locked(name=name, version=version, lock=path, missing=missing, detail=detail)
    url, wheel = best
    sha256 = read_sha256(wheel.get("hash", ""))
    return Locked(name=name, version=version, lock=path, url=url, sha256=sha256, detail=detail)


def _location(wheel: Mapping[str, str], source: Mapping[str, str], path: Path) -> str:
    """Return a wheel's URL: its own, that of its path in a flat index, or that of the source's path."""
    if "url" in wheel:
        return wheel["url"]
    if "path" in wheel:
        return as_url(wheel["path"], path.parent / source["registry"])
    return as_url(source["path"], path.parent)


def _kind(source: Mapping[str, str]) -> str:
    return next(iter(source), "nothing")
