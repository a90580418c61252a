"""``Pipfile.lock``, specification 6: one table of packages per category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..config.selection import Selection
from ..errors.reasons import reason
from ..formats.jsontext import parse_json
from ..index.wanted import Wanted
from ..system.platforms import Platform
from ..system.urls import as_url
from .answer import Locked, corrupt, only_lock_errors, read_lock, read_sha256
from .direct import locked_directly
from .tracing import traced

_CATEGORIES = {"packages": "default", "dev-packages": "develop", "dev": "develop"}
"""Category in the Pipfile or on the command line -> its name in the lock."""


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name in the selected categories.

    :raises LockError: if the file is not a Pipfile.lock of specification 6.
    """
    document = _parse(path)
    found = [
        _locked(name, entry, document, path, platform)
        for category in _selected(document, selection)
        for key, entry in document[category].items()
        if canonicalize_name(key) == name and platform.accepts(entry.get("markers", ""))
    ]
    # Categories constrain each other, so a runtime is the same in each category that needs it.
    return tuple(dict.fromkeys(found))


def _parse(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = traced(parse_json(read_lock(path)))
    except ValueError as error:
        raise corrupt(path, reason(error)) from None
    specification = document["_meta"].get("pipfile-spec")
    if specification != 6:  # noqa: PLR2004 - the only version so far
        what = f"found pipfile-spec = {specification!r}, expected 6, the only version that this reader knows"
        raise corrupt(path, what)
    return document


def _selected(document: Mapping[str, Any], selection: Selection) -> Iterator[str]:
    """Yield the categories that are installed: ``default``, unless only groups are, and the selected ones."""
    named = {_CATEGORIES.get(group, group) for group in selection.groups}
    without = {_CATEGORIES.get(group, group) for group in selection.without_groups}
    always = set() if selection.only_groups else {"default"}
    for category in document:
        if category != "_meta" and category not in without and (selection.all_groups or category in named | always):
            yield category


def _locked(name: str, entry: Mapping[str, Any], document: Mapping[str, Any], path: Path, platform: Platform) -> Locked:
    marker = entry.get("markers", "")
    hashes = frozenset(filter(None, map(read_sha256, entry.get("hashes", ()))))
    direct = next((entry[key] for key in ("file", "path", "git", "hg", "svn", "bzr") if key in entry), None)
    if direct is not None:
        url = as_url(direct, path.parent)
        return locked_directly(name, url, hashes=hashes, lock=path, platform=platform, detail=marker)
    version = _pinned(name, entry, path)
    index = _index(name, entry, document, path)
    wanted = None if index is None else Wanted(name=name, version=version, indexes=(index,), hashes=hashes)
    return Locked(name=name, version=version, lock=path, wanted=wanted, detail=index or marker)


def _pinned(name: str, entry: Mapping[str, Any], path: Path) -> str:
    specifier: str = entry["version"]
    version = specifier.removeprefix("==")
    if version == specifier:
        raise corrupt(path, f"{name}: found version = {specifier!r}, expected '==' and a version")
    Version(version)
    return version


def _index(name: str, entry: Mapping[str, Any], document: Mapping[str, Any], path: Path) -> str | None:
    """Return the index that the entry names, else the first one. Variables in it are filled in when it is used."""
    sources = document["_meta"].get("sources", ())
    urls: dict[str, str] = {source["name"]: source["url"].strip() for source in sources}
    if "index" not in entry:
        return next(iter(urls.values()), None)
    if entry["index"] not in urls:
        known = ", ".join(map(repr, urls)) or "none"
        raise corrupt(path, f"{name}: found index = {entry['index']!r}, expected one of _meta.sources: {known}")
    return urls[entry["index"]]
