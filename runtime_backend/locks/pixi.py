"""``pixi.lock``, versions 5 to 7: packages of conda and the Python index, by environment and platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..config.selection import Selection
from ..errors.reasons import DataError
from ..system.platforms import Platform
from .answer import Locked, corrupt, limited, only_lock_errors, read_lock, read_version
from .conda import CondaPackage, conda_name, conda_platform, lock_pypi
from .yaml import parse_part

_VERSIONS = ("5", "6", "7")
_KINDS = ("pypi", "conda", "conda_source")
_ITEM = re.compile(r"^( *)- (?:conda|conda_source|pypi|kind): .*\n(?:\1 .*\n)*", re.MULTILINE)
_KEYS = "conda|conda_source|pypi|url|path"
_PLACE = re.compile(rf"^[ -]*(?:{_KEYS}): *(\S.*)$", re.MULTILINE)


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name for this platform, in the selected environments.

    :raises LockError: if the file is not a pixi.lock of versions 5 to 7.
    """
    text = read_lock(path)
    document = parse_part(text, _ITEM, _wanted(text, name), path)
    if document.get("version") not in _VERSIONS:
        known = ", ".join(_VERSIONS)
        raise corrupt(
            path, f"found version: {document.get('version')}, expected one of {known}, which this reader knows"
        )
    entries = limited([entry for entry in document["packages"] or () if _is_of(entry, name)], name)
    names = _platform_names(document, conda_platform(platform))
    installed = {
        environment: list(_selected(entries, data["packages"] or {}, names))
        for environment, data in document["environments"].items()
    }
    return tuple(
        _locked(entry, environments, name, path, platform) for entry, environments in _meant(installed, selection)
    )


def _wanted(text: str, name: str) -> Callable[[str], bool]:
    """Return a test for the items that concern a name: by its spellings, and by the locations of its packages."""
    spelled = rf"{name.replace('-', '[-_.]+')}|{re.escape(conda_name(name))}"
    named = re.compile(rf"^[ -]*(?:{_KEYS}|name|pkg): ?.*(?:{spelled})", re.MULTILINE | re.IGNORECASE)
    words = [word.partition("-")[0] for word in (name, conda_name(name))]

    def is_named(item: str) -> bool:
        lower = item.lower()  # excludes most items, twenty times faster than the pattern
        return any(word in lower for word in words) and named.search(item) is not None

    items = (found.group() for found in _ITEM.finditer(text))
    places = {place for item in items if is_named(item) for place in _PLACE.findall(item)}
    return lambda item: is_named(item) or not places.isdisjoint(_PLACE.findall(item))


def _kind(entry: Mapping[str, Any]) -> str:
    return str(entry["kind"] if "kind" in entry else _first(entry, _KINDS))


def _place(entry: Mapping[str, Any]) -> str:
    """Return the key by which environments refer to a package; version 5 stores it under another name."""
    return str(entry[_first(entry, ("url", "path") if "kind" in entry else _KINDS)])


def _first(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    found = next((key for key in keys if key in entry), None)
    if found is None:
        raise DataError(f"found a package with none of the keys {', '.join(keys)}")
    return found


def _is_of(entry: Mapping[str, Any], name: str) -> bool:
    """Return whether a package has that name; a conda package may state its name on the Python index (``purls``)."""
    if _kind(entry) == "pypi":
        return canonicalize_name(entry["name"]) == name
    purls = (purl.partition("?")[0].partition("@")[0] for purl in entry.get("purls") or ())
    return _package(entry).name == conda_name(name) or f"pkg:pypi/{name}" in purls


def _package(entry: Mapping[str, Any]) -> CondaPackage:
    """Return a conda package; one built from source is listed as ``name[hash] @ location``."""
    source = entry.get("conda_source")
    if source is not None:
        return CondaPackage.from_entry({**entry, "name": source.partition("[")[0]}, "")
    return CondaPackage.from_entry(entry, _place(entry))


def _platform_names(document: Mapping[str, Any], subdir: str) -> tuple[str, ...]:
    """Return the lock's names for a platform: version 7 has its own, and several may have one subdir."""
    platforms = document.get("platforms") or ()
    return (subdir, *(item["name"] for item in platforms if item.get("subdir") == subdir and item["name"] != subdir))


def _selected(
    entries: Sequence[Mapping[str, Any]], packages: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[Mapping[str, Any]]:
    """Yield the entries that an environment refers to for its platform."""
    selectors: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for selector in (selector for name in names for selector in packages.get(name) or ()):
        for kind in _KINDS:
            selectors.setdefault((kind, str(selector.get(kind))), []).append(selector)
    for entry in entries:
        if any(_agrees(selector, entry) for selector in selectors.get((_kind(entry), _place(entry)), ())):
            yield entry


def _agrees(selector: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Return whether further keys agree, by which version 6 distinguishes packages at one location."""
    keys = ("name", "version", "build", "subdir")
    return all(selector[key] == entry.get(key, selector[key]) for key in keys if key in selector)


def _meant(
    installed: Mapping[str, list[Mapping[str, Any]]], selection: Selection
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the packages of the selected environments, each with the names of its environments.

    A group in the selection selects an environment. Without one, ``default`` is used if it has a package, else all.
    """
    chosen = [environment for environment in installed if environment in selection.groups]
    environments = chosen or (["default"] if installed.get("default") else list(installed))
    found: dict[tuple[str, str], tuple[Mapping[str, Any], list[str]]] = {}
    for environment in environments:
        for entry in installed[environment]:
            _, holders = found.setdefault((_kind(entry), _place(entry)), (entry, []))
            holders.append(environment)
    for entry, holders in found.values():
        yield entry, ", ".join(dict.fromkeys(holders))


def _locked(entry: Mapping[str, Any], environments: str, name: str, path: Path, platform: Platform) -> Locked:
    detail = f"environment {environments}"
    if _kind(entry) != "pypi":
        package = _package(entry)
        return package.lock(name, path, detail=f"{detail}, conda build {package.build}")
    location = _place(entry).removeprefix("direct+")  # pixi's mark for a URL in the project
    return lock_pypi(
        name, read_version(entry), location, entry.get("sha256"), path=path, platform=platform, detail=detail
    )
